"""Granite: Llama with multipliers on embeddings, scores, branches and logits."""

from __future__ import annotations

from typing import Any

from engine.attention import Attention
from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rotary
from engine.rope import Rope


def multipliers(config: Config) -> dict[str, Any]:
    """The decoder's own multipliers; GGUF calls the divisor of the logits `logit_scale`."""
    divisor = "logit_scale" if config.is_gguf else "logits_scaling"
    return {
        "embedding_scale": config.number("embedding_multiplier", 1.0),
        "logit_scale": 1.0 / config.number(divisor, 1.0, low=1e-9),
    }


def scaled_attention(config: Config, layer: int, rope: Rope) -> Attention:
    """Attention whose scores are multiplied by a number of the settings."""
    has_bias = config.flag("attention_bias", False)
    scale = config.number("attention_multiplier", 1.0)
    return attention(config, layer, rope=rope, scale=scale, qkv_bias=has_bias, output_bias=has_bias)


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config, interleaved=config.is_gguf)
    residual = config.number("residual_multiplier", 1.0)

    def block(layer: int) -> Block:
        attn = scaled_attention(config, layer, rope)
        return pre_norm_block(config, attn, gated_mlp(config), residual_scale=residual)

    return causal_decoder(config, block, **multipliers(config))


FAMILY = Family(
    name="granite",
    model_types=("granite",),
    gguf=("granite",),
    build=build,
)
