"""Weights that stay as their file packs them, usually views of the mapped file; never written to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import torch
from torch import Tensor

from engine.cuda import products
from engine.quants.block import BlockType


@dataclass(frozen=True)
class Packed(ABC):
    """A packed weight matrix; `shape` is that of its values."""

    shape: tuple[int, ...]

    @abstractmethod
    def dequantize(self) -> Tensor:
        """All values, float32."""

    @abstractmethod
    def narrow_rows(self, start: int, length: int) -> Self:
        """Rows start..start+length of the first dimension."""

    def rows(self, index: Tensor) -> Tensor:
        """Rows of a matrix by index [...], as float32 [..., columns]."""
        return self.dequantize()[index]

    def to(self, device: torch.device) -> Self:
        """The same on `device`."""
        return self._each(lambda part: part.to(device))

    @property
    def device(self) -> torch.device:
        """Where all parts are."""
        return next(iter(self._parts().values())).device

    @property
    def nbytes(self) -> int:
        """Bytes of all parts."""
        return sum(part.nbytes for part in self._parts().values())

    def _parts(self) -> dict[str, Tensor]:
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if isinstance(value, Tensor)}

    def _each(self, change: Any, **other: Any) -> Self:
        return replace(self, **{name: change(part) for name, part in self._parts().items()}, **other)


def values(weight: Tensor | Packed) -> Tensor:
    """A weight's values, packed or not."""
    return weight if isinstance(weight, Tensor) else weight.dequantize()


@dataclass(frozen=True)
class RowPacked(Packed):
    """A packing whose parts all have the matrix's rows as their first dimension; it may be a stack of matrices.

    Of a stack, the first dimension counts the matrices, also where rows are asked for.
    """

    def narrow_rows(self, start: int, length: int) -> Self:
        """A view."""
        return self._each(lambda part: part.narrow(0, start, length), shape=(length, *self.shape[1:]))

    def rows(self, index: Tensor) -> Tensor:
        """Only these are dequantised."""
        chosen = index.flatten()
        return (
            self._each(lambda part: part[chosen], shape=(len(chosen), *self.shape[1:]))
            .dequantize()
            .view(*index.shape, *self.shape[1:])
        )

    def __getitem__(self, index: int | slice) -> Self:
        if isinstance(index, int):
            return self._each(lambda part: part[index], shape=self.shape[1:])
        count = len(range(*index.indices(self.shape[0])))
        return self._each(lambda part: part[index], shape=(count, *self.shape[1:]))


def stacked(weights: Sequence[Tensor | Packed]) -> Tensor | RowPacked | None:
    """Weights of one shape and kind along a new first dimension (a copy); None where they are not."""
    first = weights[0]
    if isinstance(first, Tensor):
        alike = [w for w in weights if isinstance(w, Tensor) and (w.shape, w.dtype) == (first.shape, first.dtype)]
        return torch.stack(alike) if len(alike) == len(weights) else None
    if not isinstance(first, RowPacked):
        return None
    parts = first._parts()
    layout = _layout(first)
    packed = [weight for weight in weights if isinstance(weight, RowPacked) and _layout(weight) == layout]
    if len(packed) < len(weights):
        return None
    stacks = {name: torch.stack([getattr(weight, name) for weight in packed]) for name in parts}
    return replace(first, shape=(len(packed), *first.shape), **stacks)


def _layout(weight: Packed) -> object:
    """All but the numbers."""
    values = {field.name: getattr(weight, field.name) for field in fields(weight)}
    return type(weight), {
        name: (value.shape, value.dtype) if isinstance(value, Tensor) else value for name, value in values.items()
    }


@dataclass(frozen=True)
class PackedTensor(RowPacked):
    """ggml's blocks: uint8 [*leading, row_bytes]."""

    type: BlockType
    blocks: Tensor

    def dequantize(self) -> Tensor:
        """All values, float32."""
        if products.takes(self, self.device):
            return products.unpacked(self, torch.float32)
        return self.type.dequantize(self.blocks.reshape(-1, self.type.type_size)).view(self.shape)
