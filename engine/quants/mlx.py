"""MLX: integers of 2 to 8 bits with a scale and an offset for each group (github.com/ml-explore/mlx, ops.cpp)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from engine.api import ModelFileError, UnsupportedModelError
from engine.quants.bitstream import unpack
from engine.quants.packed import Packed, RowPacked
from engine.quants.source import Source


@dataclass(frozen=True)
class MlxTensor(RowPacked):
    """`words` uint32 [out, in * bits / 32], `scales` and `offsets` [out, groups]."""

    words: Tensor
    scales: Tensor
    offsets: Tensor
    bits: int

    def dequantize(self) -> Tensor:
        """number * scale + offset."""
        numbers = unpack(self.words, self.bits).float().view(*self.scales.shape, -1)
        return (numbers * self.scales.float()[..., None] + self.offsets.float()[..., None]).flatten(-2)


def read_mlx(source: Source, prefix: str) -> Packed | None:
    """The weight of the projection or embedding `prefix`, or None where it is not packed.

    A layer's own settings, under its name, win over those of the model.
    """
    if not source.has(f"{prefix}.weight", f"{prefix}.scales"):
        return None
    own = source.settings.get(prefix)
    if isinstance(own, Mapping):
        source = replace(source, settings={**source.settings, **own})
    if source.settings.get("mode", "affine") != "affine":
        raise UnsupportedModelError(f"MLX weights packed as {source.settings['mode']!r:.40} are not supported.")
    bits = source.integer("bits", (2, 3, 4, 5, 6, 8))
    size = source.integer("group_size", range(8, 1025))
    words = source.read(f"{prefix}.weight", -1, -1)
    outputs, inputs = words.shape[0], words.shape[1] * 32 // bits
    if inputs % size or words.shape[1] * 32 % bits:
        raise ModelFileError(f"{prefix}.weight has rows of {inputs} values, not whole groups of {size}.")
    scales = source.read(f"{prefix}.scales", outputs, inputs // size)
    offsets = source.read(f"{prefix}.biases", outputs, inputs // size)
    return MlxTensor((outputs, inputs), words, scales, offsets, bits)
