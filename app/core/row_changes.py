"""Steps that turn one list of rows into another: what a view is told, so that it need not begin anew.

A chat that moves to the top or gets another title is one step. Rows are compared by what they say, and followed by
their key, which no two rows of a list may share.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

MOST_STEPS = 40  # a view that is told more of them would rather begin anew

Row = TypeVar("Row")


class Change(Enum):
    """What happens to a row."""

    REMOVE = auto()
    MOVE = auto()
    INSERT = auto()
    REPLACE = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """One change at a place, after all steps before it; a row moves there from `origin`, behind it."""

    change: Change
    at: int
    origin: int = -1


def steps(old: Sequence[Row], new: Sequence[Row], key: Callable[[Row], Hashable]) -> list[Step] | None:
    """The steps from `old` to `new`; None when there are more than `MOST_STEPS`, or keys are not unique."""
    begin = 0
    shorter = min(len(old), len(new))
    while begin < shorter and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    rows = {key(row): row for row in old[begin : len(old) - end]}
    keys = [key(row) for row in old[begin : len(old) - end]]
    wanted = [key(row) for row in new[begin : len(new) - end]]
    if len(rows) < len(keys) or len(set(wanted)) < len(wanted):
        return None
    made: list[Step] = []
    for step in _followed(keys, wanted, [rows.get(one) for one in wanted], new[begin : len(new) - end]):
        made.append(Step(step.change, step.at + begin, step.origin + begin))
        if len(made) > MOST_STEPS:
            return None
    return made


def _followed(
    keys: list[Hashable], wanted: list[Hashable], before: Sequence[Row | None], after: Sequence[Row]
) -> Iterator[Step]:
    """Remove what is gone from the end on; then put every place in order from the beginning on. Changes `keys`."""
    kept = set(wanted)
    for at in range(len(keys) - 1, -1, -1):
        if keys[at] not in kept:
            del keys[at]
            yield Step(Change.REMOVE, at)
    there = set(keys)
    for at, one in enumerate(wanted):
        if one not in there:
            keys.insert(at, one)
            yield Step(Change.INSERT, at)
            continue
        if keys[at] != one:
            origin = keys.index(one, at)
            keys.insert(at, keys.pop(origin))
            yield Step(Change.MOVE, at, origin)
        if before[at] != after[at]:
            yield Step(Change.REPLACE, at)
