"""One life of the real window with the real starter model: a random walk, looked at every minute.

It runs in a process of its own, because a crash is a finding too: `report.json` is written anew at every rest, and
what Python knows of a crash goes to standard error.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QTimer, QtMsgType, QUrl, Slot, qInstallMessageHandler
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from app.application import Application
from app.core.discovery import Machine
from app.core.library import Library
from app.core.paths import DataFolder, data_folder
from app.core.settings import LoadSettings, SettingsFile
from app.worker import UNEXPECTED
from benchmarks.soak.body import census, look, rss_bytes, widget_census
from benchmarks.soak.person import Person
from benchmarks.soak.verdict import WARM_UP, judge
from benchmarks.soak.walk import Walk
from engine.api import Event, ReplyFinished, RequestFailed
from engine.starter import starter_model_path

REPORT, ACTS_LOG = "window.json", "window-acts.jsonl"
MOST_GROWN = 12  # types of Python objects that are told
USUAL_REPLY = 120  # tokens at most, where a chat says nothing else


class Life(QObject):
    """Opens the window on `folder`, walks, and leaves its report in `output`."""

    def __init__(self, qt: QApplication, folder: DataFolder, output: Path, *, minutes: float, seed: int) -> None:
        super().__init__()
        self._qt, self._folder, self._output = qt, folder, output
        self._seed, self._asked = seed, minutes
        self._minutes: list[dict[str, float]] = []
        self._troubles: list[str] = []
        self._qt_told: Counter[str] = Counter()
        self._replies = self._tokens = 0
        self._census: Counter[str] = Counter()  # when it was warm
        self._widget_census: Counter[str] = Counter()
        models = _prepared(folder)
        self.application = Application(qt, folder, machine=Machine(folder.root / "home", {}, sys.platform))
        self.application.engine.eventArrived.connect(self._count)
        person = Person(self.application, Random(seed), folder.root / "exports", models)
        self._walk = Walk(person, for_s=minutes * 60, log=output / ACTS_LOG, tell=self._tell)
        self._walk.rested.connect(self._look)
        self._walk.done.connect(self._end)
        self._catch_everything()

    def start(self) -> None:
        """Show the window and walk."""
        self.application.start()
        QTimer.singleShot(0, self._walk.start)

    @Slot(QUrl)
    def ignore_url(self, _url: QUrl) -> None:
        """Nothing outside of the window is opened."""

    def _look(self) -> None:
        at_work = rss_bytes()
        body = look(self._qt, self.application)
        self._minutes.append(
            {
                "minute": round(self._walk.awake_s / 60, 2),
                **asdict(body),
                "rss_before_bytes": at_work,
                "chats": len(self.application.store.conversations()),
                "database_bytes": self._folder.database.stat().st_size,
                "replies": self._replies,
                "tokens": self._tokens,
                "longest_turn_s": round(self._walk.longest_turn_s, 3),
            }
        )
        if len(self._minutes) == max(2, round(self._asked * WARM_UP)):
            self._census, self._widget_census = census(), widget_census(self._qt)
        self._write()

    def _write(self, *, is_whole: bool = False) -> None:
        grown, grown_widgets = census() - self._census, widget_census(self._qt) - self._widget_census
        content = {
            "seed": self._seed,
            "asked_minutes": self._asked,
            "is_whole": is_whole,
            "ended_at": time.time(),
            "acts": dict(self._walk.acts.most_common()),
            "troubles": self._troubles,
            "told_by_qt": dict(self._qt_told.most_common()),
            "grown_types": dict(grown.most_common(MOST_GROWN)),
            "grown_widgets": dict(grown_widgets.most_common(MOST_GROWN)),
            "minutes": self._minutes,
            "verdict": [asdict(one) for one in judge(self._minutes, self._troubles)],
        }
        whole = self._output / f"{REPORT}.new"
        whole.write_text(json.dumps(content, indent=1), encoding="utf-8")
        whole.replace(self._output / REPORT)

    def _end(self) -> None:
        self._walk.stop()
        for problem in self.application.store.check():
            self._tell(f"the database is damaged: {problem}")
        self.application.window.close()
        self.application.close()
        left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        if left:
            self._tell(f"threads after the end: {', '.join(left)}")
        self._write(is_whole=True)
        self._qt.quit()

    def _tell(self, sentence: str) -> None:
        self._troubles.append(f"{self._walk.awake_s / 60:.1f} min, “{self._walk.name}”: {sentence}")
        print(self._troubles[-1], file=sys.stderr, flush=True)

    def _count(self, event: Event) -> None:
        match event:
            case ReplyFinished():
                self._replies += 1
                self._tokens += event.timings.generated_tokens
            case RequestFailed(kind=kind) if kind == UNEXPECTED:
                self._tell(f"a request failed unexpectedly: {event.message}")

    def _catch_everything(self) -> None:
        """What nobody expected is a trouble: errors in slots and threads, in the log, and what Qt complains about."""

        def in_slot(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            sys.__excepthook__(kind, error, trace)
            self._tell(f"an error in a slot: {kind.__name__}: {error}")

        def in_thread(arguments: threading.ExceptHookArgs) -> None:
            threading.__excepthook__(arguments)
            self._tell(f"an error in a thread: {arguments.exc_type.__name__}: {arguments.exc_value}")

        def by_qt(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
            self._qt_told[f"{kind.name}: {text}"] += 1

        class InLog(logging.Handler):
            def emit(_handler, record: logging.LogRecord) -> None:  # noqa: N805  # `self` is the life
                self._tell(f"an error in the log: {record.getMessage()}")

        sys.excepthook, threading.excepthook = in_slot, in_thread
        qInstallMessageHandler(by_qt)
        logging.getLogger().addHandler(InLog(logging.ERROR))
        for scheme in ("file", "http", "https", "mailto"):
            QDesktopServices.setUrlHandler(scheme, self, "ignore_url")  # type: ignore[arg-type]  # the stub is wrong


def _prepared(folder: DataFolder) -> tuple[Path, ...]:
    """Two copies of the starter model, the second with a small cache; one thread; replies that end soon."""
    starter = starter_model_path()
    assert starter is not None, "the starter model is not installed; `make run` installs it"
    models = folder.root / "others"
    models.mkdir(exist_ok=True)
    paths = (models / "Fox 135M.gguf", models / "绿茶 135M.gguf")
    for number, path in enumerate(paths):
        if not path.exists():
            shutil.copyfile(starter, path)
            with path.open("ab") as file:
                file.write(bytes(number))  # the library shows files of the same content as one
    library = Library(folder.models)
    for path, cache_type in zip(paths, ("auto", "q8_0"), strict=True):
        library.remember(path)
        library.set_load_settings(path, LoadSettings(threads=1, cache_type=cache_type))
    settings = SettingsFile(folder.settings)
    settings.write(replace(settings.settings, load=LoadSettings(threads=1), own_values={"max_tokens": USUAL_REPLY}))
    return paths


def main() -> int:
    """Run one life in this process; called by `benchmarks.soak.window` alone."""
    folder, output, minutes, seed = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING, filename=Path(output) / "window.log", filemode="w", force=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    qt = QApplication(["fireside"])
    qt.setQuitOnLastWindowClosed(False)
    life = Life(qt, data_folder(folder), Path(output), minutes=float(minutes), seed=int(seed))
    life.start()
    return qt.exec()


if __name__ == "__main__":
    raise SystemExit(main())
