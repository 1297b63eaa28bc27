"""Names are found by what a person types of them, the best fitting first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.matching import NameQuery, folded


def score(query: str, name: str) -> float:
    match = NameQuery(query).match(folded(name))
    return -1.0 if match is None else match.score


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("exp", "Export…", "Open experiment"),  # where the name begins, before a word within
        ("port", "Port of call", "Export…"),  # where a word begins, before within one
        ("export", "Export…", "Export all my recipes"),  # the shorter name
        ("bin", "Bin…", "B i n"),  # together, before apart
        ("天气", "天气", "明天天气预报"),
    ],
)
def test_the_closer_name_comes_first(query: str, better: str, worse: str) -> None:
    assert score(query, better) > score(query, worse) > 0


@pytest.mark.parametrize(
    ("query", "name", "is_found"),
    [
        ("delcon", "Delete conversation", True),
        ("conv del", "Delete conversation", True),
        ("x", "Delete conversation", False),
        ("elco", "Delete conversation", False),  # the first letter begins no word
        ("dn", "Delete, and then many more words until the letter comes", False),  # too far apart
        ("ÄRGER", "Ärger", True),
        ("", "anything", True),
    ],
)
def test_a_name_is_found_or_not(query: str, name: str, is_found: bool) -> None:
    assert (score(query, name) >= 0) == is_found


@given(st.text(max_size=12), st.text(max_size=300))
def test_the_places_are_the_letters_that_were_typed(query: str, name: str) -> None:
    key = folded(name)
    match = NameQuery(query).match(key)
    if match is not None:
        typed = {letter for letter in folded(query) if not letter.isspace()}
        assert {key[place] for place in match.places} == typed
        assert len(key) <= len(name)


def test_a_name_that_repeats_itself_is_given_up_quickly() -> None:
    assert NameQuery("a" * 30 + "b").match(folded("a " * 5000)) is None
