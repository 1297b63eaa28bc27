"""Products with matrices as their file packs them, on a CUDA device: nothing is unpacked for a few rows.

The kernels read a matrix once for up to eight rows of activations, which stay as they are (llama.cpp rounds them to
eight bits); for more rows the matrix is unpacked by one kernel and multiplied by cuBLAS. The torch code of
`engine.quants` is the oracle (tests/engine/test_cuda_kernels.py).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_float, c_int, c_int64, c_void_p
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, TypeGuard

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from engine.cuda.driver import CompiledKernels, CudaError, Kernels, source

if TYPE_CHECKING:
    from engine.quants.packed import Packed, PackedTensor

BLOCKS = frozenset(
    ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4")
)
NUMBERS = {torch.float32: "float", torch.float16: "half_", torch.bfloat16: "bfloat"}
ROWS = (1, 2, 4, 8)  # of activations that one kernel takes
ALIGNED = 16  # bytes
PIECE = 32  # values of a matrix that a lane takes at a time
THREADS, WARPS, PAIR = 128, 4, 2  # as products.cu has them
ENOUGH_WARPS = 2048  # to keep the memory of a large GPU busy; fewer rows are shared by several warps
UNPACKED_VALUES = 1 << 25  # at a time
MOST_TOGETHER = 3  # matrices of one launch


class MatVec(ctypes.Structure):
    """As products.cu has it."""

    _fields_ = (
        ("weights", c_void_p * MOST_TOGETHER),
        ("bias", c_void_p),
        ("x", c_void_p),
        ("residual", c_void_p),
        ("y", c_void_p),
        ("chosen", c_void_p),
        ("matrix_bytes", c_int64),
        ("ends", c_int * MOST_TOGETHER),
        ("inputs", c_int),
        ("split", c_int),
        ("activation", c_int),
        ("scale", c_float),
    )


class _Unpack(ctypes.Structure):
    _fields_ = (("blocks", c_void_p), ("values", c_void_p), ("pieces", c_int64))


@cache
def kernels_for(block: str, dtype: torch.dtype, device: torch.device, rows: int = 1) -> Kernels:
    """The kernels for a type of blocks and `rows` of activations of `dtype`. Raises `CudaError`."""
    defines = {"BLOCK": block, "NUMBER": NUMBERS[dtype], "ROWS": str(rows)}
    return CompiledKernels(source("common.h", "blocks.h", "products.cu"), defines, device)


@cache
def can_compile(device: torch.device) -> bool:
    """Whether kernels can be compiled for `device`: NVRTC may be missing, or not know the GPU."""
    try:
        CompiledKernels(source("common.h", "layer.cu"), {"NUMBER": "float"}, device)
    except CudaError:
        return False
    return True


def takes(weight: Packed, device: torch.device) -> TypeGuard[PackedTensor]:
    """Whether there are kernels for a weight on `device`."""
    from engine.quants.packed import PackedTensor

    has_kernels = isinstance(weight, PackedTensor) and weight.type.name in BLOCKS
    return has_kernels and device.type == "cuda" and can_compile(device)


@dataclass(frozen=True)
class Matrix:
    """A projection [outputs, inputs] as the kernels read it: `block` names the type of its `weight`'s bytes."""

    block: str
    weight: Tensor
    outputs: int
    inputs: int
    bias: Tensor | None

    @classmethod
    def of(cls, weight: Packed | Tensor, bias: Tensor | None) -> Matrix | None:
        """None where there is no kernel for it."""
        bias = None if bias is None else bias.detach().float().contiguous()
        if isinstance(weight, Tensor):
            outputs, inputs = weight.shape
            if weight.dtype not in NUMBERS or inputs % PIECE:
                return None
            return cls(f"Dense<{NUMBERS[weight.dtype]}>", _readable(weight.detach()), outputs, inputs, bias)
        if not takes(weight, weight.device):
            return None
        return cls(weight.type.name, _readable(weight.blocks), weight.shape[0], weight.shape[1], bias)


class Product:
    """x @ weights.T + bias for matrices of the same inputs, whose outputs follow each other."""

    def __init__(self, matrices: Sequence[Matrix], dtype: torch.dtype) -> None:
        """Activations and results are of `dtype`. Raises `CudaError` where the kernels do not compile."""
        self.outputs = sum(matrix.outputs for matrix in matrices)
        self._calls = []
        start = 0
        for block, alike in groupby(matrices, key=lambda matrix: matrix.block):
            call = _Call(list(alike), block, dtype, start)
            self._calls.append(call)
            start += call.outputs

    def __call__(self, x: Tensor, *, residual: Tensor | None = None, scale: float = 1.0) -> Tensor:
        """[1, inputs] -> [1, outputs], times `scale` and added to `residual` where there is one."""
        y = torch.empty(1, self.outputs, dtype=x.dtype, device=x.device)
        for call in self._calls:
            call(x, y, residual, scale)
        return y


class _Call:
    """One launch: matrices of one type of blocks, whose outputs begin at `start` of all outputs."""

    def __init__(self, matrices: list[Matrix], block: str, dtype: torch.dtype, start: int) -> None:
        self._matrices, self._start = matrices, start
        self.outputs = sum(matrix.outputs for matrix in matrices)
        self._kernels = kernels_for(block, dtype, matrices[0].weight.device)
        self._bias: Tensor | None = None
        if any(matrix.bias is not None for matrix in matrices):
            device = matrices[0].weight.device
            parts = [torch.zeros(m.outputs, device=device) if m.bias is None else m.bias for m in matrices]
            self._bias = torch.cat(parts)

    def __call__(self, x: Tensor, y: Tensor, residual: Tensor | None, scale: float) -> None:
        arguments = matvec_arguments(self._matrices, x, y[:, self._start :])
        arguments.bias = _address(self._bias)
        arguments.residual = None if residual is None else residual[:, self._start :].data_ptr()
        arguments.scale = scale
        self._kernels.launch("matvec", _grid(self.outputs, PAIR, arguments.split, 1), THREADS, arguments)


