"""Four-bit floats (E2M1) in safetensors: MXFP4 as GPT-OSS stores it, and NVFP4 (OCP Microscaling Formats 1.0)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.api import ModelFileError
from engine.constant import Constant
from engine.quants.bitstream import unpack
from engine.quants.packed import Packed, RowPacked
from engine.quants.source import Source

_MAGNITUDES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_E2M1 = Constant(torch.tensor([*_MAGNITUDES, *(-value for value in _MAGNITUDES)]))


def _values(packed: Tensor) -> Tensor:
    """Two numbers a byte, the lower half first."""
    return _E2M1.on(packed.device)[unpack(packed, 4).int()]


@dataclass(frozen=True)
class Mxfp4Tensor(RowPacked):
    """`blocks` uint8 [..., out, groups, 16], `scales` uint8 [..., out, groups]: powers of two, 127 is 1."""

    blocks: Tensor
    scales: Tensor

    def dequantize(self) -> Tensor:
        """value * 2^(scale - 127)."""
        exponent = self.scales.int() - 127
        return torch.ldexp(_values(self.blocks), exponent[..., None]).reshape(self.shape)


@dataclass(frozen=True)
class Nvfp4Tensor(RowPacked):
    """`packed` uint8 [out, in / 2], `scales` float8 [out, in / 16], `divisor` [out] the same for all rows."""

    packed: Tensor
    scales: Tensor
    divisor: Tensor

    def dequantize(self) -> Tensor:
        """value * scale / divisor."""
        steps = self.scales.float() / self.divisor.float()[..., None]
        size = self.shape[-1] // steps.shape[-1]
        return _values(self.packed) * steps.repeat_interleave(size, dim=-1)


def read_mxfp4(source: Source, prefix: str) -> Packed | None:
    """The stacked weight `prefix` of all experts, or None where it is not packed."""
    if not source.has(f"{prefix}_blocks", f"{prefix}_scales"):
        return None
    blocks = source.read(f"{prefix}_blocks", -1, -1, -1, 16)
    *leading, groups, _ = blocks.shape
    scales = source.read(f"{prefix}_scales", *leading, groups)
    return Mxfp4Tensor((*leading, groups * 32), blocks, scales)


def read_nvfp4(source: Source, prefix: str) -> Packed:
    """The weight of the projection `prefix`."""
    packed = source.read(f"{prefix}.weight_packed", -1, -1)
    outputs, inputs = packed.shape[0], packed.shape[1] * 2
    scales = source.read(f"{prefix}.weight_scale", outputs, -1)
    if inputs % scales.shape[1]:
        raise ModelFileError(f"{prefix}.weight_scale has {scales.shape[1]} groups for {inputs} inputs.")
    divisor = source.read(f"{prefix}.weight_global_scale")
    if divisor.numel() != 1:
        raise ModelFileError(f"{prefix}.weight_global_scale has {divisor.numel()} numbers instead of one.")
    return Nvfp4Tensor((outputs, inputs), packed, scales, divisor.reshape(1).expand(outputs))
