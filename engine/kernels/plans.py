"""The structures that the compiled kernels read (engine/kernels/kernels.h), and how tensors become them.

A structure holds addresses, so it keeps the tensors alive that it points into.
"""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_int64, c_void_p
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from engine.quants.packed import PackedTensor


DENSE_TYPES = {torch.float32: 0, torch.float16: 1, torch.bfloat16: 30}  # ggml's numbers


class Matrix(ctypes.Structure):
    """A packed or dense projection [rows, columns] with an optional float32 bias."""

    _fields_ = (
        ("type", c_int64),
        ("weights", c_void_p),
        ("row_bytes", c_int64),
        ("rows", c_int64),
        ("columns", c_int64),
        ("bias", c_void_p),
    )

    @classmethod
    def of(cls, weight: PackedTensor | Tensor, bias: Tensor | None = None) -> Matrix:
        """The structure for a two-dimensional packed weight, or a dense one of a dtype in `DENSE_TYPES`."""
        stored = weight if isinstance(weight, Tensor) else weight.blocks
        rows = stored if stored.stride(-1) == 1 else stored.contiguous()
        bias = None if bias is None else bias.float().contiguous()
        matrix = cls(
            DENSE_TYPES[weight.dtype] if isinstance(weight, Tensor) else weight.type.ggml_id,
            rows.data_ptr(),
            rows.stride(0) * rows.element_size(),
            *weight.shape,
            None if bias is None else bias.data_ptr(),
        )
        matrix.kept = (rows, bias)
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
        *((name, c_int64) for name in ("rope_depth", "is_interleaved", "window", "cache_type")),
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


class Draw(ctypes.Structure):
    """How a token is drawn; `recent` int64 [recents] are the ids that the penalty is for, each counted once."""

    _fields_ = (
        ("recent", c_void_p),
        ("recents", c_int64),
        ("top_k", c_int64),
        ("repetition", c_double),
        ("top_p", c_double),
        ("min_p", c_double),
        ("temperature", c_double),
        ("noise", c_double),
    )


class Layer(ctypes.Structure):
    """Both halves of a layer, its rotary tables from position `first` on, its keys and values [K, capacity, D]."""

    _fields_ = (
        ("attention", c_void_p),
        ("mlp", c_void_p),
        ("cos", c_void_p),
        ("sin", c_void_p),
        ("first", c_int64),
        ("keys", c_void_p),
        ("values", c_void_p),
        ("capacity", c_int64),
    )


class Model(ctypes.Structure):
    """All there is between a token's id and the logits behind it; `scale` is the embedding's."""

    _fields_ = (
        ("layers", c_void_p),
        ("count", c_int64),
        ("embedding", c_void_p),
        ("head", c_void_p),
        ("scale", c_double),
        ("norm", c_void_p),
        ("x", c_void_p),
    )


class Reply(ctypes.Structure):
    """What is drawn behind a text: `ids` int64 [held + most] end with its last tokens and room for the new ones.

    The penalty sees `window` of them; `noise` float64 [most] draws, `ends` int64 [end_count] end the text.
    """

    _fields_ = (
        ("ids", c_void_p),
        ("held", c_int64),
        ("window", c_int64),
        ("most", c_int64),
        ("noise", c_void_p),
        ("ends", c_void_p),
        ("end_count", c_int64),
        ("how", Draw),
    )
