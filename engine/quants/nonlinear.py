"""IQ4_NL, IQ4_XS and MXFP4: 4-bit indices into a table of sixteen values.

Layouts: ggml-common.h of github.com/ggml-org/ggml (block_iq4_nl, block_iq4_xs, block_mxfp4, kvalues_iq4nl).
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.constant import Constant
from engine.quants.block import BlockType, halves, nibble_pairs, nibbles

_IQ4 = Constant(
    torch.tensor([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], dtype=torch.float32)
)
_TWICE_E2M1 = Constant(torch.tensor([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], dtype=torch.float32))


def _looked_up(indices: Tensor, table: Constant) -> Tensor:
    return table.on(indices.device)[indices.int()]


def _iq4_nl(blocks: Tensor) -> Tensor:
    """float16 d, 16 bytes of indices."""
    return halves(blocks, 0) * _looked_up(nibbles(blocks[:, 2:]).flatten(1), _IQ4)


def _iq4_xs(blocks: Tensor) -> Tensor:
    """float16 d, 16 bits of high scale parts, 4 bytes of low ones, 128 bytes of indices."""
    high = blocks[:, 2:4].contiguous().view(torch.int16).int() & 0xFFFF
    shifts = torch.arange(0, 16, 2, device=blocks.device)
    low = nibble_pairs(blocks[:, 4:8]).int()
    scales = (low | (((high >> shifts) & 3) << 4)).float() - 32
    values = _looked_up(nibbles(blocks[:, 8:].view(-1, 8, 16)).flatten(2), _IQ4)
    return ((halves(blocks, 0) * scales)[:, :, None] * values).flatten(1)


def _mxfp4(blocks: Tensor) -> Tensor:
    """One E8M0 exponent, 16 bytes of E2M1 indices (OCP Microscaling Formats 1.0, section 5.3)."""
    exponent = blocks[:, :1].int()
    # Half of 2^(e - 127); below 2 the result is subnormal and has no exponent bits of its own.
    raw = torch.where(exponent < 2, 0x00200000 << exponent.clamp_max(1), (exponent - 1) << 23)
    return raw.contiguous().view(torch.float32) * _looked_up(nibbles(blocks[:, 1:]).flatten(1), _TWICE_E2M1)


TYPES = (
    BlockType("IQ4_NL", 20, 32, 18, _iq4_nl),
    BlockType("IQ4_XS", 23, 256, 136, _iq4_xs),
    BlockType("MXFP4", 39, 32, 17, _mxfp4),
)
