"""What a block type is: how many values share how many bytes, and how the values are computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class BlockType:
    """One ggml block type; `dequantize` maps uint8 [N, type_size] to float32 [N, block_size]."""

    name: str
    ggml_id: int
    block_size: int  # values in a block
    type_size: int  # bytes of a block
    dequantize: Callable[[Tensor], Tensor]


def halves(blocks: Tensor, start: int, count: int = 1) -> Tensor:
    """`count` float16 numbers from byte `start` of each block, as float32 [N, count]."""
    return blocks[:, start : start + 2 * count].contiguous().view(torch.float16).float()


def nibbles(packed: Tensor) -> Tensor:
    """uint8 [..., n] -> int [..., 2, n]: low nibbles, then high ones."""
    return torch.stack((packed & 15, packed >> 4), dim=-2)


def nibble_pairs(packed: Tensor) -> Tensor:
    """uint8 [N, n] -> [N, 2n]: the low and the high nibble of each byte, side by side."""
    return torch.stack((packed & 15, packed >> 4), dim=-1).flatten(1)


def bits(packed: Tensor, shifts: tuple[int, ...], mask: int) -> Tensor:
    """uint8 [..., n] -> [..., len(shifts), n]: `(packed >> shift) & mask` for each shift."""
    return torch.stack([(packed >> shift) & mask for shift in shifts], dim=-2)
