"""What each step of the sampler chain does to a token's logits: which tokens it removes, and which it changes.

For whoever wants to show why a word came or did not; drawing itself is `engine.sampling`, with the same functions.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.api import SamplerSettings
from engine.penalties import penalties
from engine.truncation import OUT, keep_top_k, keep_unsurprising, truncations, warm

MOST_TRACED = 200  # tokens, the likeliest before any step


@dataclass(frozen=True, slots=True)
class TracedStep:
    """One step that was on. `removed` and `changed` are ids, the likeliest first; `left` counts the tokens left.

    A step that divides all by one number (the temperature) changes none in this sense: their order stays.
    """

    name: str
    removed: tuple[int, ...]
    changed: tuple[int, ...]
    left: int


def trace(
    logits: Tensor,
    settings: SamplerSettings,
    history: Sequence[int] = (),
    *,
    breakers: Set[int] = frozenset(),
    coin: float = 0.0,
    bits: float | None = None,
    most: int = MOST_TRACED,
) -> tuple[TracedStep, ...]:
    """The steps that are on, in the order of the chain, and what they did to the `most` likeliest of logits [V].

    Minus infinity stands for a token that is not known or not allowed. `coin` is XTC's (0: it acts), `bits` what
    mirostat allows at this position (by default, as at a reply's first).
    """
    tracer = _Tracer(logits, most)
    changed = logits
    for name, changed in penalties(logits, settings, history, breakers):
        tracer.note(name, changed)
    if settings.temperature == 0.0:
        tracer.note("temperature", changed.masked_fill(torch.arange(changed.numel()) != changed.argmax(), OUT))
        return tuple(tracer.steps)
    candidates, ids = changed.sort(descending=True)
    if settings.mirostat_tau:
        allowed = 2.0 * settings.mirostat_tau if bits is None else bits
        kept = keep_unsurprising(warm(candidates, settings), allowed) > OUT
        tracer.note("mirostat", _in_place(candidates.where(kept, OUT), ids))
        return tuple(tracer.steps)
    if settings.top_k:
        candidates = keep_top_k(candidates, settings.top_k)
        tracer.note("top-k", _in_place(candidates, ids))
    for name, left in truncations(candidates, settings, logits=changed, coin=torch.tensor([coin])):
        tracer.note(name, _in_place(left, ids))
    return tuple(tracer.steps)


class _Tracer:
    """Compares logits [V] before and after each step."""

    def __init__(self, logits: Tensor, most: int) -> None:
        self.steps: list[TracedStep] = []
        self._watched = logits.topk(min(most, logits.numel())).indices
        self._before = logits

    def note(self, name: str, after: Tensor) -> None:
        """These are the logits after a step."""
        old, new = self._before[self._watched], after[self._watched]
        is_removed = (old > OUT) & (new == OUT)
        is_changed = (new > OUT) & (old != new)
        removed, changed = (tuple(self._watched[mask].tolist()) for mask in (is_removed, is_changed))
        self.steps.append(TracedStep(name, removed, changed, left=int((after > OUT).sum())))
        self._before = after


def _in_place(candidates: Tensor, ids: Tensor) -> Tensor:
    """Sorted logits back where their ids say."""
    return torch.empty_like(candidates).index_copy(0, ids, candidates)
