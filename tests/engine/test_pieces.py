"""Where tokens lie in the text they spell, in whatever bytes they come."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.inspection.pieces import places


@given(text=st.text(max_size=30), cuts=st.lists(st.integers(0, 90), max_size=12), junk=st.binary(max_size=5))
def test_places_cover_the_text_in_order(text: str, cuts: list[int], junk: bytes) -> None:
    raw = text.encode("utf-8", "replace") + junk
    bounds = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(bounds)]
    found = places(pieces)
    decoded = raw.decode("utf-8", "replace")
    reached = 0
    for start, end in found:
        assert start <= end
        assert start <= reached  # no character is left out
        reached = max(reached, end)
    assert reached <= len(decoded) <= reached + len(junk)


def test_tokens_that_share_a_character_share_its_place() -> None:
    tea = "茶".encode()
    assert places([b"a ", tea[:1], tea[1:] + b"!", b"?"]) == [(0, 2), (2, 3), (2, 4), (4, 5)]


def test_a_space_that_the_tokenizer_adds_is_not_in_the_text() -> None:
    assert places([b"", b" Tea", b" is"], hides_first_space=True) == [(0, 0), (0, 3), (3, 6)]
    assert places([b" Tea"]) == [(0, 4)]
