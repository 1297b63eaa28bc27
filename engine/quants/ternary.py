"""TQ1_0 and TQ2_0: 256 values of -1, 0 or 1 that share one float16 scale.

Layouts: ggml-common.h of github.com/ggml-org/ggml, structs block_tq1_0 and block_tq2_0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.constant import Constant
from engine.quants.block import BlockType, bits, halves

_POWERS = Constant(torch.tensor([1, 3, 9, 27, 81], dtype=torch.int16))


def _trits(packed: Tensor, count: int) -> Tensor:
    """Base-3 digits of bytes, the highest first: uint8 [N, n] -> [N, count, n]."""
    powers = _POWERS.on(packed.device)[:count]
    shifted = (packed.short()[:, None, :] * powers[None, :, None]) & 0xFF
    return (shifted * 3) >> 8


def _tq1_0(blocks: Tensor) -> Tensor:
    """48 bytes of five digits (32, then 16 abreast), 4 bytes of four digits, float16 d."""
    digits = (_trits(blocks[:, :32], 5), _trits(blocks[:, 32:48], 5), _trits(blocks[:, 48:52], 4))
    q = torch.cat([part.flatten(1) for part in digits], dim=1)
    return halves(blocks, 52) * (q.float() - 1)


def _tq2_0(blocks: Tensor) -> Tensor:
    """64 bytes of 2-bit values, float16 d."""
    q = bits(blocks[:, :64].view(-1, 2, 32), (0, 2, 4, 6), 3).flatten(1)
    return halves(blocks, 64) * (q.float() - 1)


TYPES = (BlockType("TQ1_0", 34, 256, 54, _tq1_0), BlockType("TQ2_0", 35, 256, 66, _tq2_0))
