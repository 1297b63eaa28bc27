"""Qwen3: Llama with an RMSNorm on every query and key head."""

from __future__ import annotations

from engine.attention import Attention
from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.qwen2 import window
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rms_norm, rotary
from engine.rope import Rope


def normed_attention(config: Config, layer: int, rope: Rope) -> Attention:
    """Attention whose query and key heads are normalised."""
    has_bias = config.flag("attention_bias", False)
    return attention(
        config,
        layer,
        rope=rope,
        qkv_bias=has_bias,
        output_bias=has_bias,
        q_norm=rms_norm(config, config.head_dim),
        k_norm=rms_norm(config, config.head_dim),
        window=window(config, layer),
    )


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)

    def block(layer: int) -> Block:
        return pre_norm_block(config, normed_attention(config, layer, rope), gated_mlp(config))

    return causal_decoder(config, block)


FAMILY = Family(name="qwen3", model_types=("qwen3",), gguf=("qwen3",), build=build)
