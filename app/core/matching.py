"""Finds names by what a person types of them: whole words, beginnings, or letters in order (`expc` for Export chat).

Used by lists that are filtered at each key, so a query is prepared once and 5,000 names are tried in a few ms.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_NAME = 200  # characters that are looked at
MOST_STARTS = 8  # places from which letters in order are tried
WIDEST = 4  # letters in order may be spread over so many times their number

_AT_FRONT, _AT_START, _IN_WORD, _SCATTERED = 3.5, 3.0, 2.0, 1.0


@dataclass(frozen=True, slots=True)
class Match:
    """How well a name fits, more is better, and which of its characters were typed."""

    score: float
    places: tuple[int, ...]


class NameQuery:
    """What was typed; every word of it has to be found in a name, in whatever order."""

    def __init__(self, text: str) -> None:
        self._words = list(dict.fromkeys(folded(text).split()))

    def match(self, name: str) -> Match | None:
        """How `name`, which is `folded`, fits; None when it does not. Everything fits an empty query alike."""
        score, places = 0.0, set[int]()
        for word in self._words:
            found = _find(word, name)
            if found is None:
                return None
            score += found.score
            places.update(found.places)
        return Match(score, tuple(sorted(places)))


def folded(name: str) -> str:
    """A name as it is compared: its beginning in lower case, letter for letter, so that places stay the same."""
    start = name[:LONGEST_NAME]
    lower = start.lower()
    return lower if len(lower) == len(start) else "".join(c.lower() if len(c.lower()) == 1 else c for c in start)


def _find(word: str, name: str) -> Match | None:
    first = at = name.find(word)
    while at > 0 and name[at - 1].isalnum():
        at = name.find(word, at + 1)
    if first >= 0:
        begin = at if at >= 0 else first
        score = _IN_WORD if at < 0 else _AT_START if at > 0 else _AT_FRONT
        closeness = 1 / (2 + len(name))  # of two names that hold the word, the shorter one is meant
        return Match(score + closeness, tuple(range(begin, begin + len(word))))
    return _in_order(word, name)


def _in_order(word: str, name: str) -> Match | None:
    """The letters of a word in their order, the first at the beginning of a word, as close together as they are."""
    best: list[int] | None = None
    start = -1
    for _ in range(MOST_STARTS):
        start = name.find(word[0], start + 1)
        if start < 0:
            break
        if start > 0 and name[start - 1].isalnum():
            continue
        places = [start]
        for letter in word[1:]:
            at = name.find(letter, places[-1] + 1)
            if at < 0:
                break
            places.append(at)
        if len(places) < len(word):
            break  # nor are they in order behind a later start
        if best is None or places[-1] - places[0] < best[-1] - best[0]:
            best = places
    if best is None or best[-1] - best[0] >= WIDEST * len(word):
        return None
    return Match(_SCATTERED * len(word) / (best[-1] - best[0] + 1), tuple(best))
