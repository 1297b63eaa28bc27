"""A layer's two halves as one compiled call each, for the parts that the kernels know; torch runs the others. Where
all layers have both, one call runs them all.

`fuse` looks at what a block is composed of, not at its family. The torch code of the same block in
`engine.layers` is the oracle.
"""

from __future__ import annotations

import ctypes
import weakref
from array import array
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from engine import kernels
from engine.attention import Attention
from engine.cache import KVCache, LayerCache
from engine.cache_blocks import Q8_0, stored_width
from engine.decoder import Decoder
from engine.kernels.plans import DENSE_TYPES, AttentionPlan, Layer, Matrix, MlpPlan, Model, Norm, Reply
from engine.layers import ACTIVATIONS, Block, Embedding, GatedMLP, Linear, RMSNorm, Step
from engine.quants.embedding import QuantizedEmbedding
from engine.quants.linear import QuantizedLinear, has_kernel

KERNEL_ACTIVATIONS = {F.silu: 0, ACTIVATIONS["gelu_pytorch_tanh"]: 1, ACTIVATIONS["gelu_new"]: 1}
CACHE_TYPES = {torch.float32: 0, torch.float16: 1, Q8_0: 8}  # ggml's numbers
LANES = 16  # a head must be a multiple of the widest vector


def fuse(decoder: nn.Module) -> None:
    """Give every block of a loaded decoder on the CPU the compiled halves that its parts allow."""
    if not kernels.available():
        return
    for block in decoder.modules():
        if isinstance(block, Block):
            block.fused_attention = FusedAttention.of(block)
            block.fused_mlp = FusedMLP.of(block)
    if isinstance(decoder, Decoder):
        layers, head = FusedLayers.of(decoder), FusedHead.of(decoder)
        decoder.fused_layers, decoder.fused_head = layers, head
        decoder.fused_token = None if layers is None or head is None else FusedToken.of(decoder, layers, head)


class FusedAttention:
    """x += attention(norm(x)) for one text; extends the cache."""

    def __init__(self, plan: AttentionPlan, attention: Attention) -> None:
        self.plan, self.attention = plan, attention

    @classmethod
    def of(cls, block: Block) -> FusedAttention | None:
        """None when a part of the block has no compiled form."""
        a = block.self_attn
        if not isinstance(a, Attention) or a.rope is None or a.head_dim % LANES:
            return None
        absent = (a.softcap, a.alibi, a.clip, a.sinks, a.query_scale, a.rotated_q_norm, a.rotated_k_norm)
        matrices = [_matrix(m) for m in (a.q_proj, a.k_proj, a.v_proj, a.o_proj)]
        norms = [_norm(m) for m in (block.input_layernorm, block.attention_out_norm, a.q_norm, a.k_norm)]
        has_wide_norm = any(isinstance(m, RMSNorm) and m.weight.numel() != a.head_dim for m in (a.q_norm, a.k_norm))
        if any(part is not None for part in absent) or None in matrices or None in norms or has_wide_norm:
            return None
        width = matrices[3].rows if matrices[3] is not None else 0
        if a.cache_dtype is None:
            is_exact = isinstance(a.k_proj, Linear) and a.k_proj.weight.dtype == torch.float32
            a.cache_dtype = torch.float32 if is_exact else torch.float16  # half as much to read, exact as the weights
        elif a.cache_dtype == Q8_0:
            a.cache_dtype, _ = stored_width(a.head_dim)
            if a.cache_dtype == Q8_0 and not kernels.supports_cache(CACHE_TYPES[Q8_0]):
                return None
        shape = (width, a.heads, a.kv_heads, a.head_dim, a.rope.dim, int(a.rope.interleaved), a.window or 0)
        sizes = (*shape, CACHE_TYPES[a.cache_dtype])
        return cls(_kept(AttentionPlan(*sizes, a.scale, block.residual_scale, *norms, *matrices), norms, matrices), a)

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """[1, T, E] -> the same memory, changed."""
        assert step.cache is not None
        tables = self.table(step.past, step.past + x.shape[1])
        kernels.attention(self.plan, x, tables=tables, kept=self.reserve(x.shape[1], step.cache), past=step.past)
        return x

    def table(self, first: int, last: int) -> tuple[Tensor, Tensor, int]:
        """Cosines and sines for the positions [first, last), as `Rope.table` gives them."""
        assert self.attention.rope is not None
        return self.attention.rope.table(first, last)

    def reserve(self, tokens: int, cache: KVCache) -> tuple[Tensor, Tensor]:
        """The cache's keys and values with room for so many more tokens, which count as held."""
        attention = self.attention
        held = cache.layers[attention.layer]
        assert isinstance(held, LayerCache)
        return held.reserve((1, attention.kv_heads, tokens, attention.head_dim), device=torch.device("cpu"))


