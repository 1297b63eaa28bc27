"""Qwen3-MoE: Qwen3 with a mixture of experts in most layers."""

from __future__ import annotations

from functools import partial

from engine.decoder import Decoder
from engine.experts import softmax_then_top_k
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family
from engine.models.qwen2_moe import SETTINGS, is_sparse, names
from engine.models.qwen3 import normed_attention
from engine.models.skeleton import causal_decoder, gated_mlp, mixture, pre_norm_block, rotary


def build(config: Config) -> Decoder:
    """Compose the decoder. GGUF files leave `norm_topk_prob` out: every published model has it."""
    rope = rotary(config)
    sparse = mixture(
        config,
        partial(softmax_then_top_k, renormalise=config.flag("norm_topk_prob", config.is_gguf)),
        hidden=config.integer("moe_intermediate_size"),
    )

    def block(layer: int) -> Block:
        mlp = sparse() if is_sparse(config, layer) else gated_mlp(config)
        return pre_norm_block(config, normed_attention(config, layer, rope), mlp)

    return causal_decoder(config, block)


FAMILY = Family(
    name="qwen3_moe",
    model_types=("qwen3_moe",),
    gguf=("qwen3moe",),
    build=build,
    settings=SETTINGS,
    names=names,
)
