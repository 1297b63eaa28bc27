"""Llama 1 to 3 and everything that copies its shape: SmolLM2, TinyLlama, Yi, DeepSeek-LLM, ..."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models import mixtral
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rotary


def build(config: Config) -> Decoder:
    """Compose the decoder; its weights are still on the meta device."""
    if config.is_gguf and config.get("num_local_experts"):
        return mixtral.build(config)  # GGUF files call Mixtral a llama
    rope = rotary(config, interleaved=config.is_gguf)
    has_bias = config.flag("attention_bias", False)

    def block(layer: int) -> Block:
        attn = attention(config, layer, rope=rope, qkv_bias=has_bias, output_bias=has_bias)
        return pre_norm_block(config, attn, gated_mlp(config))

    return causal_decoder(config, block)


FAMILY = Family(name="llama", model_types=("llama",), gguf=("llama",), build=build)
