"""The parts that decoders are composed of: projections, norms, feed-forward networks, blocks.

A part does not know which model family it is in: what a family lacks is None, what it has is passed in.
Attributes carry the names that Hugging Face's Llama uses, so weights load by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from engine import kernels
from engine.cache import KVCache, LayerCache, StateCache
from engine.rope import Length, Rope


class Interrupted(Exception):  # noqa: N818 - no error: whoever asked does not want the result any more
    """A forward pass ended between two layers; those before have extended the cache, those behind have not."""


def never() -> bool:
    """A cancel flag that is never set."""
    return False


class Observer(Protocol):
    """Sees what goes on inside of a forward pass, which then takes the plain way through every layer."""

    def passed(self, layer: int, x: Tensor) -> None:
        """The output [B, T, E] of a layer, before the final norm."""

    def attended(self, layer: int, weights: Tensor) -> None:
        """The shares [B, H, T, S] that the heads of a layer gave to the tokens in view."""


@dataclass
class Step:
    """What all layers share during one forward pass over T new tokens.

    `positions` [T] or [B, T]; `past` is the number of tokens already in the cache; `padding` [B, S] is True
    where a token counts. Masks and rotary tables are made once a step and kept here.
    """

    positions: Tensor
    past: int
    dtype: torch.dtype
    cache: KVCache | None = None
    padding: Tensor | None = None
    is_single: bool = False  # one text with a cache, float32 on the CPU: what the compiled halves of a block take
    interrupted: Callable[[], bool] = never  # asked between layers
    observer: Observer | None = None
    is_static: ClassVar[bool] = False  # a step of fixed shapes (engine.static)
    _masks: dict[int | None, Tensor] = field(default_factory=dict)
    _tables: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """T, the number of new tokens."""
        return self.positions.shape[-1]

    @property
    def length(self) -> Length:
        """Tokens in view after this step."""
        return self.past + self.tokens

    def layer_cache(self, layer: int) -> LayerCache | None:
        """The keys and values of an attention layer, or None when nothing is kept."""
        found = None if self.cache is None else self.cache.layers[layer]
        assert not isinstance(found, StateCache)
        return found

    def state_cache(self, layer: int) -> StateCache | None:
        """The state of a recurrent layer, or None when nothing is kept."""
        found = None if self.cache is None else self.cache.layers[layer]
        assert not isinstance(found, LayerCache)
        return found

    def counted(self, x: Tensor) -> Tensor:
        """x [B, T, E] with zeros where a token does not count: recurrent layers pass over padding so."""
        return x if self.padding is None else x * self.padding[:, self.past :, None].to(x.dtype)

    def rotary(self, rope: Rope) -> tuple[Tensor, Tensor]:
        """`rope.tables` for this step's positions, ready to broadcast over [B, heads, T, dim/2]."""
        tables = self._tables.get(id(rope))
        if tables is None:
            cos, sin = rope.tables(self.positions, length=self.length, dtype=self.dtype)
            if self.positions.dim() == 2:
                cos, sin = cos[:, None], sin[:, None]
            tables = self._tables[id(rope)] = (cos, sin)
        return tables

    def mask(self, window: int | None) -> Tensor | None:
        """True where query t may look at key s: [T, S] or [B, 1, T, S]; None when every key is visible."""
        if self.tokens == 1 and self.padding is None and (window is None or window > self.past):
            return None
        if window not in self._masks:
            keys = torch.arange(self.past + self.tokens, device=self.positions.device)
            queries = keys[self.past :, None]
            visible = keys <= queries
            if window is not None:
                visible &= keys > queries - window
            if self.padding is not None:
                visible = visible & self.padding[:, None, None, :]
            self._masks[window] = visible
        return self._masks[window]


def project(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x [..., in] @ weight.T + bias in x's dtype, whatever theirs is."""
    bias = None if bias is None else bias.to(x.dtype)
    if kernels.takes_dense(weight, x):
        y = kernels.linear(weight, x)
        return y if bias is None else y + bias
    return F.linear(x, weight.to(x.dtype), bias)


class Linear(nn.Module):
    """A dense projection whose weight keeps the file's dtype; `nn.Linear` computes in one dtype only."""

    def __init__(self, in_features: int, out_features: int, *, bias: bool = False) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(torch.empty(out_features, in_features, device="meta"), requires_grad=False)
        self.bias = nn.Parameter(torch.empty(out_features, device="meta"), requires_grad=False) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out] in x's dtype."""
        return project(x, self.weight, self.bias)


class Embedding(nn.Module):
    """Rows of a table by token id."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.rows, self.width = rows, width
        self.weight = nn.Parameter(torch.empty(rows, width, device="meta"), requires_grad=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids [...] -> [..., width] in the table's dtype."""
        return F.embedding(ids, self.weight)


class RMSNorm(nn.Module):
    """x / rms(x) * weight (arXiv:1910.07467); `offset` is added to the weight (Gemma stores weight - 1)."""

    def __init__(self, width: int, eps: float, *, offset: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, device="meta"), requires_grad=False)
        self.eps, self.offset = eps, offset

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension; computed in float32, returned in x's dtype."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        weight = self.weight.float() + self.offset if self.offset else self.weight.float()
        return (wide * weight).to(x.dtype)


