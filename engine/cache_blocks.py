"""Keys and values in ggml's Q8_0 blocks: 32 numbers as one float16 scale and 32 signed bytes, 34 bytes in all.

Layout and rounding: block_q8_0 and quantize_row_q8_0_ref of github.com/ggml-org/ggml. The compiled attention writes
and reads the same blocks; this is its torch twin, and what runs where there is none.
"""

from __future__ import annotations

import torch
from torch import Tensor

Q8_0 = torch.uint8  # the dtype that stands for these blocks; no cache holds plain bytes
BLOCK, BLOCK_BYTES = 32, 34


def stored_width(width: int) -> tuple[torch.dtype, int]:
    """Dtype and last dimension of what is kept of D = `width` numbers: float16 where no whole blocks fit."""
    return (Q8_0, width // BLOCK * BLOCK_BYTES) if width % BLOCK == 0 else (torch.float16, width)


def to_blocks(x: Tensor) -> Tensor:
    """x [..., D] as uint8 [..., D // 32 * 34]; a scale is the largest of 32 / 127, halves are rounded away from 0."""
    groups = x.float().view(*x.shape[:-1], -1, BLOCK)
    scale = groups.abs().amax(-1, keepdim=True) / 127
    scaled = torch.where(scale > 0, groups * (1 / scale), 0)
    q = (scaled.abs() + 0.5).floor().copysign(scaled).to(torch.int8)
    return torch.cat((scale.half().view(torch.uint8), q.view(torch.uint8)), dim=-1).flatten(-2)


def to_numbers(blocks: Tensor) -> Tensor:
    """Blocks uint8 [..., D // 32 * 34] as float32 [..., D]."""
    split = blocks.view(*blocks.shape[:-1], -1, BLOCK_BYTES)
    scale = split[..., :2].contiguous().view(torch.float16).float()
    return (split[..., 2:].contiguous().view(torch.int8).float() * scale).flatten(-2)


def bytes_of(width: int, dtype: torch.dtype) -> int:
    """Bytes that `width` numbers take in a cache of this dtype."""
    if dtype != Q8_0:
        return width * dtype.itemsize
    kept, stored = stored_width(width)
    return stored * kept.itemsize
