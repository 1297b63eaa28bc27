"""Mixture of experts: a router picks a few feed-forward networks for every token.

How the router's scores become weights differs between families and is passed in as a `Route`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.layers import Linear

Route = Callable[[Tensor], tuple[Tensor, Tensor]]


def softmax_then_top_k(count: int, *, renormalise: bool, scale: float = 1.0) -> Route:
    """Softmax over all experts, then the `count` largest, renormalised or not (Mixtral, Qwen)."""

    def route(logits: Tensor) -> tuple[Tensor, Tensor]:
        weights, chosen = logits.float().softmax(-1).topk(count, dim=-1)
        if renormalise:
            weights = weights / weights.sum(-1, keepdim=True)
        return weights * scale, chosen

    return route


def top_k_then_softmax(count: int) -> Route:
    """The `count` largest scores, softmax over those alone (GPT-OSS, Granite)."""

    def route(logits: Tensor) -> tuple[Tensor, Tensor]:
        scores, chosen = logits.float().topk(count, dim=-1)
        return scores.softmax(-1), chosen

    return route


class MixtureOfExperts(nn.Module):
    """`router` scores the experts, `route` picks and weighs them, `shared_expert` always takes part.

    `shared_expert_gate` [E -> 1] scales the shared expert by a sigmoid where a family has it.
    """

    def __init__(
        self,
        *,
        width: int,
        experts: list[nn.Module],
        route: Route,
        router_bias: bool = False,
        shared_expert: nn.Module | None = None,
        has_shared_gate: bool = False,
    ) -> None:
        super().__init__()
        self.router: nn.Module = Linear(width, len(experts), bias=router_bias)
        self.experts = nn.ModuleList(experts)
        self.route = route
        self.shared_expert = shared_expert
        self.shared_expert_gate = Linear(width, 1) if has_shared_gate else None

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, E] -> [B, T, E]."""
        flat = x.reshape(-1, x.shape[-1])
        weights, chosen = self.route(self.router(flat))
        out = torch.zeros_like(flat)
        for index, expert in enumerate(self.experts):
            token, slot = (chosen == index).nonzero(as_tuple=True)
            if token.numel():
                share = weights[token, slot, None].to(x.dtype)
                out.index_add_(0, token, expert(flat[token]) * share)
        if self.shared_expert is not None:
            shared = self.shared_expert(flat)
            if self.shared_expert_gate is not None:
                shared = shared * torch.sigmoid(self.shared_expert_gate(flat))
            out = out + shared
        return out.view_as(x)
