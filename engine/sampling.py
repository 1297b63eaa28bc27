"""The sampler chain: pure functions logits -> logits, then one draw.

The draw uses a counter-based generator keyed by (seed, position): the same seed gives the same reply after a
rewind too, and no generator state has to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.api import SamplerSettings
from engine.distribution import Choice, largest, likeliest, observe, rank

HISTORY = 4096  # tokens of the prompt that a reply's sampler sees
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
    """Divide positive and multiply negative logits [V] of `recent` ids by `penalty` once each (arXiv:1909.05858)."""
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


def choose(logits: Tensor, settings: SamplerSettings, noise: Tensor) -> Choice:
    """What `noise` [1], a number in [0, 1), picks from logits [V]; nothing is read back from the device.

    `noise` has the dtype in which the shares are summed up: `noise_dtype`.
    """
    if settings.temperature == 0.0:
        token = likeliest(logits)
        return Choice(token, token, torch.ones_like(noise))
    count = logits.numel() if settings.top_k == 0 else min(settings.top_k, logits.numel())
    candidates, ids = logits.sort(descending=True) if count == logits.numel() else largest(logits, count)
    if settings.top_p < 1.0:
        candidates = keep_top_p(candidates, settings.top_p)
    if settings.min_p > 0.0:
        candidates = keep_min_p(candidates, settings.min_p)
    shares = (candidates / settings.temperature).softmax(-1).to(noise.dtype)
    cumulative = shares.cumsum(-1)
    chosen = torch.searchsorted(cumulative, noise * cumulative[-1:], right=True)
    last = (candidates > float("-inf")).sum() - 1  # rounding may lead past it
    return Choice(ids[chosen.clamp_max(last)], ids, shares)


def noise_dtype(device: torch.device) -> torch.dtype:
    """Float64 where the device has it."""
    return torch.float32 if device.type == "mps" else torch.float64


class Sampler:
    """Draws tokens by one set of settings and a fixed seed."""

    def __init__(self, settings: SamplerSettings, seed: int) -> None:
        self.settings, self.seed = settings, seed

    def choose(self, logits: Tensor, *, history: Sequence[int], position: int) -> Choice:
        """The token for `position` from logits [V]; `history` holds the tokens before it."""
        settings = self.settings
        if settings.repetition_penalty != 1.0 and settings.repetition_window and history:
            recent = torch.tensor(sorted(set(history[-settings.repetition_window :])), device=logits.device)
            logits = penalise_repetition(logits, recent, settings.repetition_penalty)
        noise = torch.tensor([uniform(self.seed, position)], dtype=noise_dtype(logits.device), device=logits.device)
        return choose(logits, settings, noise)

    def draw(self, logits: Tensor, *, history: Sequence[int], position: int) -> int:
        """The id of what `choose` gives."""
        return int(self.choose(logits, history=history, position=position).token)


class DeviceSampler:
    """Draws the same tokens as `Sampler`, with all that a draw reads in memory of the device: it can be replayed.

    The host sets the noise before each draw (`aim`), since it knows every position's beforehand.
    """

    def __init__(self, settings: SamplerSettings, *, limit: int, device: torch.device) -> None:
        """`limit`: the most tokens that a text may have."""
        self.settings = settings
        self._noise = torch.zeros(1, dtype=noise_dtype(device), device=device)
        window = min(settings.repetition_window, limit)
        is_used = settings.repetition_penalty != 1.0 and window > 0
        self._recent = torch.zeros(window, dtype=torch.long, device=device) if is_used else None

    def restart(self, history: Sequence[int], position: int) -> None:
        """`history` (one token at least) are the last tokens before `position`.

        The token of position p lies at p modulo the window. The oldest token fills the places that are still free:
        it leaves the window just when the last of them is taken.
        """
        if self._recent is None:
            return
        window = self._recent.numel()
        ring = [history[-window:][0]] * window
        for back, token in enumerate(reversed(history[-window:]), 1):
            ring[(position - back) % window] = token
        self._recent.copy_(torch.tensor(ring))

    def remember(self, token: Tensor, position: Tensor) -> None:
        """`token` [1] stands at `position` [1]."""
        if self._recent is not None:
            self._recent.index_copy_(0, position % self._recent.numel(), token)

    def aim(self, seed: int, position: int) -> None:
        """The next draw is for `position`."""
        self._noise.fill_(uniform(seed, position))

    def draw(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """From logits [V]: the token int64 [1], and the numbers that `observe` gives of it."""
        penalty = self.settings.repetition_penalty
        changed = logits if self._recent is None else penalise_repetition(logits, self._recent, penalty)
        choice = choose(changed, self.settings, self._noise)
        return choice.token, observe(logits, choice, rank(logits, choice.token))
