"""The structures that the compiled kernels read (engine/kernels/kernels.h), and how tensors become them.

A structure holds addresses, so it keeps the tensors alive that it points into.
"""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_int64, c_void_p
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from engine.quants.packed import PackedTensor


class Matrix(ctypes.Structure):
    """A packed projection [rows, columns] with an optional float32 bias."""

    _fields_ = (
        ("type", c_int64),
        ("weights", c_void_p),
        ("row_bytes", c_int64),
        ("rows", c_int64),
        ("columns", c_int64),
        ("bias", c_void_p),
    )

    @classmethod
    def of(cls, weight: PackedTensor, bias: Tensor | None = None) -> Matrix:
        """The structure for a two-dimensional packed weight."""
        blocks = weight.blocks if weight.blocks.stride(-1) == 1 else weight.blocks.contiguous()
        bias = None if bias is None else bias.float().contiguous()
        matrix = cls(
            weight.type.ggml_id,
            blocks.data_ptr(),
            blocks.stride(0),
            *weight.shape,
            None if bias is None else bias.data_ptr(),
        )
        matrix.kept = (blocks, bias)
        return matrix


class Norm(ctypes.Structure):
    """RMSNorm by a float32 weight; without one, none."""

    _fields_ = (("weight", c_void_p), ("eps", c_double))

    @classmethod
    def of(cls, weight: Tensor | None, eps: float = 0.0) -> Norm:
        """The structure for a weight, to which any offset has been added."""
        weight = None if weight is None else weight.float().contiguous()
        norm = cls(None if weight is None else weight.data_ptr(), eps)
        norm.kept = weight
        return norm


class AttentionPlan(ctypes.Structure):
    """The attention half of a layer."""

    _fields_ = (
        *((name, c_int64) for name in ("width", "heads", "kv_heads", "depth")),
        *((name, c_int64) for name in ("rope_depth", "is_interleaved", "window")),
        ("scale", c_double),
        ("residual_scale", c_double),
        *((name, Norm) for name in ("norm_in", "norm_out", "q_norm", "k_norm")),
        *((name, Matrix) for name in ("q", "k", "v", "o")),
    )


class MlpPlan(ctypes.Structure):
    """The feed-forward half of a layer."""

    _fields_ = (
        *((name, c_int64) for name in ("width", "hidden", "activation")),
        ("residual_scale", c_double),
        *((name, Norm) for name in ("norm_in", "norm_out")),
        *((name, Matrix) for name in ("gate", "up", "down")),
    )
