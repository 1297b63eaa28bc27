"""TimeSlices: long work that needs the window's own thread, done between frames."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer

FIRST_S = 0.05  # most of what a person asks for is done at once
SLICE_S = 0.008


class TimeSlices(QObject):
    """Runs an iterator to its end, a few milliseconds at a time; another one takes its place."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Iterator[object] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(lambda: self._go_on(SLICE_S))

    def run(self, work: Iterator[object]) -> None:
        """Begin at once, and go on whenever the event loop comes round."""
        self._work = work
        self._go_on(FIRST_S)

    def cancel(self) -> None:
        """Forget the work."""
        self._work = None
        self._timer.stop()

    def _go_on(self, seconds: float) -> None:
        work, end = self._work, time.perf_counter() + seconds
        while work is not None and work is self._work:
            if next(work, self) is self:
                self.cancel()
                return
            if time.perf_counter() > end:
                self._timer.start()
                return
