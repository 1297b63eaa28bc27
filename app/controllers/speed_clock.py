"""How fast tokens arrive: a running figure for the status line, from the moments they came."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW = 32  # tokens looked back at
FEWEST = 4  # tokens before a figure means anything


class SpeedClock:
    """Counts `tick`s; `tok_s` is the speed over the last of them."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._moments: deque[float] = deque(maxlen=WINDOW)

    def tick(self) -> None:
        """One more token came."""
        self._moments.append(self._now())

    @property
    def tok_s(self) -> float | None:
        """Tokens per second, or None before there is a steady figure."""
        if len(self._moments) < FEWEST or self._moments[-1] <= self._moments[0]:
            return None
        return (len(self._moments) - 1) / (self._moments[-1] - self._moments[0])
