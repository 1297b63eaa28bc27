"""How sure a model was: the levels of the tints, and the words that it was least sure of."""

from __future__ import annotations

import math

import pytest

from app.core.confidence import Measure, UnsureWord, least_sure, levels
from engine.alternatives import Alternative, Certainty, TokenRecord, certainties, pack, unpack


def sure(probability: float, *, rank: int = 0, entropy: float = 0.0) -> Certainty:
    return Certainty(math.log(probability), rank, entropy)


@pytest.mark.parametrize(
    ("measure", "tokens", "found"),
    [
        (Measure.PROBABILITY, [sure(p) for p in (0.99, 0.8, 0.5, 0.2, 0.01)], [0, 1, 2, 3, 4]),
        (Measure.RANK, [sure(0.5, rank=rank) for rank in (0, 1, 2, 5, 20)], [0, 1, 2, 3, 4]),
        (Measure.ENTROPY, [sure(0.5, entropy=nats) for nats in (0.1, 0.5, 1.5, 2.5, 4.0)], [0, 1, 2, 3, 4]),
    ],
)
def test_each_measure_has_five_levels(measure: Measure, tokens: list[Certainty], found: list[int]) -> None:
    assert levels(tokens, measure) == found


def test_a_word_is_named_once_by_its_least_likely_token() -> None:
    texts = ["Tea", " hou", "se", " by", "\n", "the"]
    tokens = [sure(p) for p in (0.9, 0.5, 0.25, 0.75, 0.01, 0.6)]
    words = [(one.index, one.word) for one in least_sure(tokens, texts, count=3)]
    assert words == [(2, "house"), (5, "the"), (3, "by")]


def test_a_word_is_one_short_line() -> None:
    found = least_sure([sure(0.5), sure(0.25)], ["**a\nb**", " " + "x" * 900])
    assert [one.word for one in found] == ["x" * 48 + "…", "a b"]


def test_scripts_without_spaces_show_tokens() -> None:
    assert least_sure([sure(0.5), sure(0.25)], ["绿", "茶"], count=1) == (UnsureWord(1, "茶", 0.25),)


def test_certainties_are_those_of_the_records() -> None:
    top = (Alternative(5, -0.5, 1.0), Alternative(6, -1.5, 0.0))
    packed = b"".join(pack(TokenRecord(5, -0.5, rank, 2.0, 0.25 * rank, 1, 1.0, top)) for rank in range(3))
    records = unpack(packed)
    assert certainties(packed) == [(one.logprob, one.rank, one.entropy) for one in records]
