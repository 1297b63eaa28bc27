"""PackedTensor: a weight in its file's block format, usually a view of the mapped file; never written to."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.quants.block import BlockType


@dataclass(frozen=True, slots=True)
class PackedTensor:
    """`blocks` is uint8 [*leading, row_bytes]; `shape` is the tensor's own, in torch's order."""

    type: BlockType
    blocks: Tensor
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the blocks."""
        return self.blocks.nbytes

    def dequantize(self) -> Tensor:
        """All values, float32."""
        return self.type.dequantize(self.blocks.reshape(-1, self.type.type_size)).view(self.shape)

    def rows(self, index: Tensor) -> Tensor:
        """Rows of a matrix by index [...], as float32 [..., columns]."""
        chosen = self.blocks[index.flatten()]
        values = self.type.dequantize(chosen.view(-1, self.type.type_size))
        return values.view(*index.shape, self.shape[-1])

    def narrow_rows(self, start: int, length: int) -> PackedTensor:
        """Rows start..start+length of the first dimension; a view."""
        return PackedTensor(self.type, self.blocks.narrow(0, start, length), (length, *self.shape[1:]))

    def __getitem__(self, index: int) -> PackedTensor:
        return PackedTensor(self.type, self.blocks[index], self.shape[1:])

    def to(self, device: torch.device) -> PackedTensor:
        """The same on `device`."""
        return PackedTensor(self.type, self.blocks.to(device), self.shape)
