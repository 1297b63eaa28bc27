"""Float8 weights with scales: one for all, one a row, or one a block of rows and columns (DeepSeek-V3, 3.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from engine.api import ModelFileError
from engine.quants.packed import Packed
from engine.quants.source import Source


@dataclass(frozen=True)
class Float8Tensor(Packed):
    """`values` float8 [out, in], `scales` [row, column blocks], the first of which begins `rows_before` earlier."""

    values: Tensor
    scales: Tensor
    block: tuple[int, int]
    rows_before: int = 0

    def dequantize(self) -> Tensor:
        """value * scale."""
        height, width = self.block
        rows = self.scales.float().repeat_interleave(height, dim=0)[self.rows_before :][: self.shape[0]]
        return self.values.float() * rows.repeat_interleave(width, dim=1)[:, : self.shape[1]]

    def narrow_rows(self, start: int, length: int) -> Self:
        """A view."""
        first, before = divmod(self.rows_before + start, self.block[0])
        values = self.values.narrow(0, start, length)
        shape = (length, self.shape[1])
        return replace(self, shape=shape, values=values, scales=self.scales[first:], rows_before=before)


def read_float8(source: Source, prefix: str) -> Packed | None:
    """The weight of the projection `prefix`, or None where it is not packed."""
    name = next((f"{prefix}.{s}" for s in ("weight_scale_inv", "weight_scale") if source.has(f"{prefix}.{s}")), None)
    if name is None or not source.has(f"{prefix}.weight"):
        return None
    values = source.read(f"{prefix}.weight", -1, -1)
    outputs, inputs = values.shape
    scales = source.read(name)
    block = source.settings.get("weight_block_size")
    if scales.numel() == 1:
        return Float8Tensor((outputs, inputs), values, scales.reshape(1, 1), (outputs, inputs))
    if scales.numel() == outputs:
        return Float8Tensor((outputs, inputs), values, scales.reshape(outputs, 1), (1, inputs))
    if not (isinstance(block, list) and len(block) == 2 and all(isinstance(n, int) and n > 0 for n in block)):
        block = [-(-outputs // scales.shape[0]), -(-inputs // scales.shape[-1])]
    if scales.dim() != 2 or tuple(scales.shape) != (-(-outputs // block[0]), -(-inputs // block[1])):
        raise ModelFileError(f"{name} has shape {list(scales.shape)}, which does not fit blocks of {block}.")
    return Float8Tensor((outputs, inputs), values, scales, (block[0], block[1]))
