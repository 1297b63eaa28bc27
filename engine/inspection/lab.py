"""The sampler lab: what other settings would have made of the alternatives that were stored with a reply.

The 16 likeliest tokens are known, the others only by what they have together. They are put in as few and as
likely as they can be, and as many and as unlikely; also as a step might cut them off. Where all give the same stored
token, so would the true logits; where not, the answer is not certain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.alternatives import TokenRecord
from engine.api import SamplerSettings
from engine.distribution import Choice
from engine.sampler_trace import TracedStep, trace
from engine.sampling import Sampler, noise_at

NEGLIGIBLE = 1e-6  # of all probability: float32 knows no less


@dataclass(frozen=True, slots=True)
class RecutRecord:
    """The token that would have come, each stored alternative's share, and whether no other could have come."""

    token_id: int
    shares: tuple[float, ...]
    is_certain: bool


def recut(
    record: TokenRecord,
    sampler: Sampler,
    *,
    vocabulary: int,
    history: Sequence[int],
    at: int,
) -> RecutRecord:
    """Draw the token of `record` again, at its place `at` behind `history`, with the noise that it was drawn with.

    `sampler` has the other settings and the reply's seed; `vocabulary` counts the model's tokens.
    """
    rest, stored = _rest(record), [one.token_id for one in record.top]
    counts = _counts(record, sampler.settings, vocabulary) if rest > NEGLIGIBLE else {0}
    draws = [
        sampler.choose(_logits(record, vocabulary, count), history=history, position=at) for count in sorted(counts)
    ]
    tokens = [int(drawn.token) for drawn in draws]
    is_same = len(set(tokens)) == 1 and tokens[0] in stored
    is_known = rest <= NEGLIGIBLE or not _measures_all(sampler.settings, stored)
    token = next((one for one in tokens if one in stored), stored[-1])
    return RecutRecord(token, _shares(draws[0], stored), is_same and is_known and not sampler.settings.mirostat_tau)


def trace_record(
    record: TokenRecord,
    settings: SamplerSettings,
    *,
    vocabulary: int,
    history: Sequence[int],
    at: int,
    breakers: frozenset[int] = frozenset(),
) -> tuple[TracedStep, ...]:
    """What each step of the chain does to the stored alternatives: which it removes, and which it changes."""
    counts = _counts(record, settings, vocabulary) if _rest(record) > NEGLIGIBLE else {0}
    _, coin = noise_at(settings, settings.seed or 0, at)
    logits = _logits(record, vocabulary, max(counts))
    steps = trace(logits, settings, history, breakers=breakers, coin=coin, most=len(record.top))
    stored = {one.token_id for one in record.top}

    def known(ids: Sequence[int]) -> tuple[int, ...]:
        return tuple(one for one in ids if one in stored)

    return tuple(TracedStep(step.name, known(step.removed), known(step.changed), step.left) for step in steps)


def _rest(record: TokenRecord) -> float:
    """The probability of all tokens that are not stored."""
    return max(1.0 - sum(math.exp(one.logprob) for one in record.top), 0.0)


def _counts(record: TokenRecord, settings: SamplerSettings, vocabulary: int) -> set[int]:
    """How many tokens may share the rest: the fewest, the most, and as many or none as a step may leave of them."""
    others, rest, first = vocabulary - len(record.top), _rest(record), math.exp(record.top[0].logprob)
    fewest = min(math.ceil(rest / math.exp(record.top[-1].logprob)), others)
    counts = {fewest, others}
    if settings.top_k > len(record.top):
        counts |= {0, settings.top_k - len(record.top)}
    if settings.min_p > 0.0:
        counts |= {0, math.floor(rest / (settings.min_p * first))}
    if settings.top_p < 1.0:
        counts.add(0)
    return {count for count in counts if count == 0 or fewest <= count <= others}


def _measures_all(settings: SamplerSettings, stored: Sequence[int]) -> bool:
    """Whether a step looks at all logits that are not stored, lifts one of them, or is all or nothing (XTC)."""
    lifts = any(bias > 0 and token not in stored for token, bias in settings.logit_bias)
    looks = settings.top_n_sigma > 0.0 or settings.typical_p < 1.0 or settings.temperature_range > 0.0
    return lifts or looks or settings.xtc_probability > 0.0


def _logits(record: TokenRecord, vocabulary: int, count: int) -> Tensor:
    """Logits [V] of the stored tokens, and of the first `count` others that share the rest; minus infinity else."""
    stored = [one.token_id for one in record.top]
    logits = torch.full((vocabulary,), float("-inf"))
    if count:
        others = torch.ones(vocabulary, dtype=torch.bool)
        others[stored] = False
        logits[others.nonzero()[:count, 0]] = math.log(_rest(record) / count) + record.normaliser
    logits[stored] = torch.tensor([one.logprob + record.normaliser for one in record.top])
    return logits


def _shares(drawn: Choice, ids: Sequence[int]) -> tuple[float, ...]:
    by_id = dict(zip(drawn.ids.tolist(), drawn.shares.tolist(), strict=True))
    return tuple(by_id.get(one, 0.0) for one in ids)
