"""QuantizedLinear: a projection whose weight stays packed; picks the compiled kernel or dequantises in torch."""

from __future__ import annotations

from typing import TypeGuard

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from engine import kernels
from engine.cuda import products
from engine.quants.packed import Packed, PackedTensor

CHUNK_VALUES = 1 << 22  # dequantised at a time, 16 MiB as float32: bounds memory for large vocabularies


def has_kernel(weight: Packed) -> TypeGuard[PackedTensor]:
    """Whether a compiled kernel multiplies weights packed like this."""
    return isinstance(weight, PackedTensor) and kernels.supports(weight.type.name)


class QuantizedLinear(nn.Module):
    """x @ weight.T + bias. `use_kernel` False keeps activations exact (the reference path)."""

    def __init__(self, weight: Packed, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.weight, self.bias = weight, bias
        self.use_kernel = True

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out] in x's dtype."""
        if self.use_kernel and x.device.type == "cpu" and has_kernel(self.weight):
            y = kernels.linear(self.weight, x)
            return y if self.bias is None else y + self.bias.to(y.dtype)
        if products.takes(self.weight, x.device):
            return products.linear(self.weight, x, self.bias)
        bias = None if self.bias is None else self.bias.to(x.dtype)
        rows = max(1, CHUNK_VALUES // self.in_features)
        if rows >= self.out_features:
            return F.linear(x, self.weight.dequantize().to(x.dtype), bias)
        y = torch.empty((*x.shape[:-1], self.out_features), dtype=x.dtype, device=x.device)
        for start in range(0, self.out_features, rows):
            part = self.weight.narrow_rows(start, min(rows, self.out_features - start))
            y[..., start : start + part.shape[0]] = F.linear(x, part.dequantize().to(x.dtype))
        return y if bias is None else y + bias

    def _apply(self, fn: object, recurse: bool = True) -> QuantizedLinear:
        """Packed weights are placed when they are loaded; dtype changes do not concern them."""
        return self
