"""Mistral and Ministral: Llama with a sliding window in every layer, in some layers, or in none."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rotary, window_of


def build(config: Config) -> Decoder:
    """Compose the decoder. GGUF files of this family call themselves `llama`."""
    rope = rotary(config)

    def block(layer: int) -> Block:
        window = window_of(config, layer, every_layer=True)
        return pre_norm_block(config, attention(config, layer, rope=rope, window=window), gated_mlp(config))

    return causal_decoder(config, block)


FAMILY = Family(name="mistral", model_types=("mistral", "ministral"), build=build)
