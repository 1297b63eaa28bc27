"""IQ1_S to IQ3_S: 256 values in groups of four or eight, each group an entry of a fixed codebook.

Layouts: ggml-common.h of github.com/ggml-org/ggml, structs block_iq1_s to block_iq3_s; `codebooks.safetensors`
holds its tables iq1s_grid to iq3s_grid.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.constant import Constant
from engine.quants.block import BlockType, bits, halves, nibble_pairs

_EIGHT = tuple(range(8))
_DELTA = 0.125  # IQ1S_DELTA: what shifts a group of IQ1 up or down


@cache
def _tables() -> dict[str, Constant]:
    tables = load_file(Path(__file__).with_name("codebooks.safetensors"))
    return {name: Constant(table.float()) for name, table in tables.items()}


def _entries(name: str, index: Tensor) -> Tensor:
    """Codebook entries by index [N, groups] -> float32 [N, groups, 4 or 8]."""
    return _tables()[name].on(index.device)[index]


def _words(packed: Tensor, dtype: torch.dtype) -> Tensor:
    """Little-endian words of bytes [N, n], as int64 without a sign."""
    width = torch.empty(0, dtype=dtype).element_size()
    aligned = packed.clone(memory_format=torch.contiguous_format)  # a single block would stay where it is
    return aligned.view(dtype).long() & ((1 << 8 * width) - 1)


def _signs(packed: Tensor) -> Tensor:
    """A bit for each value, set where it is negative: [N, n] -> 1 or -1 as float32 [N, n, 8]."""
    shifts = torch.arange(8, device=packed.device)
    return 1.0 - 2.0 * ((packed.long()[..., None] >> shifts) & 1).float()


def _even_signs(index: Tensor) -> Tensor:
    """Seven bits whose eighth makes the number of minus signs even (ksigns_iq2xs)."""
    parity = (index ^ (index >> 4)) & 15
    parity = (0x6996 >> parity) & 1
    return _signs(index | (parity << 7))


def _four_signs(words: Tensor) -> Tensor:
    """Four times seven sign bits of 32-bit words [N, n] -> [N, 4n, 8]."""
    shifts = torch.arange(0, 28, 7, device=words.device)
    return _even_signs(((words[..., None] >> shifts) & 127).flatten(1))


def _iq2_xxs(blocks: Tensor) -> Tensor:
    """float16 d, then for 32 values: four indices of a byte, 28 bits of signs, 4 bits of scale."""
    words = _words(blocks[:, 2:], torch.int32)[:, 1::2]
    index = blocks[:, 2:].reshape(-1, 8, 8)[..., :4].flatten(1).long()
    step = halves(blocks, 0) * (0.5 + (words >> 28).float()) * 0.25
    return _scaled(step, _entries("iq2_xxs", index), _four_signs(words))


def _iq2_xs(blocks: Tensor) -> Tensor:
    """float16 d, 32 words of a 9-bit index and 7 bits of signs, 8 bytes of two 4-bit scales for 16 values each."""
    words = _words(blocks[:, 2:66], torch.int16)
    step = halves(blocks, 0) * (0.5 + nibble_pairs(blocks[:, 66:]).float()) * 0.25
    return _scaled(step, _entries("iq2_xs", words & 511), _even_signs(words >> 9))


def _iq2_s(blocks: Tensor) -> Tensor:
    """float16 d, 32 low index bytes, 32 sign bytes, 8 bytes of high index bits, 8 bytes of scales as IQ2_XS."""
    high = bits(blocks[:, 66:74, None], (0, 2, 4, 6), 3).flatten(1).long()
    index = blocks[:, 2:34].long() | (high << 8)
    step = halves(blocks, 0) * (0.5 + nibble_pairs(blocks[:, 74:]).float()) * 0.25
    return _scaled(step, _entries("iq2_s", index), _signs(blocks[:, 34:66]))


def _iq3_xxs(blocks: Tensor) -> Tensor:
    """float16 d, 64 index bytes for four values each, then for 32 values 28 bits of signs and 4 bits of scale."""
    words = _words(blocks[:, 66:], torch.int32)
    step = halves(blocks, 0) * (0.5 + (words >> 28).float()) * 0.5
    return _scaled(step, _entries("iq3_xxs", blocks[:, 2:66].long()), _four_signs(words))


def _iq3_s(blocks: Tensor) -> Tensor:
    """float16 d, 64 low index bytes, 8 bytes of ninth bits, 32 sign bytes, 4 bytes of 4-bit scales."""
    high = bits(blocks[:, 66:74, None], _EIGHT, 1).flatten(1).long()
    index = blocks[:, 2:66].long() | (high << 8)
    step = halves(blocks, 0) * (1 + 2 * nibble_pairs(blocks[:, 106:]).float())
    return _scaled(step, _entries("iq3_s", index), _signs(blocks[:, 74:106]))


def _scaled(step: Tensor, entries: Tensor, signs: Tensor) -> Tensor:
    """step [N, parts] for equal parts of the block."""
    parts = step.shape[1]
    values = step[..., None] * entries.reshape(len(step), parts, -1)
    return (values * signs.reshape(len(step), parts, -1)).flatten(1)


def _iq1_s(blocks: Tensor) -> Tensor:
    """float16 d, 32 low index bytes, for 32 values: four times three index bits, 3 bits of scale, a shift's sign."""
    words = _words(blocks[:, 34:], torch.int16)
    shifts = torch.arange(0, 12, 3, device=blocks.device)
    index = blocks[:, 2:34].long() | (((words[..., None] >> shifts) & 7) << 8).flatten(1)
    step = halves(blocks, 0) * (2 * ((words >> 12) & 7) + 1).float()
    shift = torch.where(words & 0x8000 == 0, _DELTA, -_DELTA)
    entries = _entries("iq1_s", index).reshape(len(blocks), 8, 32)
    return (step[..., None] * (entries + shift[..., None])).flatten(1)


def _iq1_m(blocks: Tensor) -> Tensor:
    """32 low index bytes, 16 bytes of index bits and shifts, 8 bytes of 3-bit scales around the parts of d."""
    words = _words(blocks[:, 48:], torch.int16)
    parts = (words >> 12) << torch.arange(0, 16, 4, device=blocks.device)
    d = parts.sum(1, keepdim=True).to(torch.uint16).view(torch.float16).float()
    shifts = torch.arange(0, 12, 3, device=blocks.device)
    step = d * (2 * ((words[..., None] >> shifts) & 7).flatten(1) + 1).float()
    high = nibble_pairs(blocks[:, 32:48]).long()
    index = blocks[:, :32].long() | ((high & 7) << 8)
    shift = torch.where(high & 8 == 0, _DELTA, -_DELTA)
    entries = _entries("iq1_s", index) + shift[..., None]
    return (step[..., None] * entries.reshape(len(blocks), 16, 16)).flatten(1)


TYPES = (
    BlockType("IQ2_XXS", 16, 256, 66, _iq2_xxs),
    BlockType("IQ2_XS", 17, 256, 74, _iq2_xs),
    BlockType("IQ3_XXS", 18, 256, 98, _iq3_xxs),
    BlockType("IQ1_S", 19, 256, 50, _iq1_s),
    BlockType("IQ3_S", 21, 256, 110, _iq3_s),
    BlockType("IQ2_S", 22, 256, 82, _iq2_s),
    BlockType("IQ1_M", 29, 256, 56, _iq1_m),
)
