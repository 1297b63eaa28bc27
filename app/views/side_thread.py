"""SideThread: what views show and takes longer than a frame, made one after another beside the window's thread.

For colours, formulas and pictures: many and short, where a job (app/controllers/background.py) is one and can be
cancelled. The thread ends when nothing waits.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Hashable

from PySide6.QtCore import QObject, Qt, Signal

Work = Callable[[], object]


class SideThread(QObject):
    """`done(key, result)`, in the order of asking and in the thread that made this object, which alone may ask.

    Work that raises is reported as an error that nobody caught, and is never done.
    """

    done = Signal(object, object)
    _arrived = Signal(object, object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._asked: set[Hashable] = set()
        self._waiting: deque[tuple[Hashable, Work]] = deque()
        self._is_running = False
        self._lock = threading.Lock()
        self._arrived.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def ask(self, key: Hashable, work: Work) -> None:
        """Begin unless it was begun and is not told of yet."""
        if key in self._asked:
            return
        self._asked.add(key)
        with self._lock:
            self._waiting.append((key, work))
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def is_asked(self, key: Hashable) -> bool:
        """Whether it was begun and is not told of yet."""
        return key in self._asked

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_running = False
                    return
                key, work = self._waiting.popleft()
            try:
                result = work()
            except Exception:  # noqa: BLE001 - reported as if it had ended the thread, on which others wait
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
                continue
            try:
                self._arrived.emit(key, result)
            except RuntimeError:  # the application has ended meanwhile
                return

    def _tell(self, key: Hashable, result: object) -> None:
        self._asked.discard(key)
        self.done.emit(key, result)