class FusedMLP:
    """x += mlp(norm(x))."""

    def __init__(self, plan: MlpPlan) -> None:
        self.plan = plan

    @classmethod
    def of(cls, block: Block) -> FusedMLP | None:
        """None when a part of the block has no compiled form."""
        mlp = block.mlp
        if not isinstance(mlp, GatedMLP) or mlp.activation not in KERNEL_ACTIVATIONS:
            return None
        matrices = [_matrix(m) for m in (mlp.gate_proj, mlp.up_proj, mlp.down_proj)]
        norms = [_norm(m) for m in (block.post_attention_layernorm, block.mlp_out_norm)]
        gate, _, down = matrices
        if gate is None or down is None or None in matrices or None in norms:
            return None
        sizes = (down.rows, gate.rows, KERNEL_ACTIVATIONS[mlp.activation], block.residual_scale)
        return cls(_kept(MlpPlan(*sizes, *norms, *matrices), norms, matrices))

    def __call__(self, x: Tensor) -> Tensor:
        """[1, T, E] -> the same memory, changed."""
        kernels.mlp(self.plan, x)
        return x


class FusedLayers:
    """All layers of a decoder, one after the other.

    Their structures point into a cache and its rotary tables until those grow; a step that only moves on sets none.
    """

    def __init__(self, halves: list[tuple[FusedAttention, FusedMLP]]) -> None:
        self._halves = halves
        self.stack = (Layer * len(halves))()
        for layer, (attention, mlp) in zip(self.stack, halves, strict=True):
            layer.attention, layer.mlp = ctypes.addressof(attention.plan), ctypes.addressof(mlp.plan)
        self._cache: Callable[[], KVCache | None] = lambda: None
        self._capacities: list[int] = []
        self._room = 0  # positions that the structures hold for
        self._tables: list[tuple[Tensor, Tensor, int]] = []

    @classmethod
    def of(cls, decoder: Decoder) -> FusedLayers | None:
        """None when a layer lacks a compiled half."""
        blocks = [block for block in decoder.layers if isinstance(block, Block)]
        found = [(block.fused_attention, block.fused_mlp) for block in blocks]
        halves = [(a, m) for a, m in found if isinstance(a, FusedAttention) and isinstance(m, FusedMLP)]
        is_whole = 0 < len(halves) == len(decoder.layers) and decoder.position_embedding is None
        return cls(halves) if is_whole else None

    def __call__(self, x: Tensor, cache: KVCache) -> Tensor:
        """[1, T, E] behind the tokens of the cache -> the same memory, changed."""
        past = cache.length
        self.extend(cache, x.shape[1])
        kernels.layers(self.stack, x, past=past)
        return x

    def extend(self, cache: KVCache, tokens: int) -> None:
        """Let the structures point into the cache with so many tokens more, which count as held."""
        end = cache.length + tokens
        if cache is self._cache() and end <= self._room and self._capacities == _capacities(cache):
            for held in cache.layers:
                held.length = end
        else:
            self._point(cache, tokens)

    def _point(self, cache: KVCache, tokens: int) -> None:
        past, end = cache.length, cache.length + tokens
        self._cache, self._tables = lambda: None, []
        for layer, (attention, _) in zip(self.stack, self._halves, strict=True):
            table = attention.table(past, end)
            layer.cos, layer.sin, layer.first = table[0].data_ptr(), table[1].data_ptr(), table[2]
            self._tables.append(table)
            keys, values = attention.reserve(tokens, cache)
            layer.keys, layer.values, layer.capacity = keys.data_ptr(), values.data_ptr(), keys.shape[2]
        self._cache, self._capacities = weakref.ref(cache), _capacities(cache)
        self._room = min(*self._capacities, *(first + cos.shape[0] for cos, _, first in self._tables))


