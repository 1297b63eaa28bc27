"""The skeleton that most families share; a family file calls these and passes what is its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.attention import Attention
from engine.decoder import Decoder
from engine.experts import MixtureOfExperts, Route
from engine.layers import Block, Embedding, GatedMLP, LayerNorm, Linear, RMSNorm
from engine.models.config import Config
from engine.rope import Rope, make_rope

_UNSET: Any = object()


def rotary(
    config: Config,
    *,
    theta: float | None = None,
    dim: int | None = None,
    scaling: Mapping[str, Any] | None = _UNSET,
    interleaved: bool = False,
) -> Rope:
    """The rotary embedding that the settings describe; what is passed here wins over them."""
    return make_rope(
        theta=config.rope_theta if theta is None else theta,
        dim=config.rope_dimension() if dim is None else dim,
        scaling=config.rope_scaling if scaling is _UNSET else scaling,
        max_positions=config.context_length,
        interleaved=interleaved,
    )


def ropes_by_layer_type(
    config: Config, *, sliding_theta: float = 10_000.0, full_theta: float = 10_000.0
) -> tuple[Rope, Rope] | None:
    """The ropes of sliding and of full layers where the file nests them by layer type, else None.

    A theta given here stands for one that the file does not name.
    """
    nested = config.get("rope_parameters")
    if not isinstance(nested, Mapping) or "full_attention" not in nested:
        return None

    def rope(kind: str, theta: float) -> Rope:
        settings = nested.get(kind) or {}
        inner = Config(settings if isinstance(settings, Mapping) else {}, where=config.where)
        return rotary(config, theta=inner.number("rope_theta", theta), scaling=inner.values or None)

    return rope("sliding_attention", sliding_theta), rope("full_attention", full_theta)


def attention(config: Config, layer: int, *, kv_heads: int | None = None, **parts: Any) -> Attention:
    """Grouped-query attention with the settings' sizes; `parts` are `Attention`'s optional parts.

    `kv_heads` is for families that do not read `num_key_value_heads`.
    """
    return Attention(
        width=config.width,
        heads=config.heads,
        kv_heads=kv_heads or config.kv_heads,
        head_dim=config.head_dim,
        layer=layer,
        **parts,
    )


def rms_norm(config: Config, width: int | None = None, *, offset: float = 0.0) -> RMSNorm:
    """RMSNorm over `width` (default: the residual stream) with the settings' epsilon."""
    return RMSNorm(width or config.width, config.number("rms_norm_eps", 1e-6, high=1.0), offset=offset)


def gated_mlp(config: Config, *, hidden: int | None = None, activation: str = "hidden_act") -> GatedMLP:
    """A gated feed-forward network; `activation` is the setting that names its activation."""
    return GatedMLP(
        config.width,
        hidden or config.integer("intermediate_size"),
        config.activation(activation),
        bias=config.flag("mlp_bias", False),
    )


def mixture(
    config: Config,
    route: Callable[[int], Route],
    *,
    hidden: int | None = None,
    expert: Callable[[], nn.Module] | None = None,
    **parts: Any,
) -> Callable[[], MixtureOfExperts]:
    """Makes one layer's experts: what `expert` makes, or gated networks of width `hidden`.

    `route` gets how many experts a token takes.
    """
    count = config.integer("num_local_experts", 8, high=1024)
    chosen = config.integer("num_experts_per_tok", 2, high=count)

    def make() -> MixtureOfExperts:
        experts = [gated_mlp(config, hidden=hidden) if expert is None else expert() for _ in range(count)]
        return MixtureOfExperts(width=config.width, experts=experts, route=route(chosen), **parts)

    return make


def layer_norm(config: Config, width: int | None = None, *, bias: bool = True) -> LayerNorm:
    """LayerNorm over `width` (default: the residual stream) with the settings' epsilon."""
    return LayerNorm(width or config.width, config.number("layer_norm_eps", 1e-5, high=1.0), bias=bias)


def alibi_slopes(heads: int, *, largest: float = 8.0) -> Tensor:
    """Slopes [heads] of ALiBi (arXiv:2108.12409): powers of 2^(-largest/n), n the power of two up to `heads`.

    Where `heads` is no power of two, every second slope of 2n heads follows.
    """
    power = 1 << (heads.bit_length() - 1)
    exponents = [i / power for i in range(1, power + 1)]
    exponents += [i / (2 * power) for i in range(1, 2 * (heads - power), 2)]
    return torch.tensor([2.0 ** (-largest * exponent) for exponent in exponents])


def pre_norm_block(config: Config, self_attn: nn.Module, mlp: nn.Module, **parts: Any) -> Block:
    """A block with an RMSNorm before attention and one before the feed-forward network."""
    return Block(
        self_attn=self_attn,
        mlp=mlp,
        input_layernorm=rms_norm(config),
        post_attention_layernorm=rms_norm(config),
        **parts,
    )


def causal_decoder(
    config: Config,
    block: Callable[[int], nn.Module],
    *,
    norm: nn.Module | None = None,
    tied: bool = False,
    head_bias: bool = False,
    **parts: Any,
) -> Decoder:
    """Embedding, `block(layer)` for every layer, final norm and head; `tied` is the family's default."""
    is_tied = config.flag("tie_word_embeddings", tied)
    head = None if is_tied else Linear(config.width, config.vocabulary, bias=head_bias)
    return Decoder(
        embed_tokens=Embedding(config.vocabulary, config.width),
        layers=[block(layer) for layer in range(config.layers)],
        norm=norm or rms_norm(config),
        lm_head=head,
        **parts,
    )


def slides(config: Config, layer: int) -> bool | None:
    """Whether a layer sees its window only, by `layer_types`; None where the file does not list them."""
    kinds = config.get("layer_types")
    is_listed = isinstance(kinds, list) and len(kinds) == config.layers
    return bool(kinds[layer] == "sliding_attention") if is_listed else None


def window_of(config: Config, layer: int, *, every_layer: bool = False) -> int | None:
    """The sliding window of one layer: by `layer_types` where given, else every layer or none."""
    window = config.get("sliding_window")
    if not window:
        return None
    listed = slides(config, layer)
    return config.integer("sliding_window") if (every_layer if listed is None else listed) else None
