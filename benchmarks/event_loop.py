"""The window's own event loop, run until something has come: rounds called one by one hide what it is busy with.

`run_until` looks for it 125 times a second, and measures how long the loop was busy; `run_to_signal` does nothing
meanwhile, so that what runs beside the window goes on as it does for a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, Qt, QTimer, SignalInstance

PROBE_MS = 8  # between two looks of the probe; a frame takes 16


def run_until(done: Callable[[], bool], timeout_s: float) -> float:
    """The longest time that the loop did not come round meanwhile, in seconds. Raises `TimeoutError`."""
    loop, probe = QEventLoop(), QTimer()
    longest, last = 0.0, time.perf_counter()
    end = last + timeout_s

    def look() -> None:
        nonlocal longest, last
        now = time.perf_counter()
        longest, last = max(longest, now - last - PROBE_MS / 1000), now
        if done() or now > end:
            loop.quit()

    probe.setTimerType(Qt.TimerType.PreciseTimer)
    probe.timeout.connect(look)
    probe.start(PROBE_MS)
    if not done():
        loop.exec()
    if not done():
        raise TimeoutError("the window did not get there")
    return longest


def run_to_signal(signal: SignalInstance, timeout_s: float) -> None:
    """Let the loop go on until a signal comes. Raises `TimeoutError`."""
    loop, deadline = QEventLoop(), QTimer()
    deadline.setSingleShot(True)
    deadline.timeout.connect(lambda: loop.exit(1))
    deadline.start(round(timeout_s * 1000))
    signal.connect(loop.quit)
    is_late = loop.exec()
    signal.disconnect(loop.quit)
    if is_late:
        raise TimeoutError("the window did not get there")
