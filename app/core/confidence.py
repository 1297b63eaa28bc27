"""How sure a model was of the tokens of a reply: levels for tints, and the words that it was least sure of."""

from __future__ import annotations

import heapq
import math
import string
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.alternatives import Certainty

LEVELS = 5  # 0: sure, no tint; 4: least sure
LONGEST_WORD = 24  # characters; scripts without spaces have no words here, and show the token
_LEAST_SURE = 10


class Measure(StrEnum):
    """What tints go by."""

    PROBABILITY = "probability"
    RANK = "rank"
    ENTROPY = "entropy"


# Where the levels 1 to 4 begin, of what grows with doubt: 1 - probability, likelier tokens, and nats.
BOUNDS = {
    Measure.PROBABILITY: (0.1, 0.4, 0.7, 0.9),
    Measure.RANK: (1.0, 2.0, 5.0, 20.0),
    Measure.ENTROPY: (0.5, 1.2, 2.0, 3.0),
}
CHANGE_BOUNDS = (0.1, 0.5, 1.0, 2.0)  # nats, where the levels 1 to 4 of a change begin


@dataclass(frozen=True, slots=True)
class UnsureWord:
    """A word of the reply with the token in it that was least sure, which had `probability`."""

    index: int
    word: str
    probability: float


def levels(certainties: Sequence[Certainty], measure: Measure) -> list[int]:
    """The level of each token."""
    bounds = BOUNDS[measure]
    match measure:
        case Measure.PROBABILITY:
            doubts = [1.0 - math.exp(one.logprob) for one in certainties]
        case Measure.RANK:
            doubts = [float(one.rank) for one in certainties]
        case Measure.ENTROPY:
            doubts = [one.entropy for one in certainties]
    return [bisect_right(bounds, doubt) for doubt in doubts]


def change_levels(changes: Sequence[float]) -> list[int]:
    """The level of each token's change in nats; below 0 where it is likelier so."""
    return [
        bisect_right(CHANGE_BOUNDS, change) if change >= 0.0 else -bisect_right(CHANGE_BOUNDS, -change)
        for change in changes
    ]


def least_sure(
    certainties: Sequence[Certainty], texts: Sequence[str], *, count: int = _LEAST_SURE
) -> tuple[UnsureWord, ...]:
    """The words with the least likely tokens, the least sure first; `texts` are what each token spells."""
    starts = _word_starts(texts)
    worst: dict[int, int] = {}
    for index, one in enumerate(certainties):
        if not texts[index].strip():
            continue
        begin = starts[index]
        if begin not in worst or one.logprob < certainties[worst[begin]].logprob:
            worst[begin] = index
    chosen = heapq.nsmallest(count, worst.values(), key=lambda index: certainties[index].logprob)
    return tuple(
        UnsureWord(index, _word(index, texts, starts), math.exp(certainties[index].logprob)) for index in chosen
    )


def _word_starts(texts: Sequence[str]) -> list[int]:
    """The token that each token's word begins with; a token of its own in scripts without spaces."""
    starts: list[int] = []
    length = 0
    for index, text in enumerate(texts):
        is_new = index == 0 or text[:1].isspace() or texts[index - 1][-1:].isspace() or length > LONGEST_WORD
        is_new = is_new or not (text[:1].isascii() and texts[index - 1][-1:].isascii())
        starts.append(index if is_new else starts[-1])
        length = len(text) if is_new else length + len(text)
    return starts


def _word(index: int, texts: Sequence[str], starts: Sequence[int]) -> str:
    begin = starts[index]
    end = begin
    while end < len(texts) and starts[end] == begin:
        end += 1
    whole = " ".join("".join(texts[begin:end]).split())
    word = whole.strip(string.punctuation) or whole  # without Markdown's marks
    return word if len(word) <= 2 * LONGEST_WORD else f"{word[: 2 * LONGEST_WORD]}…"
