"""Q2_K to Q6_K and Q8_K: super-blocks of 256 values whose sub-blocks have quantised scales of their own.

Layouts: ggml-common.h of github.com/ggml-org/ggml, structs block_q2_K to block_q8_K.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.quants.block import BlockType, bits, halves, nibbles

_TWO_BITS = (0, 2, 4, 6)


def _q2_k(blocks: Tensor) -> Tensor:
    """16 bytes of 4-bit scale and minimum, 64 bytes of 2-bit values, float16 d and dmin."""
    scales = blocks[:, :16]
    d, d_min = halves(blocks, 80), halves(blocks, 82)
    step = (d * (scales & 15).float())[:, :, None]
    least = (d_min * (scales >> 4).float())[:, :, None]
    q = bits(blocks[:, 16:80].view(-1, 2, 32), _TWO_BITS, 3).reshape(-1, 16, 16).float()
    return (step * q - least).flatten(1)


def _q3_k(blocks: Tensor) -> Tensor:
    """32 bytes of third bits, 64 bytes of 2-bit values, 12 bytes of 6-bit scales, float16 d."""
    third, low, packed = blocks[:, :32], blocks[:, 32:96].view(-1, 2, 32), blocks[:, 96:108]
    low_scales = nibbles(packed[:, :8]).flatten(1)
    high_scales = bits(packed[:, 8:], _TWO_BITS, 3).flatten(1)
    scales = (low_scales | (high_scales << 4)).float() - 32
    step = (halves(blocks, 108) * scales)[:, :, None]
    two = bits(low, _TWO_BITS, 3).reshape(-1, 16, 16)
    absent = 1 - bits(third[:, None], tuple(range(8)), 1).reshape(-1, 16, 16)
    return (step * (two.float() - 4 * absent.float())).flatten(1)


def _scales_and_minima(packed: Tensor) -> tuple[Tensor, Tensor]:
    """12 bytes -> eight 6-bit scales and eight 6-bit minima (get_scale_min_k4 in ggml-quants.c)."""
    first, second, third = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    scales = torch.cat((first & 63, (third & 15) | ((first >> 6) << 4)), dim=1)
    minima = torch.cat((second & 63, (third >> 4) | ((second >> 6) << 4)), dim=1)
    return scales.float(), minima.float()


def _q4_k(blocks: Tensor) -> Tensor:
    """float16 d and dmin, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles."""
    scales, minima = _scales_and_minima(blocks[:, 4:16])
    step = (halves(blocks, 0) * scales)[:, :, None]
    least = (halves(blocks, 2) * minima)[:, :, None]
    q = nibbles(blocks[:, 16:].view(-1, 4, 32)).reshape(-1, 8, 32).float()
    return (step * q - least).flatten(1)


def _q5_k(blocks: Tensor) -> Tensor:
    """As Q4_K with 32 bytes of fifth bits before the nibbles."""
    scales, minima = _scales_and_minima(blocks[:, 4:16])
    step = (halves(blocks, 0) * scales)[:, :, None]
    least = (halves(blocks, 2) * minima)[:, :, None]
    low = nibbles(blocks[:, 48:].view(-1, 4, 32)).reshape(-1, 8, 32)
    fifth = bits(blocks[:, 16:48], tuple(range(8)), 1)
    return (step * (low | (fifth << 4)).float() - least).flatten(1)


def _q6_k(blocks: Tensor) -> Tensor:
    """128 bytes of nibbles, 64 bytes of 2-bit high parts, 16 signed 8-bit scales, float16 d."""
    low = nibbles(blocks[:, :128].view(-1, 2, 64)).reshape(-1, 8, 32)
    high = bits(blocks[:, 128:192].view(-1, 2, 32), _TWO_BITS, 3).reshape(-1, 8, 32)
    q = (low | (high << 4)).float() - 32
    scales = blocks[:, 192:208].view(torch.int8).float()
    step = (halves(blocks, 208) * scales)[:, :, None]
    return (step * q.view(-1, 16, 16)).flatten(1)


def _q8_k(blocks: Tensor) -> Tensor:
    """float32 d, 256 signed bytes, 16 sums that dequantising does not need."""
    d = blocks[:, :4].contiguous().view(torch.float32)
    return d * blocks[:, 4:260].view(torch.int8).float()


TYPES = (
    BlockType("Q2_K", 10, 256, 84, _q2_k),
    BlockType("Q3_K", 11, 256, 110, _q3_k),
    BlockType("Q4_K", 12, 256, 144, _q4_k),
    BlockType("Q5_K", 13, 256, 176, _q5_k),
    BlockType("Q6_K", 14, 256, 210, _q6_k),
    BlockType("Q8_K", 15, 256, 292, _q8_k),
)
