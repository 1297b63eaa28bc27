"""The sampler chain: pure functions logits -> logits, then one draw.

The order, each step only where it is on: grammar (the engine's mask), logit bias, repetition penalty, presence and
frequency penalty, DRY (`engine.penalties`); top-k, typical, top-p, min-p, top-n-sigma, XTC (`engine.truncation`);
temperature, dynamic or not. Mirostat v2 comes behind the temperature, instead of what truncates.

The draw uses a counter-based generator keyed by (seed, position): the same seed gives the same reply after a
rewind too, and no generator state has to be kept.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence, Set

import torch
from torch import Tensor

from engine.alternatives import Drawn
from engine.api import SamplerSettings
from engine.cache import KVCache
from engine.distribution import Choice, drawn_from, largest, likeliest, observe, rank
from engine.fused import FusedToken
from engine.penalties import penalise_repetition, penalties
from engine.plain_draw import PlainDraw
from engine.truncation import keep_unsurprising, truncations, warm

HISTORY = 4096  # tokens of the prompt that a reply's sampler sees
_MASK = 2**64 - 1
_COIN = 0x5851F42D4C957F2D  # sets the second number of a position apart from the first


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) that depends on (seed, position) alone: SplitMix64 (Steele et al., OOPSLA 2014)."""
    state = (seed * 0x9E3779B97F4A7C15 + position * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _MASK
    for _ in range(2):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return (state >> 11) / 2**53


def noise_at(settings: SamplerSettings, seed: int, position: int) -> tuple[float, float]:
    """The numbers in [0, 1) that draw the token of a position, and that toss XTC's coin for it if it is on."""
    return uniform(seed, position), uniform(seed ^ _COIN, position) if settings.xtc_probability else 0.0


def choose(logits: Tensor, settings: SamplerSettings, noise: Tensor, *, bits: float | None = None) -> Choice:
    """What `noise` [2], numbers in [0, 1), picks from logits [V]; nothing is read back from the device.

    The first number draws, the second is XTC's. `noise` has the dtype in which the shares are summed up:
    `noise_dtype`. With `bits` mirostat truncates.
    """
    if settings.temperature == 0.0:
        token = likeliest(logits)
        return Choice(token, token, torch.ones_like(noise[:1]))
    count = logits.numel() if settings.top_k == 0 or bits is not None else min(settings.top_k, logits.numel())
    candidates, ids = logits.sort(descending=True) if count == logits.numel() else largest(logits, count)
    if bits is None:
        steps = truncations(candidates, settings, logits=logits, coin=noise[1:])
        left = warm([candidates, *(after for _, after in steps)][-1], settings)
    else:
        left = keep_unsurprising(warm(candidates, settings), bits)
    shares = left.softmax(-1).to(noise.dtype)
    cumulative = shares.cumsum(-1)
    chosen = torch.searchsorted(cumulative, noise[:1] * cumulative[-1:], right=True)
    last = (cumulative < cumulative[-1:]).sum()  # rounding may lead past it
    return Choice(ids[torch.minimum(chosen, last)], ids, shares)


def noise_dtype(device: torch.device) -> torch.dtype:
    """Float64 where the device has it."""
    return torch.float32 if device.type == "mps" else torch.float64


class Sampler:
    """Draws tokens by one set of settings and a fixed seed.

    What mirostat has learnt is kept by position, so that drawing a token again is no other draw.
    """

    def __init__(self, settings: SamplerSettings, seed: int, *, breakers: Set[int] = frozenset()) -> None:
        """`breakers`: the ids of DRY's sequence breakers, see `engine.penalties.breaker_ids`."""
        self.settings, self.seed = settings, seed
        self._breakers = breakers
        self._bits: dict[int, float] = {}  # that may be drawn at a position, by mirostat
        self._plain = PlainDraw.of(settings)

    def choose(self, logits: Tensor, *, history: Sequence[int], position: int) -> Choice:
        """The token for `position` from logits [V]; `history` holds the tokens before it."""
        settings = self.settings
        steps = penalties(logits, settings, history, self._breakers)
        changed = [logits, *(after for _, after in steps)][-1]
        noise = torch.tensor(
            noise_at(settings, self.seed, position), dtype=noise_dtype(logits.device), device=logits.device
        )
        if not settings.mirostat_tau or settings.temperature == 0.0:
            return choose(changed, settings, noise)
        bits = self._bits.get(position, 2.0 * settings.mirostat_tau)
        choice = choose(changed, settings, noise, bits=bits)
        surprise = -math.log2(float(choice.shares[choice.ids == choice.token]))
        self._bits[position + 1] = bits - settings.mirostat_eta * (surprise - settings.mirostat_tau)
        return choice

    def drawn(self, logits: Tensor, *, history: Sequence[int], position: int) -> Drawn:
        """What `choose` gives, with its record."""
        if self._plain is not None:
            found = self._plain(logits, history=history, noise=uniform(self.seed, position))
            if found is not None:
                return found
        return drawn_from(logits, self.choose(logits, history=history, position=position))

    def reply(
        self,
        token: FusedToken,
        cache: KVCache,
        *,
        history: Sequence[int],
        position: int,
        ends: Collection[int],
        most: int,
    ) -> list[Drawn]:
        """What `drawn` gives of at most `most` tokens behind `history`, up to one of `ends`; none where it cannot be.

        The cache as in `PlainDraw.reply`.
        """
        if self._plain is None:
            return []
        noise = [uniform(self.seed, position + more) for more in range(most)]
        return self._plain.reply(token, cache, history=history, noise=noise, ends=ends)

    def draw(self, logits: Tensor, *, history: Sequence[int], position: int) -> int:
        """The id of what `choose` gives."""
        return int(self.choose(logits, history=history, position=position).token)


def can_draw_on_device(settings: SamplerSettings) -> bool:
    """Whether `DeviceSampler` knows all that is on: nothing that counts tokens, and nothing that learns."""
    is_counting = settings.presence_penalty or settings.frequency_penalty or settings.dry_multiplier
    return not (settings.logit_bias or is_counting or settings.mirostat_tau)


class DeviceSampler:
    """Draws the same tokens as `Sampler`, with all that a draw reads in memory of the device: it can be replayed.

    For settings that `can_draw_on_device`.

    The host sets the noise before each draw (`aim`), since it knows every position's beforehand.
    """

    def __init__(self, settings: SamplerSettings, *, limit: int, device: torch.device) -> None:
        """`limit`: the most tokens that a text may have."""
        self.settings = settings
        self._noise = torch.zeros(2, dtype=noise_dtype(device), device=device)
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
        for place, number in zip(self._noise, noise_at(self.settings, seed, position), strict=True):
            place.fill_(number)  # without a copy from the host, which the device would wait for

    def draw(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """From logits [V]: the token int64 [1], and the numbers that `observe` gives of it."""
        penalty = self.settings.repetition_penalty
        changed = logits if self._recent is None else penalise_repetition(logits, self._recent, penalty)
        choice = choose(changed, self.settings, self._noise)
        return choice.token, observe(logits, choice, rank(logits, choice.token))
