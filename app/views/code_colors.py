"""CodeColors: the colours of code, found beside the window's thread where that takes longer than a frame may.

The first code of a language takes 5 to 25 ms, since Pygments compiles its expressions then, one that it does not know
35 ms, and 20,000 letters 50 ms.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from functools import cache

from PySide6.QtCore import QObject, Qt, Signal

from app.core.highlighting import highlighted

logger = logging.getLogger(__name__)

AT_ONCE = 2_000  # letters that the window's own thread colours, in 6 ms, in a language that was met before

Colored = tuple[int, int, str]  # where it starts, how long it is, its colour
Wanted = tuple[str, str, bool]  # code, its language, and whether the ground is dark


class CodeColors(QObject):
    """Asking for colours that take longer starts looking for them; `found(Wanted, list of Colored)` tells them."""

    found = Signal(object, object)
    _arrived = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._met: set[str] = set()
        self._waiting: deque[Wanted] = deque()
        self._is_running = False
        self._lock = threading.Lock()
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def get(self, wanted: Wanted) -> Sequence[Colored] | None:
        """The colours; None when they will be told."""
        source, language, is_dark = wanted
        if not language or (language in self._met and len(source) <= AT_ONCE):
            return list(highlighted(source, language, is_dark=is_dark))
        with self._lock:
            if wanted not in self._waiting:
                self._waiting.append(wanted)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="code colours", daemon=True).start()
        return None

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_running = False
                    return
                source, language, is_dark = wanted = self._waiting.popleft()
            try:
                colors = list(highlighted(source, language, is_dark=is_dark))
            except Exception:
                logger.exception("code in %r is not coloured", language)
                colors = []
            try:
                self._arrived.emit(wanted, colors)
            except RuntimeError:  # the application has ended meanwhile
                return

    def _take(self, wanted: Wanted, colors: Sequence[Colored]) -> None:
        self._met.add(wanted[1])
        self.found.emit(wanted, colors)


@cache
def code_colors() -> CodeColors:
    """The one place where colours are looked for."""
    return CodeColors()
