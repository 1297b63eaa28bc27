"""What is made of measured figures: medians with their spread, and rows that compare them with a goal.

A round holds the figures of each contestant that ran in it. Whatever compares two contestants or two states does so
within a round, where the machine was in one mood; only then is a median taken.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Figures = dict[str, float]
Round = dict[str, Figures]


@dataclass(frozen=True, slots=True)
class Spread:
    """What several rounds gave for one figure."""

    median: float
    min: float
    max: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Row:
    """A figure made of a round, beside its goal if it has one: a least value, or a greatest one if `is_at_most`.

    `of` raises KeyError where a round lacks what it needs. `unit` is what stands behind the number; shares with
    the unit `%` are kept as fractions.
    """

    title: str
    of: Callable[[Round], float]
    goal: float | None = None
    is_at_most: bool = False
    unit: str = ""

    def is_met(self, value: float) -> bool | None:
        """Whether `value` reaches the goal; None without one."""
        if self.goal is None:
            return None
        return value <= self.goal if self.is_at_most else value >= self.goal


def spread(values: Sequence[float]) -> Spread:
    """Of one or more values."""
    return Spread(statistics.median(values), min(values), max(values), len(values))


def spreads(rounds: Sequence[Round]) -> dict[str, dict[str, Spread]]:
    """The spread of every figure of every contestant, over the rounds that have it."""
    values: dict[str, dict[str, list[float]]] = {}
    for one in rounds:
        for contestant, figures in one.items():
            for key, value in figures.items():
                values.setdefault(contestant, {}).setdefault(key, []).append(value)
    return {contestant: {key: spread(series) for key, series in keys.items()} for contestant, keys in values.items()}


def over_rounds(row: Row, rounds: Sequence[Round]) -> Spread | None:
    """The spread of a row's figure over the rounds that have all it needs; None when none has."""
    values = []
    for one in rounds:
        try:
            values.append(row.of(one))
        except KeyError:
            continue
    return spread(values) if values else None


def value(contestant: str, key: str) -> Callable[[Round], float]:
    """A figure as it is."""
    return lambda one: one[contestant][key]


def ratio(over: tuple[str, str], under: tuple[str, str]) -> Callable[[Round], float]:
    """One figure in terms of another; each is a contestant and a key."""
    return lambda one: one[over[0]][over[1]] / one[under[0]][under[1]]


def with_best(rounds: Sequence[Round], name: str, settings: Sequence[str]) -> list[Round]:
    """The rounds with one more contestant `name`: for each figure, that of the setting with the better median.

    So an engine that can run in several ways is compared at its best, and the choice is made once, not by round.
    """
    found = spreads(rounds)
    best: dict[str, str] = {}
    for setting in settings:
        for key, one in found.get(setting, {}).items():
            rival = found[best[key]][key].median if key in best else None
            if rival is None or (one.median < rival if is_better_less(key) else one.median > rival):
                best[key] = setting
    return [
        {**one, name: {key: one[of][key] for key, of in best.items() if key in one.get(of, {})}} for one in rounds
    ]


def is_better_less(key: str) -> bool:
    """Whether a smaller figure is a better one: times and sizes are, speeds are not."""
    return not key.endswith("tok_s")
