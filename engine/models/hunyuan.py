"""Hunyuan (dense): Llama with norms on query and key heads behind the rotation."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, per_layer
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rms_norm, rotary


def names(config: Config) -> Names:
    """Hugging Face calls the head norms query_layernorm and key_layernorm."""
    return per_layer(
        config,
        {
            "self_attn.rotated_q_norm": "self_attn.query_layernorm",
            "self_attn.rotated_k_norm": "self_attn.key_layernorm",
        },
    )


def gguf_names(config: Config) -> Names:
    """GGUF has one name for head norms, wherever they stand."""
    return per_layer(
        config,
        {"self_attn.rotated_q_norm": "attn_q_norm", "self_attn.rotated_k_norm": "attn_k_norm"},
        source="blk.{}",
    )


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)
    has_bias = config.flag("attention_bias", False)

    def block(layer: int) -> Block:
        attn = attention(
            config,
            layer,
            rope=rope,
            qkv_bias=has_bias,
            output_bias=has_bias,
            rotated_q_norm=rms_norm(config, config.head_dim),
            rotated_k_norm=rms_norm(config, config.head_dim),
        )
        return pre_norm_block(config, attn, gated_mlp(config))

    return causal_decoder(config, block)


FAMILY = Family(
    name="hunyuan",
    model_types=("hunyuan_v1_dense",),
    gguf=("hunyuan-dense",),
    build=build,
    names=names,
    gguf_names=gguf_names,
)
