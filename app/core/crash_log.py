"""The crash log: where in the program Fireside was when it ended unexpectedly.

`crash.log` has a head while a window is open, and what happened behind that once something did; a normal end removes
it. `app.application` keeps one open, and tells of that of the run before.
"""

from __future__ import annotations

import contextlib
import faulthandler
import platform
import sys
import traceback
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from app.core.paths import DataFolder
from engine.version import installed_version

HEAD_ENDS = "\n\n"


class CrashLog:
    """Written to while it is entered: by the interpreter at a fatal signal, and for an exception that leaves it.

    A kill from outside leaves none, and a folder that cannot be written to neither: that is no reason not to start.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._path = folder.crash_log
        self._file: TextIO | None = None
        self.of_last_run = _set_aside(folder)
        """The log of a run before this one that ended unexpectedly; None when it ended as it should."""

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            self._path.write_text(_head(), encoding="utf-8")
            self._file = self._path.open("a", encoding="utf-8")
            faulthandler.enable(self._file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        faulthandler.disable()
        with self._file, contextlib.suppress(OSError):
            if isinstance(error, Exception):
                traceback.print_exception(kind, error, trace, file=self._file)
        if not isinstance(error, Exception):
            self._path.unlink(missing_ok=True)


def _head() -> str:
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    version = installed_version() or "not installed"
    return (
        f"Fireside {version}, started {started}\n"
        f"Python {platform.python_version()}, {platform.platform()}, packaged: {hasattr(sys, '_MEIPASS')}{HEAD_ENDS}"
    )


def _set_aside(folder: DataFolder) -> Path | None:
    with contextlib.suppress(OSError):
        _, _, happened = folder.crash_log.read_text(encoding="utf-8", errors="replace").partition(HEAD_ENDS)
        if happened.strip():
            return folder.crash_log.replace(folder.last_crash_log)
    return None
