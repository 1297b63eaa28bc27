"""What minutes of the window come to: whether memory grew, and whether threads, handles or widgets were left over.

A share of the time is for warming up; what is left is cut into thirds, and the last is compared with the first.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_GROWTH = 0.02
WARM_UP = 0.25  # of the time
LEAST_MINUTES = 8  # fewer say nothing
COUNTED = ("threads", "handles", "widgets", "timers")

Minute = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One line of the verdict."""

    what: str
    is_good: bool
    told: str


def judge(minutes: Sequence[Minute], troubles: Sequence[str]) -> list[Judgement]:
    """Every line; the soak is passed when all are good."""
    found = [
        Judgement("course", not troubles, f"{len(troubles)} troubles: {troubles[0]}" if troubles else "no trouble")
    ]
    warm = minutes[int(len(minutes) * WARM_UP) :]
    if len(minutes) < LEAST_MINUTES:
        told = f"{len(minutes)} minutes are too few to judge what grows; it takes {LEAST_MINUTES}"
        return [*found, Judgement("growth", True, told)]
    third = len(warm) // 3
    first, last = warm[:third], warm[-third:]
    grown = growth([one["rss_bytes"] for one in first], [one["rss_bytes"] for one in last])
    found.append(
        Judgement(
            "memory", grown <= MOST_GROWTH, f"grew by {grown:+.2%} after the warm-up (at most {MOST_GROWTH:.0%})"
        )
    )
    for name in COUNTED:
        before, after = [one[name] for one in first], [one[name] for one in last]
        told = f"{min(before):.0f} to {max(before):.0f} at first, {min(after):.0f} to {max(after):.0f} at last"
        found.append(Judgement(name, min(after) <= max(before), told))
    return found


def growth(first: Sequence[float], last: Sequence[float]) -> float:
    """By which share the median became more."""
    return statistics.median(last) / statistics.median(first) - 1.0
