"""bitsandbytes: NF4 and FP4 with nested scales (QLoRA, arXiv:2305.14314), and int8 rows (LLM.int8)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from engine.api import ModelFileError, UnsupportedModelError
from engine.quants.bitstream import unpack
from engine.quants.compressed import ScaledRows
from engine.quants.packed import Packed
from engine.quants.source import Source

_STATE = "weight.quant_state.bitsandbytes__"


@dataclass(frozen=True)
class CodebookTensor(Packed):
    """`packed` uint8 [values / 2], the first number in the upper half; `scales` float32, one for `block` values.

    `start` counts the values of the first block that come before the matrix.
    """

    packed: Tensor
    scales: Tensor
    codebook: Tensor
    block: int
    start: int = 0

    def dequantize(self) -> Tensor:
        """codebook[number] * scale."""
        numbers = unpack(self.packed, 4).view(-1, 2).flip(-1).flatten()
        count = self.shape[0] * self.shape[1]
        scales = self.scales.repeat_interleave(self.block)[self.start : self.start + count]
        return (self.codebook[numbers[:count].int()] * scales).view(self.shape)

    def narrow_rows(self, start: int, length: int) -> Self:
        """A view. Raises `ModelFileError` where a row begins inside a byte."""
        columns = self.shape[1]
        first, count = start * columns, length * columns
        if first % 2:
            raise ModelFileError(f"Rows of {columns} values packed by two cannot be taken apart.")
        block, before = divmod(self.start + first, self.block)
        packed = self.packed[first // 2 : -(-(first + count) // 2)]
        return replace(self, shape=(length, columns), packed=packed, scales=self.scales[block:], start=before)


def read_bitsandbytes(source: Source, prefix: str) -> Packed | None:
    """The weight of the projection `prefix`, or None where it is not packed."""
    if source.has(f"{prefix}.weight", f"{prefix}.SCB"):
        words = source.read(f"{prefix}.weight", -1, -1)
        scales = source.read(f"{prefix}.SCB", words.shape[0]).float()[:, None] / 127
        return ScaledRows((words.shape[0], words.shape[1]), words, scales, None, None, None)
    kind = next((kind for kind in ("nf4", "fp4") if source.has(f"{prefix}.{_STATE}{kind}")), None)
    if kind is None:
        return None
    state = _state(source.read(f"{prefix}.{_STATE}{kind}"), prefix)
    shape, block = state.get("shape"), state.get("blocksize")
    if not isinstance(shape, list) or len(shape) != 2 or not all(isinstance(n, int) and n > 0 for n in shape):
        raise ModelFileError(f"{prefix}: the shape {shape!r:.60} is impossible.")
    if not isinstance(block, int) or block < 2 or block % 2:
        raise ModelFileError(f"{prefix}: the block size {block!r:.20} is impossible.")
    values = shape[0] * shape[1]
    packed = source.read(f"{prefix}.weight").reshape(-1)
    scales = _scales(source, prefix, state, -(-values // block))
    if packed.dtype != torch.uint8:
        raise UnsupportedModelError(f"{prefix}.weight is stored as {packed.dtype}, not as bytes.")
    if packed.numel() != -(-values // 2):
        raise ModelFileError(f"{prefix}.weight has {packed.numel()} bytes for {values} values.")
    codebook = source.read(f"{prefix}.weight.quant_map", 16).float()
    return CodebookTensor((shape[0], shape[1]), packed, scales, codebook, block)


def _scales(source: Source, prefix: str, state: dict[str, Any], count: int) -> Tensor:
    """Scales, which may be packed themselves: 8-bit indices, scales of their own, and a mean."""
    stored = source.read(f"{prefix}.weight.absmax", count)
    if stored.dtype != torch.uint8:
        return stored.float()
    block, offset = state.get("nested_blocksize"), state.get("nested_offset")
    if not isinstance(block, int) or block < 1 or not isinstance(offset, float | int):
        raise ModelFileError(f"{prefix}: the scales' own block size {block!r:.20} is impossible.")
    outer = source.read(f"{prefix}.weight.nested_absmax", -(-count // block)).float()
    codebook = source.read(f"{prefix}.weight.nested_quant_map", 256).float()
    return codebook[stored.int()] * outer.repeat_interleave(block)[:count] + offset


def _state(stored: Tensor, prefix: str) -> dict[str, Any]:
    try:
        state = json.loads(bytes(stored.to(torch.uint8).tolist()))
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{prefix}: the description of its packing is damaged: {error}.") from error
    if not isinstance(state, dict):
        raise ModelFileError(f"{prefix}: the description of its packing is not a JSON object.")
    return state
