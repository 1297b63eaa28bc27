"""GPTQ and AWQ: small integers with a scale and a zero for every group of inputs, stored input by output.

GPTQ: github.com/AutoGPTQ/AutoGPTQ, qlinear; AWQ: github.com/casper-hansen/AutoAWQ, awq/utils/packing_utils.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from engine.api import ModelFileError, UnsupportedModelError
from engine.constant import Constant
from engine.quants.bitstream import unpack
from engine.quants.packed import Packed
from engine.quants.source import Source

_AWQ_ORDER = Constant(torch.tensor([0, 4, 1, 5, 2, 6, 3, 7]))  # where the outputs 0 to 7 lie in a word


@dataclass(frozen=True)
class GroupedTensor(Packed):
    """`zeros` and `scales` [groups, out], `group` [in] names each input's group.

    `words` int32 are [in * bits / 32, out] (GPTQ), or [in, out / 8] for AWQ.
    """

    words: Tensor
    zeros: Tensor
    scales: Tensor
    group: Tensor
    bits: int
    is_awq: bool

    def dequantize(self) -> Tensor:
        """(number - zero) * scale."""
        numbers = awq_unpacked(self.words).t() if self.is_awq else unpack(self.words.t(), self.bits)
        group = self.group.long()
        zeros, scales = self.zeros.t().float(), self.scales.t().float()
        return (numbers.float() - zeros[:, group]) * scales[:, group]

    def narrow_rows(self, start: int, length: int) -> Self:
        """A view. Raises `ModelFileError` where AWQ's rows begin inside a word."""
        stop = start + length
        together = 8 if self.is_awq else 1
        if start % together or length % together:
            raise ModelFileError(f"AWQ packs 8 rows together; rows {start} to {stop} cannot be taken apart.")
        return replace(
            self,
            shape=(length, self.shape[1]),
            words=self.words[:, start // together : stop // together],
            zeros=self.zeros[:, start:stop],
            scales=self.scales[:, start:stop],
        )


def awq_unpacked(words: Tensor) -> Tensor:
    """int32 [n, out / 8] -> uint8 [n, out]."""
    numbers = unpack(words, 4).view(*words.shape, 8)
    return numbers[..., _AWQ_ORDER.on(words.device)].flatten(-2)


def read_gptq(source: Source, prefix: str) -> Packed | None:
    """The weight of the projection `prefix`, or None where it is not packed."""
    if not source.has(f"{prefix}.qweight"):
        return None
    bits = source.integer("bits", (2, 3, 4, 8))
    words = source.read(f"{prefix}.qweight", -1, -1)
    inputs, outputs = words.shape[0] * 32 // bits, words.shape[1]
    scales = source.read(f"{prefix}.scales", -1, outputs)
    groups = scales.shape[0]
    stored = unpack(source.read(f"{prefix}.qzeros", groups, -(-outputs * bits // 32)), bits)[:, :outputs]
    # The first version of the format stores zeros one too small.
    zeros = stored if source.settings.get("checkpoint_format") == "gptq_v2" else stored.short() + 1
    group = _even_groups(inputs, groups)
    if source.has(f"{prefix}.g_idx"):
        group = source.read(f"{prefix}.g_idx", inputs)
        if int(group.min()) < 0 or int(group.max()) >= groups:
            raise ModelFileError(f"{prefix}.g_idx names groups that are not there; there are {groups}.")
    return GroupedTensor((outputs, inputs), words, zeros, scales, group, bits, is_awq=False)


def read_awq(source: Source, prefix: str) -> Packed | None:
    """The weight of the projection `prefix`, or None where it is not packed."""
    if not source.has(f"{prefix}.qweight"):
        return None
    source.integer("bits", (4,), default=4)
    if source.settings.get("version", "gemm") != "gemm":
        raise UnsupportedModelError(
            f"AWQ weights in the version {source.settings['version']!r:.20} are not supported."
        )
    words = source.read(f"{prefix}.qweight", -1, -1)
    inputs, outputs = words.shape[0], words.shape[1] * 8
    scales = source.read(f"{prefix}.scales", -1, outputs)
    zeros = awq_unpacked(source.read(f"{prefix}.qzeros", scales.shape[0], words.shape[1]))
    group = _even_groups(inputs, scales.shape[0])
    return GroupedTensor((outputs, inputs), words, zeros, scales, group, 4, is_awq=True)


def _even_groups(inputs: int, groups: int) -> Tensor:
    if groups < 1:
        raise ModelFileError("A packed weight has no groups.")
    return torch.arange(inputs) // -(-inputs // groups)
