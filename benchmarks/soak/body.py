"""What a process holds: memory, threads, handles, and what Qt has of it. Measured when the window is at rest."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from engine.heap import trim_heap


@dataclass(frozen=True, slots=True)
class Body:
    """One look. `anonymous_bytes` is the memory that no file backs; 0 where the system does not tell."""

    rss_bytes: int
    anonymous_bytes: int
    threads: int
    handles: int
    widgets: int
    qt_objects: int
    timers: int
    python_objects: int


def rss_bytes() -> int:
    """The memory that is resident now, of files too."""
    return psutil.Process().memory_info().rss


def look(qt: QApplication, *roots: QObject) -> Body:
    """Collect what is garbage, give free memory back to the system, and count; `roots` are no widgets."""
    for _ in range(2):
        qt.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()
    trim_heap()
    process = psutil.Process()
    below = [one for root in (*roots, *qt.topLevelWidgets()) for one in root.findChildren(QObject)]
    return Body(
        rss_bytes=process.memory_info().rss,
        anonymous_bytes=_anonymous_bytes(),
        threads=process.num_threads(),
        handles=_handles(process),
        widgets=len(qt.allWidgets()),
        qt_objects=len(below),
        timers=sum(isinstance(one, QTimer) for one in below),
        python_objects=len(gc.get_objects()),
    )


def census() -> Counter[str]:
    """How many Python objects of each type the collector sees."""
    return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())


def widget_census(qt: QApplication) -> Counter[str]:
    """How many widgets of each class and name there are."""
    return Counter(f"{one.metaObject().className()} {one.objectName()}".rstrip() for one in qt.allWidgets())


def _handles(process: psutil.Process) -> int:
    if sys.platform == "win32":
        return process.num_handles()
    return process.num_fds()


def _anonymous_bytes() -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    fields = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines() if ":" in line)
    return int(fields.get("RssAnon", "0 kB").split()[0]) * 1024
