"""Phi 3, 3.5 and 4: Llama with fused projections, partial rotation in Phi 4 and LongRoPE."""

from __future__ import annotations

from engine.decoder import Decoder
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, fused, per_layer
from engine.models.skeleton import attention, causal_decoder, gated_mlp, pre_norm_block, rotary, window_of


def names(config: Config) -> Names:
    """Checkpoints keep q, k and v in one matrix, and gate and up in another."""
    queries, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim
    qkv = [("self_attn.q_proj", queries), ("self_attn.k_proj", keys), ("self_attn.v_proj", keys)]
    hidden = config.integer("intermediate_size")
    gate_up = [("mlp.gate_proj", hidden), ("mlp.up_proj", hidden)]
    return per_layer(config, dict([*fused("self_attn.qkv_proj", qkv), *fused("mlp.gate_up_proj", gate_up)]))


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)

    def block(layer: int) -> Block:
        window = window_of(config, layer, every_layer=True)
        return pre_norm_block(config, attention(config, layer, rope=rope, window=window), gated_mlp(config))

    return causal_decoder(config, block)


FAMILY = Family(
    name="phi3",
    model_types=("phi3",),
    gguf=("phi3",),
    build=build,
    names=names,
)
