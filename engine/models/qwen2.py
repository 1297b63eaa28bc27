"""Qwen2 and Qwen2.5: Llama with biases on queries, keys and values."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rotary


def window(config: Config, layer: int) -> int | None:
    """The sliding window of one layer; older files switch it on from `max_window_layers` upwards."""
    kinds = config.get("layer_types")
    if isinstance(kinds, list) and len(kinds) == config.layers:
        is_sliding = kinds[layer] == "sliding_attention"
    else:
        is_sliding = config.flag("use_sliding_window", False) and layer >= config.integer(
            "max_window_layers", 28, low=0
        )
    return config.integer("sliding_window", 4096) if is_sliding and config.get("sliding_window") else None


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)

    def block(layer: int) -> Block:
        attn = attention(config, layer, rope=rope, qkv_bias=True, window=window(config, layer))
        return pre_norm_block(config, attn, gated_mlp(config))

    return causal_decoder(config, block)


FAMILY = Family(name="qwen2", model_types=("qwen2",), gguf=("qwen2",), build=build)
