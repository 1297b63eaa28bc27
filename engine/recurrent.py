"""Mixers that keep a state instead of keys and values: a gated short convolution (LFM2) and Mamba.

A state is made anew at each step, so that `StateCache` can keep older ones.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from engine.attention import Mixer
from engine.cache import StateCache
from engine.layers import Linear, Step


class CausalConv(nn.Module):
    """A convolution over the last K tokens for each of C channels, weight [C, K]."""

    def __init__(self, channels: int, kernel: int, *, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, kernel, device="meta"), requires_grad=False)
        self.bias = nn.Parameter(torch.empty(channels, device="meta"), requires_grad=False) if bias else None

    def forward(self, x: Tensor, seen: Tensor | None) -> tuple[Tensor, Tensor]:
        """x [B, T, C] behind the K - 1 inputs `seen` [B, C, K - 1]: the result [B, T, C], and what is seen then."""
        channels, kernel = self.weight.shape
        x = x.transpose(1, 2)
        before = x.new_zeros(x.shape[0], channels, kernel - 1) if seen is None else seen
        window = torch.cat((before, x), dim=-1)
        bias = None if self.bias is None else self.bias.to(x.dtype)
        y = F.conv1d(window, self.weight.to(x.dtype)[:, None], bias, groups=channels)
        return y.transpose(1, 2), window[..., window.shape[-1] - kernel + 1 :]


class Recurrent(Mixer):
    """A mixer whose cache is its last state."""

    cache_widths = ()

    def __init__(self, layer: int) -> None:
        super().__init__()
        self.layer = layer

    def new_cache(self, limit: int) -> StateCache:
        """The state does not grow with the text."""
        return StateCache()


class ShortConv(Recurrent):
    """out(c * conv(b * x)) with b, c and x projected from the input (LFM2)."""

    def __init__(self, *, width: int, kernel: int, layer: int, bias: bool) -> None:
        super().__init__(layer)
        self.in_proj: nn.Module = Linear(width, 3 * width, bias=bias)
        self.conv = CausalConv(width, kernel, bias=bias)
        self.out_proj: nn.Module = Linear(width, width, bias=bias)

    def forward(self, x: Tensor, step: Step) -> Tensor:
        """[B, T, E] -> [B, T, E]."""
        cache = step.state_cache(self.layer)
        seen = cache.state[0] if cache is not None and cache.state is not None else None
        b, c, x = self.in_proj(x).chunk(3, dim=-1)
        y, seen = self.conv(step.counted(b * x), seen)
        if cache is not None:
            cache.store((seen,), step.tokens)
        return self.out_proj(c * y)


class SelectiveStateSpace(Recurrent):
    """Mamba's mixer (arXiv:2312.00752, algorithm 2): a state [N, D] for each of N channels, unrolled over tokens.

    `decay` [N, D] is negative: A of the paper.
    """

    def __init__(
        self,
        *,
        width: int,
        inner: int,
        state: int,
        kernel: int,
        time_rank: int,
        layer: int,
        bias: bool,
        conv_bias: bool,
    ) -> None:
        super().__init__(layer)
        self.sizes = (time_rank, state, state)
        self.in_proj: nn.Module = Linear(width, 2 * inner, bias=bias)
        self.conv1d = CausalConv(inner, kernel, bias=conv_bias)
        self.x_proj: nn.Module = Linear(inner, sum(self.sizes))
        self.dt_proj: nn.Module = Linear(time_rank, inner, bias=True)
        self.decay = nn.Parameter(torch.empty(inner, state, device="meta"), requires_grad=False)
        self.skip = nn.Parameter(torch.empty(inner, device="meta"), requires_grad=False)
        self.out_proj: nn.Module = Linear(inner, width, bias=bias)

    def forward(self, x: Tensor, step: Step) -> Tensor:
        """[B, T, E] -> [B, T, E]."""
        cache = step.state_cache(self.layer)
        seen, hidden = cache.state if cache is not None and cache.state is not None else (None, None)
        x, gate = self.in_proj(x).chunk(2, dim=-1)
        x, seen = self.conv1d(step.counted(x), seen)
        x = step.counted(F.silu(x))
        time, b, c = self.x_proj(x).split(self.sizes, dim=-1)
        delta = F.softplus(self.dt_proj(time)).float()
        y, hidden = self._scan(x.float(), delta, b.float(), c.float(), hidden)
        if cache is not None:
            cache.store((seen, hidden), step.tokens)
        return self.out_proj((y + x * self.skip).to(x.dtype) * F.silu(gate))

    def _scan(self, x: Tensor, delta: Tensor, b: Tensor, c: Tensor, hidden: Tensor | None) -> tuple[Tensor, Tensor]:
        """x, delta [B, T, N], b, c [B, T, D] -> y [B, T, N] and the state behind them [B, N, D]; in float32."""
        decay = (delta[..., None] * self.decay.float()).exp()
        inflow = (delta * x)[..., None] * b[:, :, None]
        hidden = torch.zeros_like(inflow[:, 0]) if hidden is None else hidden
        outputs = []
        for at in range(x.shape[1]):
            hidden = decay[:, at] * hidden + inflow[:, at]
            outputs.append(hidden @ c[:, at, :, None])
        return torch.stack(outputs, dim=1).squeeze(-1), hidden
