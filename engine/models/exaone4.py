"""EXAONE 4: norms behind the branches, on query and key heads, and no rotation in the full layers."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.olmo2 import names
from engine.models.skeleton import attention, causal_decoder, gated_mlp, rms_norm, rotary, slides


def is_sliding(config: Config, layer: int) -> bool:
    """Whether a layer sees its window only: three of four where the model has a window."""
    if not config.get("sliding_window"):
        return False
    listed = slides(config, layer)
    if listed is not None:
        return listed
    pattern = config.get("sliding_window_pattern", 4)
    if isinstance(pattern, str) and pattern:
        return pattern[layer % len(pattern)] == "L"
    return (layer + 1) % config.integer("sliding_window_pattern", 4) != 0


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)

    def block(layer: int) -> Block:
        sliding = is_sliding(config, layer)
        return Block(
            self_attn=attention(
                config,
                layer,
                rope=rope if sliding or not config.get("sliding_window") else None,
                q_norm=rms_norm(config, config.head_dim),
                k_norm=rms_norm(config, config.head_dim),
                window=config.integer("sliding_window") if sliding else None,
            ),
            mlp=gated_mlp(config),
            input_layernorm=None,
            post_attention_layernorm=None,
            attention_out_norm=rms_norm(config),
            mlp_out_norm=rms_norm(config),
        )

    return causal_decoder(config, block)


FAMILY = Family(
    name="exaone4",
    model_types=("exaone4",),
    gguf=("exaone4",),
    build=build,
    names=names,
)
