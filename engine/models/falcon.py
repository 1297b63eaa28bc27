"""Falcon 1: shared keys and values, both halves of a layer side by side."""

from __future__ import annotations

import torch
from torch import nn

from engine.attention import Alibi
from engine.decoder import Decoder
from engine.layers import MLP, Block, ParallelBlock
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, grouped, per_layer
from engine.models.skeleton import alibi_slopes, attention, causal_decoder, layer_norm, rotary

_SETTINGS = {
    "layer_norm_epsilon": "layer_norm_eps",
    "num_kv_heads": "num_key_value_heads",
}


def kv_heads(config: Config) -> int:
    """Falcon 40B groups its heads, 7B has one key head, the oldest have one for each query head."""
    if config.is_gguf or config.flag("new_decoder_architecture", False):
        return config.kv_heads
    return 1 if config.flag("multi_query", True) else config.heads


def has_two_norms(config: Config) -> bool:
    """Whether attention and the network, side by side, each have a norm of their own (Falcon 40B)."""
    if config.is_gguf:
        return config.flag("has_two_norms", False)
    return config.flag("new_decoder_architecture", False) and config.get("num_ln_in_parallel_attn", 2) == 2


def names(config: Config) -> Names:
    """The checkpoint's own names; a group's queries are followed by its key and its value."""
    groups = kv_heads(config)
    sizes = [config.heads // groups * config.head_dim, config.head_dim, config.head_dim]
    source = "self_attention.query_key_value"
    first, second = (
        ("ln_attn", "ln_mlp") if has_two_norms(config) else ("input_layernorm", "post_attention_layernorm")
    )
    return {
        "embed_tokens": Origin("word_embeddings"),
        "norm": Origin("ln_f"),
        **per_layer(
            config,
            {
                **{f"self_attn.{p}_proj": Origin(source, grouped(groups, sizes, i)) for i, p in enumerate("qkv")},
                "input_layernorm": first,
                "post_attention_layernorm": second,
                "self_attn.o_proj": "self_attention.dense",
                "mlp.up_proj": "mlp.dense_h_to_4h",
                "mlp.down_proj": "mlp.dense_4h_to_h",
            },
            source="h.{}",
        ),
    }


def gguf_names(config: Config) -> Names:
    """Where there are two norms, attention has the second."""
    if not has_two_norms(config):
        return {}
    table = {"input_layernorm": "attn_norm_2", "post_attention_layernorm": "attn_norm"}
    return per_layer(config, table, source="blk.{}")


def build(config: Config) -> Decoder:
    """Compose the decoder; the oldest models (Falcon-RW) have ALiBi, rounded to bfloat16, instead of rotation."""
    alibi = None
    if config.flag("alibi", False):
        slopes = alibi_slopes(config.heads)
        alibi = Alibi(slopes, scale=config.head_dim**-0.5, dtype=torch.bfloat16)
    rope = rotary(config) if alibi is None else None
    has_bias = config.flag("bias", False)
    is_parallel = config.flag("new_decoder_architecture", False) or config.flag("parallel_attn", True)
    has_second_norm = not is_parallel or has_two_norms(config)
    hidden = config.integer("intermediate_size" if config.is_gguf else "ffn_hidden_size", 4 * config.width)

    def block(layer: int) -> nn.Module:
        attn = attention(
            config,
            layer,
            kv_heads=kv_heads(config),
            rope=rope,
            alibi=alibi,
            qkv_bias=has_bias,
            output_bias=has_bias,
        )
        mlp = MLP(config.width, hidden, config.activation("activation", "gelu"), bias=has_bias)
        kind = ParallelBlock if is_parallel else Block
        return kind(
            self_attn=attn,
            mlp=mlp,
            input_layernorm=layer_norm(config),
            post_attention_layernorm=layer_norm(config) if has_second_norm else None,
        )

    return causal_decoder(config, block, norm=layer_norm(config), tied=True)


FAMILY = Family(
    name="falcon",
    model_types=("falcon",),
    gguf=("falcon",),
    build=build,
    settings=_SETTINGS,
    names=names,
    gguf_names=gguf_names,
)
