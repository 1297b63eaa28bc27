"""Mixture of experts: a router picks a few feed-forward networks for every token.

How the router's scores become weights differs between families and is passed in as a `Route`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.gathered import GatheredExperts
from engine.layers import Linear

Route = Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor]]  # scores, bias -> weights, experts [tokens, count]


def softmax_then_top_k(count: int, *, renormalise: bool, scale: float = 1.0) -> Route:
    """Softmax over all experts, then the `count` largest, renormalised or not (Mixtral, Qwen)."""

    def route(logits: Tensor, _bias: Tensor | None) -> tuple[Tensor, Tensor]:
        weights, chosen = logits.float().softmax(-1).topk(count, dim=-1)
        if renormalise:
            weights = weights / weights.sum(-1, keepdim=True)
        return weights * scale, chosen

    return route


def top_k_then_softmax(count: int) -> Route:
    """The `count` largest scores, softmax over those alone (GPT-OSS, Granite)."""

    def route(logits: Tensor, _bias: Tensor | None) -> tuple[Tensor, Tensor]:
        scores, chosen = logits.float().topk(count, dim=-1)
        return scores.softmax(-1), chosen

    return route


def sparse_mixer(jitter: float) -> Route:
    """Two experts, each weighed against those whose score is near its own (SparseMixer-v2, arXiv:2409.12136)."""

    def route(logits: Tensor, _bias: Tensor | None) -> tuple[Tensor, Tensor]:
        scores = left = logits.float()
        weights, chosen = [], []
        for _ in range(2):
            best, index = left.max(-1, keepdim=True)
            is_far = (best - scores) / scores.abs().clamp(min=best) > 2 * jitter
            weights.append(left.masked_fill(is_far, float("-inf")).softmax(-1).gather(-1, index))
            chosen.append(index)
            left = left.scatter(-1, index, float("-inf"))
        return torch.cat(weights, -1), torch.cat(chosen, -1)

    return route


def grouped_top_k(
    count: int,
    *,
    score: Callable[[Tensor], Tensor],
    groups: int,
    top_groups: int,
    group_votes: int,
    renormalise: bool,
    scale: float,
) -> Route:
    """The `count` best experts of the `top_groups` best groups (DeepSeek-V2 and V3, arXiv:2412.19437, 2.1.2).

    A group is as good as the sum of its `group_votes` best experts. A bias decides who is chosen, not how much
    it weighs.
    """

    def route(logits: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        scores = score(logits.float())
        ranked = scores if bias is None else scores + bias
        if groups > 1:
            by_group = ranked.view(len(ranked), groups, -1)
            best = by_group.topk(group_votes, dim=-1).values.sum(-1).topk(top_groups, dim=-1).indices
            is_in = torch.zeros_like(by_group[..., 0]).scatter(1, best, 1.0).bool()[..., None]
            ranked = by_group.masked_fill(~is_in, float("-inf")).flatten(1)
        chosen = ranked.topk(count, dim=-1).indices
        weights = scores.gather(-1, chosen)
        if renormalise:
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        return weights * scale, chosen

    return route


class MixtureOfExperts(nn.Module):
    """`router` scores the experts, `route` picks and weighs them, `shared_expert` always takes part.

    `shared_expert_gate` [E -> 1] scales the shared expert by a sigmoid where a family has it; `selection_bias`
    [experts] is what the route gets as bias. `gather_experts` sets the form that reads only chosen experts.
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
        has_selection_bias: bool = False,
    ) -> None:
        super().__init__()
        self.router: nn.Module = Linear(width, len(experts), bias=router_bias)
        self.experts = nn.ModuleList(experts)
        self.route = route
        self.shared_expert = shared_expert
        self.shared_expert_gate = Linear(width, 1) if has_shared_gate else None
        bias = torch.empty(len(experts), device="meta") if has_selection_bias else None
        self.selection_bias = None if bias is None else nn.Parameter(bias, requires_grad=False)
        self.gathered: GatheredExperts | None = None

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, E] -> [B, T, E]."""
        flat = x.reshape(-1, x.shape[-1])
        weights, chosen = self.route(self.router(flat), self.selection_bias)
        weights = weights.to(x.dtype)
        if self.gathered is not None and chosen.numel() < len(self.experts):
            out = self.gathered(flat, weights, chosen)
        elif x.device.type == "cpu":
            out = self._by_expert(flat, weights, chosen)
        else:
            out = self._all(flat, weights, chosen)
        if self.shared_expert is not None:
            shared = self.shared_expert(flat)
            if self.shared_expert_gate is not None:
                shared = shared * torch.sigmoid(self.shared_expert_gate(flat))
            out = out + shared
        return out.view_as(x)

    def _by_expert(self, x: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """Each expert computes the tokens that chose it; which ones they are is read back from the device."""
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            token, slot = (chosen == index).nonzero(as_tuple=True)
            if token.numel():
                out.index_add_(0, token, expert(x[token]) * weights[token, slot, None])
        return out

    def _all(self, x: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        """Every expert computes every token: more work, but of a fixed shape and without waiting for the device."""
        shares = x.new_zeros(len(x), len(self.experts)).scatter(1, chosen, weights)
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            out = out + expert(x) * shares[:, index, None]
        return out


def gather_experts(decoder: nn.Module) -> None:
    """Let every mixture of a loaded decoder read the chosen experts only, where few tokens choose few of them."""
    for module in decoder.modules():
        if isinstance(module, MixtureOfExperts):
            module.gathered = GatheredExperts.of(list(module.experts))
