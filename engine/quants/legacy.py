"""Q4_0, Q4_1, Q5_0, Q5_1, Q8_0: 32 values that share one float16 scale (and minimum).

Layouts: ggml-common.h of github.com/ggml-org/ggml, structs block_q4_0 to block_q8_0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.quants.block import BlockType, halves, nibbles


def _q4_0(blocks: Tensor) -> Tensor:
    """float16 d, 16 bytes of nibbles: d * (q - 8)."""
    q = nibbles(blocks[:, 2:]).flatten(1).float() - 8
    return halves(blocks, 0) * q


def _q4_1(blocks: Tensor) -> Tensor:
    """float16 d and m, 16 bytes of nibbles: d * q + m."""
    q = nibbles(blocks[:, 4:]).flatten(1).float()
    return halves(blocks, 0) * q + halves(blocks, 2)


def _fifth_bits(packed: Tensor) -> Tensor:
    """4 bytes -> 32 bits, lowest first."""
    shifts = torch.arange(8, dtype=torch.uint8, device=packed.device)
    return ((packed[:, :, None] >> shifts) & 1).flatten(1)


def _q5_0(blocks: Tensor) -> Tensor:
    """float16 d, 4 bytes of fifth bits, 16 bytes of nibbles: d * (q - 16)."""
    q = nibbles(blocks[:, 6:]).flatten(1) | (_fifth_bits(blocks[:, 2:6]) << 4)
    return halves(blocks, 0) * (q.float() - 16)


def _q5_1(blocks: Tensor) -> Tensor:
    """float16 d and m, 4 bytes of fifth bits, 16 bytes of nibbles: d * q + m."""
    q = nibbles(blocks[:, 8:]).flatten(1) | (_fifth_bits(blocks[:, 4:8]) << 4)
    return halves(blocks, 0) * q.float() + halves(blocks, 2)


def _q8_0(blocks: Tensor) -> Tensor:
    """float16 d, 32 signed bytes: d * q."""
    return halves(blocks, 0) * blocks[:, 2:].view(torch.int8).float()


TYPES = (
    BlockType("Q4_0", 2, 32, 18, _q4_0),
    BlockType("Q4_1", 3, 32, 20, _q4_1),
    BlockType("Q5_0", 6, 32, 22, _q5_0),
    BlockType("Q5_1", 7, 32, 24, _q5_1),
    BlockType("Q8_0", 8, 32, 34, _q8_0),
)