def matvec_arguments(matrices: Sequence[Matrix], x: Tensor, y: Tensor) -> MatVec:
    """For one row of x and no more than the products."""
    arguments = MatVec(x=x.data_ptr(), y=y.data_ptr(), inputs=matrices[0].inputs, scale=1.0)
    end = 0
    for index in range(MOST_TOGETHER):
        if index < len(matrices):
            end += matrices[index].outputs
            arguments.weights[index] = matrices[index].weight.data_ptr()
        arguments.ends[index] = end
    arguments.split = _split(end, matrices[0].inputs)
    return arguments


def gated(gate: Matrix, up: Matrix, x: Tensor, activation: int) -> Tensor:
    """activation(x @ gate.T) * (x @ up.T) for one row of x [1, inputs]; two matrices of one type, without biases."""
    y = torch.empty(1, gate.outputs, dtype=x.dtype, device=x.device)
    arguments = matvec_arguments([gate, up], x, y)
    arguments.ends[0], arguments.activation = gate.outputs, activation
    kernels = kernels_for(gate.block, x.dtype, x.device)
    kernels.launch("gated", _grid(gate.outputs, 1, arguments.split, 1), THREADS, arguments)
    return y


def linear(weight: PackedTensor, x: Tensor, bias: Tensor | None) -> Tensor:
    """x [..., inputs] @ weight.T + bias in x's dtype, for a weight that `takes`."""
    outputs, inputs = weight.shape
    flat = x.reshape(-1, inputs).contiguous()
    if len(flat) > ROWS[-1]:
        y = _unpacked_product(weight, flat)
        return (y if bias is None else y + bias.to(y.dtype)).view(*x.shape[:-1], outputs)
    y = torch.empty(len(flat), outputs, dtype=x.dtype, device=x.device)
    matrix = Matrix.of(weight, bias)
    assert matrix is not None
    done = 0
    while done < len(flat):
        rows = max(count for count in ROWS if count <= len(flat) - done)
        arguments = matvec_arguments([matrix], flat[done:], y[done:])
        arguments.bias = _address(matrix.bias)
        kernels = kernels_for(matrix.block, x.dtype, x.device, rows)
        kernels.launch("matvec", _grid(outputs, PAIR, arguments.split, 1), THREADS, arguments)
        done += rows
    return y.view(*x.shape[:-1], outputs)


def chosen_linear(stack: PackedTensor, x: Tensor, chosen: Tensor) -> Tensor:
    """Row i of x [n, inputs] @ stack[chosen[i]].T -> [n, outputs]: only what is chosen of a stack is read."""
    _, outputs, inputs = stack.shape
    blocks = stack.blocks.contiguous()
    y = torch.empty(len(x), outputs, dtype=x.dtype, device=x.device)
    matrix = Matrix(stack.type.name, blocks, outputs, inputs, None)
    arguments = matvec_arguments([matrix], x, y)
    arguments.chosen, arguments.matrix_bytes = chosen.data_ptr(), blocks[0].nbytes
    kernels = kernels_for(matrix.block, x.dtype, x.device)
    kernels.launch("matvec", _grid(outputs, PAIR, arguments.split, len(x)), THREADS, arguments)
    return y


def unpacked(weight: PackedTensor, dtype: torch.dtype) -> Tensor:
    """All values of a weight that `takes`."""
    blocks = weight.blocks.contiguous()
    values = torch.empty(weight.shape, dtype=dtype, device=blocks.device)
    pieces = values.numel() // PIECE
    if pieces:
        arguments = _Unpack(blocks.data_ptr(), values.data_ptr(), pieces)
        kernels = kernels_for(weight.type.name, dtype, blocks.device)
        kernels.launch("unpack", (-(-pieces // THREADS), 1, 1), THREADS, arguments)
    return values


def _unpacked_product(weight: PackedTensor, x: Tensor) -> Tensor:
    outputs, inputs = weight.shape
    rows = max(1, UNPACKED_VALUES // inputs)
    if rows >= outputs:
        return F.linear(x, unpacked(weight, x.dtype))
    y = torch.empty(len(x), outputs, dtype=x.dtype, device=x.device)
    for start in range(0, outputs, rows):
        part = weight.narrow_rows(start, min(rows, outputs - start))
        y[:, start : start + part.shape[0]] = F.linear(x, unpacked(part, x.dtype))
    return y


def _split(outputs: int, inputs: int) -> int:
    """How many warps share a row: more where there are few rows, as long as each lane has work."""
    split = 1
    while split < WARPS and outputs // PAIR * split < ENOUGH_WARPS and inputs // PIECE >= split * 32:
        split *= 2
    return split


def _grid(outputs: int, each: int, split: int, rows: int) -> tuple[int, int, int]:
    return -(-outputs // (each * (WARPS // split))), rows, 1


def _readable(weight: Tensor) -> Tensor:
    """Without gaps, and where the kernels can read 16 bytes at once; as a rule it is."""
    return (
        weight.contiguous()
        if weight.data_ptr() % ALIGNED == 0
        else weight.clone(memory_format=torch.contiguous_format)
    )


def _address(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def matrix_of(projection: nn.Module | None) -> Matrix | None:
    """The matrix of a projection; None where there is no kernel for it."""
    from engine.layers import Linear
    from engine.quants.linear import QuantizedLinear

    if not isinstance(projection, Linear | QuantizedLinear):
        return None
    return Matrix.of(projection.weight, projection.bias)
