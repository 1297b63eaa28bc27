"""Time without what a process slept through: a lid that was closed, a stop by a signal."""

from __future__ import annotations

import time


class AwakeClock:
    """What passes between two looks counts as awake up to `longest_s`; so it must be asked more often than that."""

    def __init__(self, *, longest_s: float = 2.0) -> None:
        self._longest_s = longest_s
        self._last = time.monotonic()
        self._awake_s = 0.0

    def now(self) -> float:
        """Seconds awake since it was made."""
        now = time.monotonic()
        self._awake_s += min(now - self._last, self._longest_s)
        self._last = now
        return self._awake_s

    def skip(self) -> None:
        """Count nothing of what passed since the last look: the process was stopped in it."""
        self._last = time.monotonic()
