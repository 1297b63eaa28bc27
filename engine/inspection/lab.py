"""The sampler lab: what other settings would have made of the alternatives that were stored with a reply.

The 16 likeliest tokens are known, the others only by what they have together. They are put in twice: as few and as
likely as they can be, and as many and as unlikely. Where both give the same stored token, so would the true logits;
where not, the answer is not certain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.alternatives import TokenRecord
from engine.distribution import Choice
from engine.sampling import Sampler

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
    stored = {one.token_id: one.logprob + record.normaliser for one in record.top}
    rest = max(1.0 - sum(math.exp(one.logprob) for one in record.top), 0.0)
    others = vocabulary - len(stored)
    counts = {0}
    if rest > NEGLIGIBLE and others:
        counts = {min(math.ceil(rest / math.exp(record.top[-1].logprob)), others), others}
    draws = [
        sampler.choose(_logits(stored, vocabulary, rest, count, record.normaliser), history=history, position=at)
        for count in sorted(counts)
    ]
    tokens = [int(drawn.token) for drawn in draws]
    is_same = len(set(tokens)) == 1 and tokens[0] in stored
    token = tokens[0] if tokens[0] in stored else record.top[-1].token_id
    return RecutRecord(token, _shares(draws[0], list(stored)), is_same)


def _logits(stored: dict[int, float], vocabulary: int, rest: float, count: int, normaliser: float) -> Tensor:
    """Logits [V] of the stored tokens, and of the first `count` others that share `rest`; minus infinity else."""
    logits = torch.full((vocabulary,), float("-inf"))
    if count:
        others = torch.ones(vocabulary, dtype=torch.bool)
        others[list(stored)] = False
        logits[others.nonzero()[:count, 0]] = math.log(rest / count) + normaliser
    logits[list(stored)] = torch.tensor(list(stored.values()))
    return logits


def _shares(drawn: Choice, ids: list[int]) -> tuple[float, ...]:
    by_id = dict(zip(drawn.ids.tolist(), drawn.shares.tolist(), strict=True))
    return tuple(by_id.get(one, 0.0) for one in ids)
