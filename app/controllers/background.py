"""Runs a function on a thread of its own: progress, result and failure come back as signals; it can be cancelled.

For work that takes longer than a frame and needs nothing of the window: exports, imports, searches, hashes. A job
that needs the store is given one of its own. All jobs are joined when the application closes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from app.core.store import Store
from engine.api import FiresideError

logger = logging.getLogger(__name__)

PROGRESS_S = 0.05  # between two reports; a progress bar needs no more
LOWEST_PRIORITY = 19


class Control(Protocol):
    """What a job's function is given: whom to tell, and whether to stop."""

    def progress(self, done: int, total: int) -> None:
        """Tell how far it is; may be called as often as one likes."""

    def tell(self, value: Any) -> None:
        """Hand over a part of the result; the job's `told` emits it."""

    def is_cancelled(self) -> bool:
        """Whether the person or the application wants it to end."""


Work = Callable[[Control], Any]  # Any: what the job's own user makes of it
StoreWork = Callable[[Store, Control], Any]


class Job(QObject):
    """One function on one thread. Ends with `succeeded(result)` or `failed(sentence)`, then `ended()`.

    All signals are emitted in the thread that made the job.
    """

    progressed = Signal(object, object)  # integers that may pass 2^31
    told = Signal(object)
    succeeded = Signal(object)
    failed = Signal(str)
    ended = Signal()
    _reported = Signal(str, object)

    def __init__(self, work: Work, *, name: str, is_low_priority: bool, parent: QObject) -> None:
        super().__init__(parent)
        self._work, self._is_low_priority = work, is_low_priority
        self._cancelled = threading.Event()
        self._last_report = 0.0
        self._is_over = False  # what the thread reported last may still wait in the event loop
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._reported.connect(self._tell)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the function to end; it says how in its own way."""
        self._cancelled.set()

    def join(self) -> None:
        """Wait for the thread; nothing is told any more."""
        self._is_over = True
        self._thread.join()

    def progress(self, done: int, total: int) -> None:
        """Part of `Control`, called on the thread."""
        now = time.monotonic()
        if now - self._last_report >= PROGRESS_S or done == total:
            self._last_report = now
            self._reported.emit("progress", (done, total))

    def tell(self, value: Any) -> None:
        """Part of `Control`, called on the thread."""
        self._reported.emit("part", value)

    def is_cancelled(self) -> bool:
        """Part of `Control`, called on the thread."""
        return self._cancelled.is_set()

    def _run(self) -> None:
        if self._is_low_priority and sys.platform == "linux":  # elsewhere a thread has no number among the processes
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        try:
            self._reported.emit("result", self._work(self))
        except FiresideError as error:
            self._reported.emit("failure", str(error))
        except OSError as error:
            self._reported.emit("failure", f"{error.strerror or error}: {error.filename or ''}".rstrip(": ") + ".")
        except Exception as error:
            logger.exception("%s failed", self._thread.name)
            sentence = f"Something unexpected went wrong ({type(error).__name__}); the log file has the details."
            self._reported.emit("failure", sentence)

    def _tell(self, what: str, value: Any) -> None:
        if self._is_over:
            return
        if what == "progress":
            self.progressed.emit(*value)
            return
        if what == "part":
            self.told.emit(value)
            return
        if what == "result":
            self.succeeded.emit(value)
        else:
            self.failed.emit(value)
        self._thread.join()  # it has nothing left to do
        self.ended.emit()
        self.deleteLater()


class Background(QObject):
    """Starts jobs and remembers them until they ended."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self._database = database
        self._jobs: list[Job] = []
        self._is_closed = False

    def start(self, work: Work, *, name: str, is_low_priority: bool = False) -> Job:
        """A running job. Connect to its signals at once: none is emitted before the event loop comes round.

        After `close` it does not run: the engine's last events arrive when the window is already gone.
        """
        job = Job(work, name=name, is_low_priority=is_low_priority, parent=self)
        if self._is_closed:
            return job
        self._jobs.append(job)
        job.ended.connect(lambda: self._jobs.remove(job))
        job.start()
        return job

    def start_on_store(self, work: StoreWork, *, name: str) -> Job:
        """A running job that is given a store of its own thread."""
        database = self._database

        def open_and_work(control: Control) -> Any:
            store = Store(database)
            try:
                return work(store, control)
            finally:
                store.close()

        return self.start(open_and_work, name=name)

    def close(self) -> None:
        """Cancel every job and wait for it; none runs from now on."""
        self._is_closed = True
        for job in self._jobs:
            job.cancel()
        for job in self._jobs:
            job.join()
        self._jobs.clear()
