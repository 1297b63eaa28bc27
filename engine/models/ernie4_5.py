"""ERNIE 4.5 (dense): Llama with interleaved rotation and one switch for all biases."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block, GatedMLP
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, pre_norm_block, rotary


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, interleaved=True)
    has_bias = config.flag("use_bias", config.flag("attention_bias", False))

    def block(layer: int) -> Block:
        hidden = config.integer("intermediate_size")
        return pre_norm_block(
            config,
            attention(config, layer, rope=rope, qkv_bias=has_bias, output_bias=has_bias),
            GatedMLP(config.width, hidden, config.activation(), bias=has_bias),
        )

    return causal_decoder(config, block, tied=True)


FAMILY = Family(
    name="ernie4_5",
    model_types=("ernie4_5",),
    gguf=("ernie4_5",),
    build=build,
)
