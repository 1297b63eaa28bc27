"""A layer's two halves for one token on a CUDA device, in nine to twelve kernels.

They run in the step of fixed shapes (`engine.static`), which a CUDA graph records: the position is read on the
device, and only keys that are visible are read. `fuse_for_cuda` looks at what a block is composed of, not at its
family; the torch code of the same block in `engine.layers` is the oracle.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_float, c_int, c_int64, c_void_p
from functools import cache

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from engine.attention import Attention
from engine.cuda.driver import CompiledKernels, Kernels, source
from engine.cuda.products import NUMBERS, Matrix, Product, gated, kernels_for, matrix_of
from engine.layers import ACTIVATIONS, Block, GatedMLP, RMSNorm, Step
from engine.static import FixedKeys, StaticStep

KERNEL_ACTIVATIONS = {
    F.silu: 0,
    ACTIVATIONS["gelu_pytorch_tanh"]: 1,
    ACTIVATIONS["gelu_new"]: 1,
    ACTIVATIONS["gelu_fast"]: 1,
    F.gelu: 2,
    F.relu: 3,
}
LANES, STREAMS, MOST_SPLITS = 8, 16, 128  # as layer.cu has them
TAKEN = 8  # numbers that a thread of a norm takes at once
MOST_DEPTH = 256
BLOCKS_EACH = 2  # thread blocks of attention for each multiprocessor
NORM_THREADS, THREADS = 256, 128


class _RmsNorm(ctypes.Structure):
    _fields_ = (
        *((name, c_void_p) for name in ("x", "weight", "residual", "y")),
        ("width", c_int),
        ("eps", c_float),
        ("scale", c_float),
    )


class _Prepare(ctypes.Structure):
    _fields_ = (
        *((name, c_void_p) for name in ("heads", "q_weight", "k_weight", "cos", "sin", "keys", "values", "position")),
        ("capacity", c_int64),
        *((name, c_int) for name in ("queries", "key_heads", "turned", "is_interleaved")),
        ("eps", c_float),
    )


class _Attend(ctypes.Structure):
    _fields_ = (
        *((name, c_void_p) for name in ("q", "keys", "values", "partial", "sinks", "y", "position")),
        ("capacity", c_int64),
        *((name, c_int) for name in ("heads", "key_heads", "window", "splits")),
        ("scale", c_float),
        ("softcap", c_float),
    )


@cache
def norm_kernels(dtype: torch.dtype, device: torch.device) -> Kernels:
    """Norms of activations of `dtype`. Raises `CudaError`."""
    return CompiledKernels(source("common.h", "layer.cu"), {"NUMBER": NUMBERS[dtype]}, device)


@cache
def attention_kernels(depth: int, dtype: torch.dtype, cache_dtype: torch.dtype, device: torch.device) -> Kernels:
    """Attention with heads `depth` wide over a cache of `cache_dtype`. Raises `CudaError`."""
    defines = {"NUMBER": NUMBERS[dtype], "CACHE": NUMBERS[cache_dtype], "DEPTH": str(depth)}
    return CompiledKernels(source("common.h", "layer.cu"), defines, device)


def fuse_for_cuda(decoder: nn.Module, dtype: torch.dtype) -> None:
    """Give every block of a loaded decoder on a CUDA device the halves that its parts allow, for single tokens."""
    for block in decoder.modules():
        if isinstance(block, Block):
            block.static_attention = CudaAttention.of(block, dtype)
            block.static_mlp = CudaMlp.of(block, dtype)


class Normed:
    """An RMSNorm as a kernel; `residual + scale * norm(x)` where there is a residual."""

    def __init__(self, norm: RMSNorm, dtype: torch.dtype) -> None:
        self._weight, self._eps = wide_weight(norm), norm.eps
        self._kernels = norm_kernels(dtype, self._weight.device)

    def __call__(self, x: Tensor, *, residual: Tensor | None = None, scale: float = 1.0) -> Tensor:
        """[rows, width], contiguous -> [rows, width]."""
        y = torch.empty_like(x)
        added = None if residual is None else residual.data_ptr()
        places = (x.data_ptr(), self._weight.data_ptr(), added, y.data_ptr())
        arguments = _RmsNorm(*places, x.shape[1], self._eps, scale)
        self._kernels.launch("rms_norm", (x.shape[0], 1, 1), NORM_THREADS, arguments)
        return y


Norms = tuple[Normed | None, Normed | None]  # before and behind a half


class Closing:
    """What ends a half: residual + scale * norm(x @ weight.T), or without a norm."""

    def __init__(self, matrix: Matrix, norm: Normed | None, scale: float, dtype: torch.dtype) -> None:
        self._product, self._norm, self._scale = Product((matrix,), dtype), norm, scale

    def __call__(self, x: Tensor, residual: Tensor) -> Tensor:
        """[1, inputs] and [1, outputs] -> [1, outputs]."""
        if self._norm is None:
            return self._product(x, residual=residual, scale=self._scale)
        return self._norm(self._product(x), residual=residual, scale=self._scale)


class CudaAttention:
    """x + attention(norm(x)) for one token in a step of fixed shapes; writes its key and value into the cache."""

    def __init__(
        self, attention: Attention, matrices: Sequence[Matrix], norms: Norms, *, scale: float, dtype: torch.dtype
    ) -> None:
        """`matrices` are those of queries, keys, values and output."""
        self._attention, self._dtype = attention, dtype
        *qkv, o = matrices
        self._norm_in, norm_out = norms
        self._qkv, self._close = Product(qkv, dtype), Closing(o, norm_out, scale, dtype)
        heads = (attention.q_norm, attention.k_norm)
        self._head_weights = [wide_weight(norm) if isinstance(norm, RMSNorm) else None for norm in heads]
        self._head_eps = next((norm.eps for norm in heads if isinstance(norm, RMSNorm)), 0.0)
        self._sinks = None if attention.sinks is None else attention.sinks.detach().float().contiguous()
        self._device = o.weight.device
        group, each = attention.heads // attention.kv_heads, attention.head_dim // LANES
        sharing = max(1, min(8, 64 // each))
        self._tiles = -(-group // sharing)
        processors = torch.cuda.get_device_properties(self._device).multi_processor_count
        self._splits = min(MOST_SPLITS, max(1, BLOCKS_EACH * processors // (attention.kv_heads * self._tiles)))

    @classmethod
    def of(cls, block: Block, dtype: torch.dtype) -> CudaAttention | None:
        """None when a part of the block has no kernel. Raises `CudaError` where the kernels do not compile."""
        a = block.self_attn
        if not isinstance(a, Attention) or a.rope is None or a.head_dim % LANES or a.head_dim > MOST_DEPTH:
            return None
        absent = (a.alibi, a.clip, a.query_scale, a.rotated_q_norm, a.rotated_k_norm)
        if any(part is not None for part in absent) or not has_head_norms(a):
            return None
        matrices = matrices_of(a.q_proj, a.k_proj, a.v_proj, a.o_proj)
        norms = norms_of(block.input_layernorm, block.attention_out_norm, dtype)
        if matrices is None or norms is None:
            return None
        return cls(a, matrices, norms, scale=block.residual_scale, dtype=dtype)

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """[1, 1, E] -> [1, 1, E]."""
        assert isinstance(step, StaticStep)
        a = self._attention
        cache = step.layer_cache(a.layer)
        assert isinstance(cache, FixedKeys)
        assert a.rope is not None
        kernels = attention_kernels(a.head_dim, self._dtype, cache.keys.dtype, self._device)
        row = x.view(1, -1)
        heads = self._qkv(row if self._norm_in is None else self._norm_in(row))
        position, capacity = step.positions.data_ptr(), cache.keys.shape[2]
        cos, sin = step.wide_tables(a.rope)
        q_weight, k_weight = (None if weight is None else weight.data_ptr() for weight in self._head_weights)
        kept = (cache.keys.data_ptr(), cache.values.data_ptr())
        prepare = _Prepare(
            *(heads.data_ptr(), q_weight, k_weight, cos.data_ptr(), sin.data_ptr(), *kept, position, capacity),
            *(a.heads, a.kv_heads, a.rope.dim, int(a.rope.interleaved), self._head_eps),
        )
        kernels.launch("prepare", (a.heads + 2 * a.kv_heads, 1, 1), THREADS, prepare)
        splits = min(self._splits, -(-capacity // STREAMS))
        partial = torch.empty(a.heads, splits, a.head_dim + 2, device=x.device)
        y = torch.empty(1, a.heads * a.head_dim, dtype=x.dtype, device=x.device)
        sinks = None if self._sinks is None else self._sinks.data_ptr()
        attend = _Attend(
            *(heads.data_ptr(), *kept, partial.data_ptr(), sinks, y.data_ptr(), position, capacity),
            *(a.heads, a.kv_heads, a.window or 0, splits, a.scale, a.softcap or 0.0),
        )
        kernels.launch("attend", (a.kv_heads, splits, self._tiles), THREADS, attend)
        kernels.launch("merge", (a.heads, 1, 1), THREADS, attend)
        return self._close(y, row).view_as(x)


class CudaMlp:
    """x + mlp(norm(x)) for one token."""

    def __init__(
        self, matrices: Sequence[Matrix], norms: Norms, *, activation: int, scale: float, dtype: torch.dtype
    ) -> None:
        """`matrices` are gate, up and down."""
        self._gate, self._up, down = matrices
        self._norm_in, norm_out = norms
        self._activation, self._close = activation, Closing(down, norm_out, scale, dtype)
        kernels_for(self._gate.block, dtype, self._gate.weight.device)

    @classmethod
    def of(cls, block: Block, dtype: torch.dtype) -> CudaMlp | None:
        """None when a part of the block has no kernel. Raises `CudaError` where the kernels do not compile."""
        mlp = block.mlp
        if not isinstance(mlp, GatedMLP) or mlp.activation not in KERNEL_ACTIVATIONS:
            return None
        matrices = matrices_of(mlp.gate_proj, mlp.up_proj, mlp.down_proj)
        norms = norms_of(block.post_attention_layernorm, block.mlp_out_norm, dtype)
        if matrices is None or norms is None:
            return None
        gate, up, _ = matrices
        if gate.block != up.block or gate.bias is not None or up.bias is not None:
            return None
        activation = KERNEL_ACTIVATIONS[mlp.activation]
        return cls(matrices, norms, activation=activation, scale=block.residual_scale, dtype=dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """[1, 1, E] -> [1, 1, E]."""
        row = x.view(1, -1)
        hidden = gated(self._gate, self._up, row if self._norm_in is None else self._norm_in(row), self._activation)
        return self._close(hidden, row).view_as(x)


def matrices_of(*projections: nn.Module) -> list[Matrix] | None:
    """Their matrices; None where there is no kernel for one of them."""
    found = [matrix for matrix in map(matrix_of, projections) if matrix is not None]
    return found if len(found) == len(projections) else None


def norms_of(before: nn.Module | None, behind: nn.Module | None, dtype: torch.dtype) -> Norms | None:
    """Two norms as kernels; None where there is no kernel for one of them."""
    if not all(norm is None or has_kernel(norm) for norm in (before, behind)):
        return None
    one, other = (Normed(norm, dtype) if isinstance(norm, RMSNorm) else None for norm in (before, behind))
    return one, other


def has_kernel(norm: nn.Module) -> bool:
    """Whether `Normed` can stand for it."""
    return isinstance(norm, RMSNorm) and norm.weight.numel() % TAKEN == 0


def wide_weight(norm: RMSNorm) -> Tensor:
    """A norm's weight with its offset, float32."""
    return (norm.weight.detach().float() + norm.offset).contiguous()


def has_head_norms(attention: Attention) -> bool:
    """Whether queries and keys have no norms, or an RMSNorm of each head with one eps."""
    norms = (attention.q_norm, attention.k_norm)
    if norms == (None, None):
        return True
    known = [norm for norm in norms if isinstance(norm, RMSNorm) and norm.weight.numel() == attention.head_dim]
    return len(known) == 2 and known[0].eps == known[1].eps
