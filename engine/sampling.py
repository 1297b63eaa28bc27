"""The sampler chain: pure functions logits -> logits, then one draw.

The draw uses a counter-based generator keyed by (seed, position): the same seed gives the same reply after a
rewind too, and no generator state has to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.api import SamplerSettings

_MASK = 2**64 - 1


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) that depends on (seed, position) alone: SplitMix64 (Steele et al., OOPSLA 2014)."""
    state = (seed * 0x9E3779B97F4A7C15 + position * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _MASK
    for _ in range(2):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return (state >> 11) / 2**53


def penalise_repetition(logits: Tensor, recent: Tensor, penalty: float) -> Tensor:
    """Divide positive and multiply negative logits [V] of `recent` ids by `penalty` (arXiv:1909.05858)."""
    seen = logits[recent]
    return logits.index_copy(0, recent, torch.where(seen > 0, seen / penalty, seen * penalty))


def keep_top_p(logits: Tensor, mass: float) -> Tensor:
    """Keep the fewest of descending logits whose probabilities reach `mass` (arXiv:1904.09751)."""
    probabilities = logits.softmax(-1)
    before = probabilities.cumsum(-1) - probabilities
    return logits.masked_fill(before >= mass, float("-inf"))


def keep_min_p(logits: Tensor, share: float) -> Tensor:
    """Keep descending logits at least `share` times as likely as the first (arXiv:2407.01082)."""
    return logits.masked_fill(logits < logits[0] + torch.log(torch.tensor(share)), float("-inf"))


class Sampler:
    """Draws tokens by one set of settings and a fixed seed."""

    def __init__(self, settings: SamplerSettings, seed: int) -> None:
        self.settings, self.seed = settings, seed

    def draw(self, logits: Tensor, *, history: Sequence[int], position: int) -> int:
        """The token for `position` from logits [V]; `history` holds the tokens before it."""
        settings = self.settings
        if settings.repetition_penalty != 1.0 and settings.repetition_window and history:
            recent = torch.tensor(sorted(set(history[-settings.repetition_window :])), device=logits.device)
            logits = penalise_repetition(logits, recent, settings.repetition_penalty)
        if settings.temperature == 0.0:
            return int(logits.argmax())
        count = logits.numel() if settings.top_k == 0 else min(settings.top_k, logits.numel())
        candidates, ids = logits.sort(descending=True) if count == logits.numel() else logits.topk(count)
        if settings.top_p < 1.0:
            candidates = keep_top_p(candidates, settings.top_p)
        if settings.min_p > 0.0:
            candidates = keep_min_p(candidates, settings.min_p)
        cumulative = (candidates / settings.temperature).softmax(-1).double().cumsum(-1)
        threshold = uniform(self.seed, position) * cumulative[-1:]
        chosen = torch.searchsorted(cumulative, threshold, right=True).clamp_max(ids.numel() - 1)
        return int(ids[chosen])
