"""Qwen2-MoE: Qwen2 with a mixture of experts, one of which every token takes, in most layers."""

from __future__ import annotations

from functools import partial

from engine.decoder import Decoder
from engine.experts import softmax_then_top_k
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, per_layer
from engine.models.qwen2 import window
from engine.models.skeleton import attention, causal_decoder, gated_mlp, mixture, pre_norm_block, rotary

SETTINGS = {"num_experts": "num_local_experts"}


def is_sparse(config: Config, layer: int) -> bool:
    """Whether a layer has experts: every n-th, but for those the settings list."""
    dense = config.get("mlp_only_layers", [])
    step = config.integer("decoder_sparse_step", 1)
    return not (isinstance(dense, list) and layer in dense) and (layer + 1) % step == 0


def names(config: Config) -> Names:
    """The router is called gate."""
    return per_layer(config, {"mlp.router": "mlp.gate"})


def gguf_names(config: Config) -> Names:
    """The gate of the shared expert is a vector in GGUF."""
    return {
        f"layers.{i}.mlp.shared_expert_gate": Origin(
            f"blk.{i}.ffn_gate_inp_shexp", lambda weight: weight.reshape(1, -1)
        )
        for i in range(config.layers)
    }


def build(config: Config) -> Decoder:
    """Compose the decoder."""
    rope = rotary(config)
    sparse = mixture(
        config,
        partial(softmax_then_top_k, renormalise=config.flag("norm_topk_prob", False)),
        hidden=config.integer("moe_intermediate_size"),
        has_shared_gate=True,
    )

    def block(layer: int) -> Block:
        attn = attention(config, layer, rope=rope, qkv_bias=True, window=window(config, layer))
        if not is_sparse(config, layer):
            return pre_norm_block(config, attn, gated_mlp(config))
        experts = sparse()
        experts.shared_expert = gated_mlp(config, hidden=config.integer("shared_expert_intermediate_size"))
        return pre_norm_block(config, attn, experts)

    return causal_decoder(config, block)


FAMILY = Family(
    name="qwen2_moe",
    model_types=("qwen2_moe",),
    gguf=("qwen2moe",),
    build=build,
    settings=SETTINGS,
    names=names,
    gguf_names=gguf_names,
)
