"""Mixtral: Mistral with a mixture of experts in every layer."""

from __future__ import annotations

from functools import partial

from engine.decoder import Decoder
from engine.experts import softmax_then_top_k
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, per_layer
from engine.models.skeleton import attention, causal_decoder, mixture, pre_norm_block, rotary, window_of


def names(config: Config) -> Names:
    """Hugging Face's checkpoints call an expert's projections w1, w3 and w2."""
    experts = {
        f"mlp.experts.{index}.{ours}": f"block_sparse_moe.experts.{index}.{theirs}"
        for index in range(config.integer("num_local_experts", 8, high=1024))
        for ours, theirs in (("gate_proj", "w1"), ("up_proj", "w3"), ("down_proj", "w2"))
    }
    return per_layer(config, {"mlp.router": "block_sparse_moe.gate", **experts})


def build(config: Config) -> Decoder:
    """Compose the decoder. GGUF files of this family call themselves `llama`."""
    rope = rotary(config, interleaved=config.is_gguf)
    experts = mixture(
        config, partial(softmax_then_top_k, renormalise=True), hidden=config.integer("intermediate_size")
    )

    def block(layer: int) -> Block:
        attn = attention(config, layer, rope=rope, window=window_of(config, layer, every_layer=True))
        return pre_norm_block(config, attn, experts())

    return causal_decoder(config, block)


FAMILY = Family(name="mixtral", model_types=("mixtral",), build=build, names=names)
