"""Experts for a few tokens off the CPU: only the chosen ones' weights are read, in fixed shapes and without waiting.

The weights of a layer's experts lie in one stack. torch._grouped_mm reads the chosen ones only, too, but takes dense
bfloat16 alone: packed experts would all have to be unpacked first.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from engine.cuda import products
from engine.layers import Linear
from engine.quants.linear import QuantizedLinear
from engine.quants.packed import Packed, RowPacked, stacked, values


class GatheredExperts:
    """`network` is one expert whose projections hold the weights of all."""

    def __init__(self, network: nn.Module, projections: list[StackedLinear]) -> None:
        self._network, self._projections = network, projections

    @classmethod
    def of(cls, experts: list[nn.Module]) -> GatheredExperts | None:
        """Stack the weights of `experts`, which become views; None where they are not alike, or cannot be stacked."""
        names = [name for name, module in experts[0].named_modules() if isinstance(module, Linear | QuantizedLinear)]
        by_name = {name: [expert.get_submodule(name) for expert in experts] for name in names}
        found = {name: StackedLinear.of(modules) for name, modules in by_name.items()}
        projections = {name: projection for name, projection in found.items() if projection is not None}
        if not projections or len(projections) < len(names):
            return None
        for name, projection in projections.items():
            projection.share(by_name[name])
        others = {id(experts[0].get_submodule(name)): projection for name, projection in projections.items()}
        return cls(copy.deepcopy(experts[0], others), list(projections.values()))

    def __call__(self, x: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """x [T, E], each token's `chosen` experts [T, n] with their `weights` -> [T, E]."""
        for projection in self._projections:
            projection.chosen = chosen.flatten()
        each = self._network(x.repeat_interleave(chosen.shape[1], dim=0))
        return (each.view(*chosen.shape, -1) * weights[..., None]).sum(1)


class StackedLinear(nn.Module):
    """A projection of which each row of x takes the weight [out, in] that `chosen` names for it."""

    chosen: Tensor

    def __init__(self, weight: Tensor | RowPacked, bias: Tensor | None) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias

    @classmethod
    def of(cls, projections: list[nn.Module]) -> StackedLinear | None:
        """The weights of `projections` in one; None where they are not alike."""
        parts = [(p.weight, p.bias) for p in projections if isinstance(p, Linear | QuantizedLinear)]
        weight = stacked([_plain(weight) for weight, _ in parts]) if len(parts) == len(projections) else None
        biases = [_plain(bias) for _, bias in parts if bias is not None]
        if weight is None or len(biases) not in (0, len(parts)):
            return None
        bias = stacked(biases) if biases else None
        return cls(weight, None if bias is None else values(bias))

    def share(self, projections: list[nn.Module]) -> None:
        """Let `projections` use this memory instead of their own."""
        for index, projection in enumerate(projections):
            assert isinstance(projection, Linear | QuantizedLinear)
            own = self.weight[index]
            projection.weight = nn.Parameter(own, requires_grad=False) if isinstance(own, Tensor) else own

    def forward(self, x: Tensor) -> Tensor:
        """[n, in] -> [n, out] in x's dtype."""
        if not isinstance(self.weight, Tensor) and products.takes(self.weight, x.device):
            y = products.chosen_linear(self.weight, x, self.chosen)
            return y if self.bias is None else y + self.bias[self.chosen].to(x.dtype)
        weight = self.weight[self.chosen] if isinstance(self.weight, Tensor) else self.weight.rows(self.chosen)
        y = torch.bmm(weight.to(x.dtype), x[..., None])[..., 0]
        return y if self.bias is None else y + self.bias[self.chosen].to(x.dtype)


def _plain(weight: Tensor | Packed) -> Tensor | Packed:
    """A parameter as the tensor that it is."""
    return weight.detach() if isinstance(weight, Tensor) else weight
