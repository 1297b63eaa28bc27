"""Off the CPU: packed weights as torch's own int4 and int8 products take them, where their values fit exactly.

Which layouts fit, and why others do not, stands in docs/decisions/0010. Each product is compared with the dequantised
weight when a model is loaded: one that fails or differs is not used.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.experts import MixtureOfExperts
from engine.quants.bitstream import unpack
from engine.quants.block import halves, nibbles
from engine.quants.compressed import ScaledRows
from engine.quants.embedding import QuantizedEmbedding
from engine.quants.grouped import GroupedTensor, awq_unpacked
from engine.quants.linear import QuantizedLinear
from engine.quants.packed import Packed, PackedTensor

GROUPS = (32, 64, 128, 256)  # inputs that may share a scale in torch's int4 product
INNER_TILES = (8, 4, 2)  # of 16 inputs, packed together
FEW_ROWS = 8  # above, the dequantised weight is read once for all of them
TOLERANCE = 0.02  # of the largest result; bfloat16 rounds to 0.004, a wrong layout is off by all of it


def use_torch_products(decoder: nn.Module, dtype: torch.dtype) -> None:
    """Replace the packed projections of a loaded decoder whose products torch has, for activations of `dtype`.

    Experts stay, whose weights lie in stacks, and embeddings, which look up rows.
    """
    for module in decoder.children():
        if not isinstance(module, MixtureOfExperts | QuantizedEmbedding):
            use_torch_products(module, dtype)
    for name, module in decoder.named_children():
        if type(module) is QuantizedLinear:
            made = _int4(module, dtype) or _int8(module, dtype)
            if made is not None and _agrees(made, module, dtype):
                setattr(decoder, name, made)


class Int4Linear(nn.Module):
    """x @ weight.T + bias with a weight (number - 8) * scale, numbers of 4 bits, one scale for each `group` inputs.

    `numbers` as torch packs them for the device; `scales` [groups, out, 2] are followed by zeros.
    """

    def __init__(self, numbers: Tensor, scales: Tensor, bias: Tensor | None, *, group: int) -> None:
        super().__init__()
        self.numbers, self.scales, self.bias, self.group = numbers, scales, bias, group

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out] in x's dtype."""
        flat = x.reshape(-1, x.shape[-1]).contiguous()
        aten = torch.ops.aten
        product = aten._weight_int4pack_mm_for_cpu if x.device.type == "cpu" else aten._weight_int4pack_mm
        y = product(flat, self.numbers, self.group, self.scales).view(*x.shape[:-1], -1)
        return y if self.bias is None else y + self.bias.to(y.dtype)


class Int8Linear(QuantizedLinear):
    """A projection of int8 rows with one scale each; for few rows of x, torch's product reads the integers."""

    def __init__(self, weight: ScaledRows, scales: Tensor, bias: Tensor | None) -> None:
        super().__init__(weight, bias)
        self.words, self.scales = weight.words, scales

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out] in x's dtype."""
        flat = x.reshape(-1, self.in_features).contiguous()
        if not self.use_kernel or len(flat) > FEW_ROWS:
            return super().forward(x)
        y = torch.ops.aten._weight_int8pack_mm(flat, self.words, self.scales).view(*x.shape[:-1], -1)
        return y if self.bias is None else y + self.bias.to(y.dtype)


def _int4(projection: QuantizedLinear, dtype: torch.dtype) -> Int4Linear | None:
    found = _four_bits(projection.weight)
    if found is None:
        return None
    numbers, scales = found
    outputs, inputs = numbers.shape
    group = inputs // scales.shape[1]
    tiles = next((tiles for tiles in INNER_TILES if inputs % (16 * tiles) == 0), None)
    if group not in GROUPS or inputs % group or outputs % 8 or tiles is None or not _fits(scales, dtype):
        return None
    steps = scales.to(dtype).t()
    scales_and_zeros = torch.stack((steps, torch.zeros_like(steps)), dim=-1).contiguous()
    return Int4Linear(pack_numbers(numbers, tiles), scales_and_zeros, projection.bias, group=group)


def pack_numbers(numbers: Tensor, tiles: int) -> Tensor:
    """Numbers of 4 bits, uint8 [out, in], in the order of the device's product."""
    if numbers.device.type == "cpu":
        return torch.ops.aten._convert_weight_to_int4pack_for_cpu(numbers.int().contiguous(), tiles)
    pairs = (numbers[:, ::2] << 4) | numbers[:, 1::2]
    return torch.ops.aten._convert_weight_to_int4pack(pairs.contiguous(), tiles)


def _four_bits(weight: Packed) -> tuple[Tensor, Tensor] | None:
    """Numbers uint8 [out, in] and scales [out, groups] of values (number - 8) * scale; None for other values."""
    if isinstance(weight, PackedTensor) and weight.type.name == "Q4_0":
        blocks = weight.blocks.reshape(-1, weight.type.type_size)
        numbers = nibbles(blocks[:, 2:]).reshape(weight.shape)
        return numbers, halves(blocks, 0).view(weight.shape[0], -1)
    if isinstance(weight, ScaledRows) and weight.bits == 4 and weight.zeros is None and weight.group is None:
        return unpack(weight.words, 4)[:, : weight.shape[1]], weight.scales
    if isinstance(weight, GroupedTensor) and weight.bits == 4 and bool((weight.zeros == 8).all()):
        inputs, groups = weight.shape[1], weight.scales.shape[0]
        in_order = torch.arange(inputs, device=weight.group.device) // -(-inputs // groups)
        if torch.equal(weight.group.long(), in_order):
            numbers = awq_unpacked(weight.words).t() if weight.is_awq else unpack(weight.words.t(), 4)
            return numbers, weight.scales.t()
    return None


def _int8(projection: QuantizedLinear, dtype: torch.dtype) -> Int8Linear | None:
    weight = projection.weight
    if not isinstance(weight, ScaledRows) or weight.bits is not None or weight.zeros is not None:
        return None
    if weight.words.dtype != torch.int8 or weight.scales.shape[1] != 1 or not _fits(weight.scales, dtype):
        return None
    return Int8Linear(weight, weight.scales[:, 0].to(dtype).contiguous(), projection.bias)


def _fits(scales: Tensor, dtype: torch.dtype) -> bool:
    """Whether `dtype` holds every scale as it is."""
    return torch.equal(scales.to(dtype).double(), scales.double())


def _agrees(made: nn.Module, projection: QuantizedLinear, dtype: torch.dtype) -> bool:
    x = torch.arange(projection.in_features, device=projection.weight.device).sin().to(dtype)[None]
    try:
        found = made(x).float()
    except RuntimeError:  # no such product in this torch, or on this device
        return False
    projection.use_kernel = False
    expected = projection(x).float()
    projection.use_kernel = True
    return bool((found - expected).abs().max() <= TOLERANCE * expected.abs().max())
