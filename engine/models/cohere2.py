"""Command R7B and A: Command R whose layers slide and rotate, but for every fourth, which does neither."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import ParallelBlock
from engine.models.cohere import layer_norm
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, rotary


def is_sliding(config: Config, layer: int) -> bool:
    """Whether a layer sees its window only, unless the file says else three of four."""
    kinds = config.get("layer_types")
    if isinstance(kinds, list) and len(kinds) == config.layers:
        return bool(kinds[layer] == "sliding_attention")
    return (layer + 1) % config.integer("sliding_window_pattern", 4) != 0


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, interleaved=True)
    has_bias = config.flag("attention_bias", False)

    def block(layer: int) -> ParallelBlock:
        sliding = is_sliding(config, layer)
        return ParallelBlock(
            self_attn=attention(
                config,
                layer,
                rope=rope if sliding else None,
                qkv_bias=has_bias,
                output_bias=has_bias,
                window=config.integer("sliding_window", 4096) if sliding else None,
            ),
            mlp=gated_mlp(config),
            input_layernorm=layer_norm(config),
        )

    return causal_decoder(
        config,
        block,
        norm=layer_norm(config),
        tied=True,
        logit_scale=config.number("logit_scale", 0.0625),
    )


FAMILY = Family(
    name="cohere2",
    model_types=("cohere2",),
    gguf=("cohere2",),
    build=build,
)
