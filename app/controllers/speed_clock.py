"""How fast tokens arrive: a running figure for the status line, from the moments they came."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW = 32  # tokens looked back at, and those that came with the first of them
FEWEST = 4  # tokens before a figure means anything


class SpeedClock:
    """Counts `tick`s; `tok_s` is the speed over the last of them."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._moments: deque[tuple[float, int]] = deque()  # when tokens came, and how many there were by then
        self._tokens = 0

    def tick(self, tokens: int = 1) -> None:
        """So many more tokens came, together."""
        self._tokens += tokens
        self._moments.append((self._now(), self._tokens))
        while len(self._moments) > 2 and self._tokens - self._moments[1][1] >= WINDOW - 1:
            self._moments.popleft()

    @property
    def tok_s(self) -> float | None:
        """Tokens per second, or None before there is a steady figure."""
        if self._tokens < FEWEST or self._moments[-1][0] <= self._moments[0][0]:
            return None
        (began_s, before), (ended_s, by_now) = self._moments[0], self._moments[-1]
        return (by_now - before) / (ended_s - began_s)