class FusedHead:
    """The final norm and the output head."""

    def __init__(self, norm: Norm, matrix: Matrix) -> None:
        self.norm, self.matrix = norm, matrix

    @classmethod
    def of(cls, decoder: Decoder) -> FusedHead | None:
        """None when one of them has no compiled form."""
        embedding = decoder.embed_tokens
        tied = embedding.head if isinstance(embedding, QuantizedEmbedding) else embedding
        matrix, norm = _matrix(decoder.lm_head or tied), _norm(decoder.norm)
        return None if matrix is None or norm is None else cls(norm, matrix)

    def __call__(self, x: Tensor) -> Tensor:
        """[1, T, E] -> [1, T, V]."""
        return kernels.head(self.matrix, self.norm, x.contiguous())


class FusedToken:
    """One more token, from its id to the logits behind it, or a few of a reply with what is drawn behind each.

    Between two calls of the kernels, the weights have swept Python and torch out of the processor's caches, so that
    what takes 2 microseconds in a loop takes 30 there.
    """

    def __init__(self, embedding: Matrix, scale: float, layers: FusedLayers, head: FusedHead) -> None:
        self._layers, self.vocabulary = layers, head.matrix.rows
        self._logits, x = torch.empty(1, head.matrix.rows), torch.empty(embedding.columns)
        stack, places = layers.stack, [ctypes.addressof(part) for part in (embedding, head.matrix, head.norm)]
        model = Model(ctypes.addressof(stack), len(stack), *places[:2], scale, places[2], x.data_ptr())
        self._model: Model = _kept(model, stack, embedding, head, x)

    @classmethod
    def of(cls, decoder: Decoder, layers: FusedLayers, head: FusedHead) -> FusedToken | None:
        """None when something lies between embedding, layers and head that has no compiled form."""
        embedding = decoder.embed_tokens
        matrix = embedding.matrix() if isinstance(embedding, QuantizedEmbedding) else None
        is_plain = decoder.embedding_norm is None and decoder.logit_scale == 1.0 and decoder.logit_softcap is None
        return cls(matrix, decoder.embedding_scale, layers, head) if matrix is not None and is_plain else None

    def __call__(self, token_id: int, cache: KVCache) -> Tensor:
        """The logits [1, V] behind this token and those of the cache, which is extended."""
        past = cache.length
        self._layers.extend(cache, 1)
        logits = torch.empty_like(self._logits)
        kernels.token(self._model, token_id, past=past, logits=logits)
        return logits

    def reply(self, what: Reply, cache: KVCache, numbers: array[float]) -> int:
        """Draw tokens by `what`; how many. `numbers` get what `observe` gives of each.

        The cache is extended by the last of the ids and by all that are drawn but the last.
        """
        past = cache.length
        self._layers.extend(cache, what.most)
        count = kernels.reply(self._model, what, past=past, logits=self._logits, numbers=numbers)
        cache.truncate(past + count)
        return count


def _capacities(cache: KVCache) -> list[int]:
    """How many positions the memory of each layer has: it grows when it is replaced."""
    return [held.keys.shape[2] for held in cache.layers if isinstance(held, LayerCache) and held.keys is not None]


def _matrix(projection: nn.Module) -> Matrix | None:
    if isinstance(projection, (Linear, Embedding)):
        bias = projection.bias if isinstance(projection, Linear) else None
        return Matrix.of(projection.weight, bias) if projection.weight.dtype in DENSE_TYPES else None
    if not isinstance(projection, QuantizedLinear) or not has_kernel(projection.weight):
        return None
    return Matrix.of(projection.weight, projection.bias)


def _norm(norm: nn.Module | None) -> Norm | None:
    """A structure for RMSNorm or no norm; None for another kind."""
    if norm is None:
        return Norm.of(None)
    return Norm.of(norm.weight.float() + norm.offset, norm.eps) if isinstance(norm, RMSNorm) else None


def _kept(plan: Any, *parts: Any) -> Any:  # any structure: it copies the addresses, not what they point to
    plan.kept = parts
    return plan
