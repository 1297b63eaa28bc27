"""Time without what a process slept through: a lid that was closed, a stop by a signal."""

from __future__ import annotations

import time

LONGEST_S = 2.0  # between two looks; what is longer was slept


class AwakeClock:
    """Must be asked every second or so."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._awake_s = 0.0

    def now(self) -> float:
        """Seconds awake since it was made."""
        now = time.monotonic()
        self._awake_s += min(now - self._last, LONGEST_S)
        self._last = now
        return self._awake_s
