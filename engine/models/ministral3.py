"""Ministral 3: Mistral whose queries grow with the position beyond the context it was trained on."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rotary, window_of


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, interleaved=config.is_gguf)
    scaling = Config(config.rope_scaling or {}, where=config.where)
    original = scaling.integer("original_max_position_embeddings", config.context_length, high=1 << 30)
    growth = config.number("attention.temperature_scale", scaling.get("llama_4_scaling_beta", 0.0))

    def query_scale(positions: Tensor) -> Tensor:
        return 1 + growth * torch.log1p(torch.floor(positions / original))

    def block(layer: int) -> Block:
        window = window_of(config, layer, every_layer=True)
        attn = attention(config, layer, rope=rope, window=window, query_scale=query_scale if growth else None)
        return pre_norm_block(config, attn, gated_mlp(config))

    return causal_decoder(config, block)


FAMILY = Family(name="ministral3", model_types=("ministral3",), gguf=("mistral3",), build=build)
