"""A mixture that reads the chosen experts only, against the one in which each expert computes the tokens it got."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from test_kernels import packed_matrix
from torch import Tensor, nn

from engine.experts import MixtureOfExperts, gather_experts, top_k_then_softmax
from engine.layers import ACTIVATIONS, GatedMLP, Linear
from engine.models.config import Config
from engine.models.gpt_oss import ClampedMLP
from engine.quants.linear import QuantizedLinear

WIDTH, HIDDEN, EXPERTS = 64, 96, 8
Project = Callable[[int, int], nn.Module]
CLAMPED = Config({"hidden_size": WIDTH, "intermediate_size": HIDDEN}, where="test")


def dense(rows: int, columns: int) -> nn.Module:
    made = Linear(columns, rows, bias=True)
    made.weight = nn.Parameter(torch.randn(rows, columns) / 8, requires_grad=False)
    made.bias = nn.Parameter(torch.randn(rows), requires_grad=False)
    return made


def packed(rows: int, columns: int) -> nn.Module:
    return QuantizedLinear(packed_matrix("Q4_1", rows, columns), None)


def mixture(project: Project, *, expert: Callable[[], GatedMLP]) -> MixtureOfExperts:
    torch.manual_seed(4)
    experts: list[nn.Module] = []
    for _ in range(EXPERTS):
        made = expert()
        made.gate_proj, made.up_proj = project(HIDDEN, WIDTH), project(HIDDEN, WIDTH)
        made.down_proj = project(WIDTH, HIDDEN)
        for part in (made.gate_proj, made.up_proj, made.down_proj):
            if isinstance(part, QuantizedLinear):
                part.use_kernel = False
        experts.append(made)
    made_mixture = MixtureOfExperts(width=WIDTH, experts=experts, route=top_k_then_softmax(3))
    made_mixture.router = dense(EXPERTS, WIDTH)
    return made_mixture


def gated() -> GatedMLP:
    return GatedMLP(WIDTH, HIDDEN, ACTIVATIONS["silu"])


def memory(module: nn.Module) -> int:
    """An address in the weight of a projection."""
    assert isinstance(module, Linear | QuantizedLinear)
    weight = module.weight
    return (weight if isinstance(weight, Tensor) else weight.blocks).untyped_storage().data_ptr()


@pytest.mark.parametrize("project", [dense, packed])
@pytest.mark.parametrize("expert", [gated, lambda: ClampedMLP(CLAMPED)], ids=["gated", "clamped"])
@pytest.mark.parametrize("tokens", [1, 2, 5])
def test_gathered_experts_give_what_each_expert_gives(
    project: Project, expert: Callable[[], GatedMLP], tokens: int
) -> None:
    layer = mixture(project, expert=expert)
    x = torch.randn(1, tokens, WIDTH)
    expected = layer(x)
    gather_experts(layer)
    assert layer.gathered is not None
    assert torch.allclose(layer(x), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def test_gathered_experts_share_the_memory_of_the_experts() -> None:
    layer = mixture(packed, expert=gated)
    gather_experts(layer)
    up = [memory(expert.get_submodule("up_proj")) for expert in layer.experts]
    assert len(set(up)) == 1


def test_experts_that_are_packed_differently_stay_apart() -> None:
    layer = mixture(dense, expert=gated)
    layer.experts[2].up_proj = packed(HIDDEN, WIDTH)
    gather_experts(layer)
    assert layer.gathered is None
