"""SmolLM3: Llama without rotation in every fourth layer."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rotary, window_of


def rotates(config: Config, layer: int) -> bool:
    """Whether a layer's queries and keys are rotated."""
    listed = config.get("no_rope_layers")  # despite its name, 1 means that the layer rotates
    if isinstance(listed, list) and len(listed) == config.layers:
        return bool(listed[layer])
    return (layer + 1) % config.integer("no_rope_layer_interval", 4) != 0


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, interleaved=config.is_gguf)
    has_bias = config.flag("attention_bias", False)
    slides = config.flag("use_sliding_window", False)

    def block(layer: int) -> Block:
        attn = attention(
            config,
            layer,
            rope=rope if rotates(config, layer) else None,
            qkv_bias=has_bias,
            output_bias=has_bias,
            window=window_of(config, layer) if slides else None,
        )
        return pre_norm_block(config, attn, gated_mlp(config))

    return causal_decoder(config, block, tied=True)


FAMILY = Family(
    name="smollm3",
    model_types=("smollm3",),
    gguf=("smollm3",),
    build=build,
)
