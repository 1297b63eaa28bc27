"""The draw of a token by the samplers that most people use, in one call of the kernels.

Top-k, top-p, min-p, temperature and the repetition penalty: what `engine.sampling` and `engine.distribution` do in
some forty torch operations, which took a sixth of a small model's time. They are the oracle, and draw where more is
on.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence

from torch import Tensor

from engine import kernels
from engine.alternatives import IDS, TOP, Drawn
from engine.api import SamplerSettings
from engine.cache import KVCache
from engine.fused import FusedToken
from engine.kernels.plans import Draw, Reply

NUMBERS = IDS + 3 * (1 + TOP)  # of a token, where the vocabulary is not smaller than what is told of it


class PlainDraw:
    """Draws by one set of settings."""

    def __init__(self, settings: SamplerSettings) -> None:
        self._window = settings.repetition_window if settings.repetition_penalty != 1.0 else 0
        self._how = Draw(
            repetition=settings.repetition_penalty,
            top_k=settings.top_k,
            top_p=settings.top_p,
            min_p=settings.min_p,
            temperature=settings.temperature,
        )
        if settings.temperature == 0.0:
            self._how.top_k, self._how.temperature = 1, 1.0

    @classmethod
    def of(cls, settings: SamplerSettings) -> PlainDraw | None:
        """None where other samplers are on, or too many tokens are left to draw from."""
        counts = settings.presence_penalty or settings.frequency_penalty or settings.dry_multiplier
        truncates = settings.typical_p < 1.0 or settings.top_n_sigma or settings.xtc_probability
        learns = settings.mirostat_tau or settings.temperature_range
        has_few = settings.temperature == 0.0 or 0 < settings.top_k <= kernels.MOST_SURVEYED
        return cls(settings) if has_few and not (settings.logit_bias or counts or truncates or learns) else None

    def __call__(self, logits: Tensor, *, history: Sequence[int], noise: float) -> Drawn | None:
        """What `noise` in [0, 1) picks from logits [V] behind `history`; None where the kernels take none."""
        size = logits.numel()
        if not kernels.surveys(logits, self._how.top_k) or size < self._how.top_k:
            return None
        recent = array("q", history[-self._window :] if self._window else ())
        self._how.recent, self._how.recents = recent.buffer_info()
        self._how.noise = noise
        numbers = array("d", bytes(8 * (IDS + 3 * (1 + min(TOP, size)))))
        kernels.draw(logits, self._how, numbers)
        return Drawn.of(numbers)

    def reply(
        self,
        token: FusedToken,
        cache: KVCache,
        *,
        history: Sequence[int],
        noise: Sequence[float],
        ends: Collection[int],
    ) -> list[Drawn]:
        """What is drawn behind `history`, by one number of `noise` each, up to one of `ends`.

        None where the vocabulary is too small. The cache holds all of `history` but the last, and afterwards all but
        the last that was drawn.
        """
        if token.vocabulary < max(TOP, self._how.top_k):
            return []
        known = history[-max(self._window, 1) :]
        ids, draws, stops = array("q", [*known, *[0] * len(noise)]), array("d", noise), array("q", ends)
        numbers = array("d", bytes(8 * NUMBERS * len(noise)))
        (place, _), (draw, most), (end, end_count) = (part.buffer_info() for part in (ids, draws, stops))
        what = Reply(place, len(known), self._window, most, draw, end, end_count, self._how)
        count = token.reply(what, cache, numbers)
        return [Drawn.of(numbers[at * NUMBERS : (at + 1) * NUMBERS]) for at in range(count)]
