"""DeepSeek V2: latent attention, and experts of which some are shared and some are chosen by groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from engine.decoder import Decoder
from engine.experts import MixtureOfExperts, Route, grouped_top_k
from engine.layers import Block
from engine.models.config import Config
from engine.models.family import Family, Names, Origin, per_layer
from engine.models.latent import head_sizes, latent_attention, up_projections
from engine.models.skeleton import causal_decoder, gated_mlp, mixture, pre_norm_block, rotary

SETTINGS = {"n_routed_experts": "num_local_experts"}
_SIGMOID = 2  # expert_gating_func in GGUF


def names(config: Config) -> Names:
    """The checkpoint's own names; without a query rank there is one query projection."""
    latent: dict[str, str | Origin] = {
        **up_projections(config, "self_attn.kv_b_proj.weight"),
        "self_attn.kv_a_proj": "self_attn.kv_a_proj_with_mqa",
        "mlp.router": "mlp.gate",
        "mlp.selection_bias": "mlp.gate.e_score_correction_bias",
        "mlp.shared_expert.gate_proj": "mlp.shared_experts.gate_proj",
        "mlp.shared_expert.up_proj": "mlp.shared_experts.up_proj",
        "mlp.shared_expert.down_proj": "mlp.shared_experts.down_proj",
    }
    if not config.get("q_lora_rank"):
        latent["self_attn.q_b_proj"] = "self_attn.q_proj"
    return per_layer(config, latent)


def gguf_names(config: Config) -> Names:
    """Older files hold the projections out of the latent as one; newer ones split them by head."""
    latent: dict[str, str | Origin] = {}
    if config.get("latent_key_dim") is None:
        latent |= up_projections(config, "attn_kv_b.weight")
    if not config.get("q_lora_rank"):
        latent["self_attn.q_b_proj"] = "attn_q"
    return per_layer(config, latent, source="blk.{}")


def group_routing(config: Config, **rule: Any) -> Callable[[int], Route]:
    """Experts chosen by groups as the settings say; `rule` is how they are scored."""
    groups = config.integer("n_group", 1, high=1024)
    top_groups = config.integer("topk_group", groups, high=groups)
    scale = config.number("routed_scaling_factor", 1.0)
    return lambda count: grouped_top_k(count, groups=groups, top_groups=top_groups, scale=scale, **rule)


def compose(config: Config, route: Callable[[int], Route], *, has_selection_bias: bool) -> Decoder:
    """The decoder of both versions: they differ in how a token's experts are chosen."""
    rope = rotary(config, dim=head_sizes(config)[1], interleaved=True)
    hidden = config.integer("moe_intermediate_size", config.get("intermediate_size"))
    sparse = mixture(config, route, hidden=hidden, has_selection_bias=has_selection_bias)
    first, step = config.integer("first_k_dense_replace", 0, low=0), config.integer("moe_layer_freq", 1)

    def experts() -> MixtureOfExperts:
        made = sparse()
        made.shared_expert = gated_mlp(config, hidden=hidden * config.integer("n_shared_experts", 1))
        return made

    def block(layer: int) -> Block:
        attn = latent_attention(config, layer, rope)
        is_sparse = layer >= first and layer % step == 0
        return pre_norm_block(config, attn, experts() if is_sparse else gated_mlp(config))

    return causal_decoder(config, block)


def build(config: Config) -> Decoder:
    """Compose the decoder. GGUF files of V3 call themselves `deepseek2` too; they score by sigmoid."""
    if config.is_gguf and config.get("expert_gating_func") == _SIGMOID:
        return build_v3(config)
    has_groups = config.is_gguf or config.get("topk_method") == "group_limited_greedy"
    ungrouped = Config({**config.values, "n_group": None, "topk_group": None}, where=config.where)
    rule = {"score": lambda logits: logits.softmax(-1), "group_votes": 1, "renormalise": False}
    route = group_routing(config if has_groups else ungrouped, **rule)
    return compose(config, route, has_selection_bias=False)


def build_v3(config: Config) -> Decoder:
    """Compose V3's decoder: sigmoid scores, of which a learned bias picks the experts."""
    renormalise = config.flag("norm_topk_prob", not config.is_gguf)
    route = group_routing(config, score=torch.sigmoid, group_votes=2, renormalise=renormalise)
    return compose(config, route, has_selection_bias=True)


FAMILY = Family(
    name="deepseek_v2",
    model_types=("deepseek_v2",),
    gguf=("deepseek2",),
    build=build,
    settings=SETTINGS,
    names=names,
    gguf_names=gguf_names,
)
