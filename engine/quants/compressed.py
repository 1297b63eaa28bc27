"""compressed-tensors (github.com/vllm-project/compressed-tensors): integers of 2 to 8 bits and float8 with scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.api import ModelFileError, UnsupportedModelError
from engine.quants.bitstream import unpack
from engine.quants.float8 import read_float8
from engine.quants.microscaling import read_nvfp4
from engine.quants.packed import Packed, RowPacked
from engine.quants.source import Source


@dataclass(frozen=True)
class ScaledRows(RowPacked):
    """Rows of integers with `scales` [out, groups], and `zeros` alike where the packing is not symmetric.

    `words` are int8 [out, in], or int32 [out, in * bits / 32] with `bits`: then the numbers are stored from 0 on.
    """

    words: Tensor
    scales: Tensor
    zeros: Tensor | None
    group: Tensor | None  # [out, in], the same for every row: each input's group, where groups are out of order
    bits: int | None

    def dequantize(self) -> Tensor:
        """(number - zero) * scale."""
        numbers = self.words.float()
        if self.bits is not None:
            numbers = unpack(self.words, self.bits)[..., : self.shape[-1]].float() - (1 << (self.bits - 1))
        if self.zeros is not None:
            numbers = numbers - self._spread(self.zeros.float())
        return numbers * self._spread(self.scales.float())

    def _spread(self, per_group: Tensor) -> Tensor:
        if self.group is not None:
            return per_group.gather(-1, self.group.long())
        size = -(-self.shape[-1] // per_group.shape[-1])
        return per_group.repeat_interleave(size, dim=-1)[..., : self.shape[-1]]


def read_compressed(source: Source, prefix: str) -> Packed | None:
    """The weight of the projection `prefix`, or None where it is not packed."""
    if source.has(f"{prefix}.weight_packed", f"{prefix}.weight_global_scale"):
        return read_nvfp4(source, prefix)
    if source.has(f"{prefix}.weight_packed"):
        return _read_packed(source, prefix)
    if not source.has(f"{prefix}.weight", f"{prefix}.weight_scale"):
        return None
    words = source.read(f"{prefix}.weight", -1, -1)
    if words.dtype in (torch.float8_e4m3fn, torch.float8_e5m2):
        return read_float8(source, prefix)
    outputs, inputs = words.shape
    scales = _per_row(source.read(f"{prefix}.weight_scale"), outputs, prefix)
    zeros = None
    if source.has(f"{prefix}.weight_zero_point"):
        zeros = _per_row(source.read(f"{prefix}.weight_zero_point"), outputs, prefix)
    return ScaledRows((outputs, inputs), words, scales, zeros, None, None)


def _read_packed(source: Source, prefix: str) -> Packed:
    bits = _bits(source.settings)
    words = source.read(f"{prefix}.weight_packed", -1, -1)
    shape = source.read(f"{prefix}.weight_shape", 2).tolist()
    outputs, inputs = (int(size) for size in shape)
    if outputs != words.shape[0] or not 0 < inputs <= words.shape[1] * 32 // bits:
        raise ModelFileError(f"{prefix}.weight_shape is {shape}, but the words are {list(words.shape)}.")
    scales = _per_row(source.read(f"{prefix}.weight_scale"), outputs, prefix)
    zeros = None
    if source.has(f"{prefix}.weight_zero_point"):  # packed along the outputs
        packed = source.read(f"{prefix}.weight_zero_point", -(-outputs * bits // 32), scales.shape[1])
        zeros = unpack(packed.t(), bits).t()[:outputs].to(torch.int16) - (1 << (bits - 1))
    group = None
    if source.has(f"{prefix}.weight_g_idx"):
        group = source.read(f"{prefix}.weight_g_idx", inputs)
        if int(group.min()) < 0 or int(group.max()) >= scales.shape[1]:
            raise ModelFileError(f"{prefix}.weight_g_idx names groups that are not there.")
        group = group.expand(outputs, inputs)
    return ScaledRows((outputs, inputs), words, scales, zeros, group, bits)


def _per_row(scales: Tensor, outputs: int, prefix: str) -> Tensor:
    """One scale for all, one a row, or one a group of a row, as [out, groups]."""
    if scales.numel() == 1:
        return scales.reshape(1, 1).expand(outputs, 1)
    if scales.shape[0] != outputs:
        raise ModelFileError(f"{prefix}: the scales {list(scales.shape)} do not fit {outputs} rows.")
    return scales.reshape(outputs, -1)


def _bits(settings: Mapping[str, Any]) -> int:
    groups = settings.get("config_groups")
    found: set[Any] = set()
    for group in groups.values() if isinstance(groups, Mapping) else ():
        weights = group.get("weights") if isinstance(group, Mapping) else None
        found.add(weights.get("num_bits") if isinstance(weights, Mapping) else None)
    bits = found.pop() if len(found) == 1 else None
    if bits not in (2, 3, 4, 8):
        raise UnsupportedModelError(f"Weights packed with {bits or 'several'} bits are not supported.")
    return int(bits)