class LayerNorm(nn.Module):
    """Zero mean, unit variance, then weight and bias where the model has them (arXiv:1607.06450).

    `offset` is added to the weight (Nemotron stores weight - 1).
    """

    def __init__(
        self, width: int, eps: float, *, weight: bool = True, bias: bool = True, offset: float = 0.0
    ) -> None:
        super().__init__()
        self.width, self.eps, self.offset = width, eps, offset
        self.weight = nn.Parameter(torch.empty(width, device="meta"), requires_grad=False) if weight else None
        self.bias = nn.Parameter(torch.empty(width, device="meta"), requires_grad=False) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension; computed in float32, returned in x's dtype."""
        weight = None if self.weight is None else self.weight.float() + self.offset
        bias = None if self.bias is None else self.bias.float()
        return F.layer_norm(x.float(), (self.width,), weight, bias, self.eps).to(x.dtype)


class PerHeadLayerNorm(nn.Module):
    """LayerNorm of every head with a weight of its own, [heads, D], and no bias (Cohere, StableLM)."""

    def __init__(self, heads: int, head_dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(heads, head_dim, device="meta"), requires_grad=False)
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise [..., heads, D] over D; computed in float32, returned in x's dtype."""
        normal = F.layer_norm(x.float(), x.shape[-1:], eps=self.eps)
        return (normal * self.weight.float()).to(x.dtype)


Activation = Callable[[Tensor], Tensor]

ACTIVATIONS: dict[str, Activation] = {
    "silu": F.silu,
    "swish": F.silu,
    "gelu": F.gelu,
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_pytorch_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_fast": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
    "relu2": lambda x: F.relu(x).square(),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
}


class GatedMLP(nn.Module):
    """down(act(gate(x)) * up(x)) (arXiv:2002.05202)."""

    def __init__(self, width: int, hidden: int, activation: Activation, *, bias: bool = False) -> None:
        super().__init__()
        self.gate_proj: nn.Module = Linear(width, hidden, bias=bias)
        self.up_proj: nn.Module = Linear(width, hidden, bias=bias)
        self.down_proj: nn.Module = Linear(hidden, width, bias=bias)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """[..., E] -> [..., E]."""
        return self.down_proj(self.activation(self.gate_proj(x)) * self.up_proj(x))


class MLP(nn.Module):
    """down(act(up(x)))."""

    def __init__(self, width: int, hidden: int, activation: Activation, *, bias: bool = True) -> None:
        super().__init__()
        self.up_proj: nn.Module = Linear(width, hidden, bias=bias)
        self.down_proj: nn.Module = Linear(hidden, width, bias=bias)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """[..., E] -> [..., E]."""
        return self.down_proj(self.activation(self.up_proj(x)))


class Block(nn.Module):
    """One decoder layer: attention, then a feed-forward network, each normalised before and added back.

    `attention_out_norm` and `mlp_out_norm` normalise a branch before it is added (Gemma 2, OLMo 2);
    an absent input norm is None. `residual_scale` multiplies each branch (Granite). `engine.fused` sets the
    compiled forms of the two halves on the CPU, `engine.cuda.layer` those for a step of fixed shapes on CUDA, where
    there are any.
    """

    def __init__(
        self,
        *,
        self_attn: nn.Module,
        mlp: nn.Module,
        input_layernorm: nn.Module | None,
        post_attention_layernorm: nn.Module | None,
        attention_out_norm: nn.Module | None = None,
        mlp_out_norm: nn.Module | None = None,
        residual_scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.self_attn, self.mlp = self_attn, mlp
        self.input_layernorm, self.post_attention_layernorm = input_layernorm, post_attention_layernorm
        self.attention_out_norm, self.mlp_out_norm = attention_out_norm, mlp_out_norm
        self.residual_scale = residual_scale
        self.fused_attention: Callable[[Tensor, Step], Tensor] | None = None
        self.fused_mlp: Callable[[Tensor], Tensor] | None = None
        self.static_attention: Callable[[Tensor, Step], Tensor] | None = None
        self.static_mlp: Callable[[Tensor], Tensor] | None = None

    def forward(self, x: Tensor, step: Step) -> Tensor:
        """[B, T, E] -> [B, T, E]; the compiled halves on the CPU write into x's memory."""
        attention, mlp = (self.static_attention, self.static_mlp) if step.is_static else (None, None)
        if step.is_single:
            attention, mlp = self.fused_attention, self.fused_mlp
        if attention is not None:
            x = attention(x, step)
        else:
            branch = x if self.input_layernorm is None else self.input_layernorm(x)
            x = self._add(x, self.self_attn(branch, step), self.attention_out_norm)
        if mlp is not None:
            return mlp(x)
        branch = x if self.post_attention_layernorm is None else self.post_attention_layernorm(x)
        return self._add(x, self.mlp(branch), self.mlp_out_norm)

    def _add(self, x: Tensor, branch: Tensor, norm: nn.Module | None) -> Tensor:
        if norm is not None:
            branch = norm(branch)
        return x + (branch if self.residual_scale == 1.0 else branch * self.residual_scale)


class ParallelBlock(nn.Module):
    """One decoder layer whose attention and feed-forward network read the same input and are added together.

    `post_attention_layernorm` None means that both read the output of `input_layernorm` (Phi, Cohere).
    """

    def __init__(
        self,
        *,
        self_attn: nn.Module,
        mlp: nn.Module,
        input_layernorm: nn.Module,
        post_attention_layernorm: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.self_attn, self.mlp = self_attn, mlp
        self.input_layernorm, self.post_attention_layernorm = input_layernorm, post_attention_layernorm

    def forward(self, x: Tensor, step: Step) -> Tensor:
        """[B, T, E] -> [B, T, E]."""
        read = self.input_layernorm(x)
        attended = self.self_attn(read, step)
        if self.post_attention_layernorm is not None:
            read = self.post_attention_layernorm(x)
        return x + attended + self.mlp(read)
