"""The window that `benchmarks.soak.kills` kills: it writes messages by keys, and tells what was stored, a line each.

`asked` when the store has acknowledged a message, `shown` when the window has so many characters of the running
reply, `ended` when the store has its end. Each line has the time, `tick` lines nothing else.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from random import Random
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from app.application import Application
from app.core.conversation import Status, StoredMessage
from app.core.discovery import Machine
from app.core.paths import data_folder
from app.core.store import Store
from app.worker import TokensGathered
from benchmarks.soak.clock import AwakeClock
from engine.api import Event, RequestFailed

TICK_MS = 20
LONGEST_TICK_S = 0.5  # of what passes between two looks: a machine that slept tells no process so
QUESTIONS = ("Tell me about foxes.", "And 绿茶?", "Write a list of ten rivers.", "Why?")


class Talker(QObject):
    """Sends a message whenever no reply is running, and tells what happens."""

    def __init__(self, application: Application, seed: int) -> None:
        super().__init__()
        self._application, self._dice = application, Random(seed)
        self._clock = AwakeClock(longest_s=LONGEST_TICK_S)
        if hasattr(signal, "SIGCONT"):  # sent after a stop; while it lasts nothing can be saved, and nothing is shown
            signal.signal(signal.SIGCONT, lambda *_: self._clock.skip())
        self._message_id, self._length = "", 0
        store = application.store
        store.add_message = self._telling(store.add_message)  # type: ignore[method-assign]
        application.chat.replyEnded.connect(self._end)
        application.engine.eventArrived.connect(self._take)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _telling(self, add: Callable[..., StoredMessage]) -> Callable[..., StoredMessage]:
        def add_and_tell(conversation_id: str, **values: Any) -> StoredMessage:  # Any: what the store takes
            added = add(conversation_id, **values)
            self._message_id, self._length = added.id, 0
            self._say("asked", chat=conversation_id, message=added.id)
            return added

        return add_and_tell

    def _take(self, event: Event) -> None:
        if isinstance(event, TokensGathered):
            self._length += len(event.text)
            self._say("shown", length=self._length)
        elif isinstance(event, RequestFailed):
            self._say("complaint", text=event.message)

    def _end(self, store: Store, conversation_id: str, status: Status) -> None:
        message = store.tree(conversation_id).get(self._message_id)
        self._say("ended", message=message.id, length=len(message.text), status=status.value)

    def _tick(self) -> None:
        self._say("tick")
        composer = self._application.window.findChild(QPlainTextEdit, "composer")
        if composer is not None and not self._application.chat.is_replying:
            composer.setPlainText(self._dice.choice(QUESTIONS))
            QTest.keyClick(composer, Qt.Key.Key_Return)

    def _say(self, what: str, **values: object) -> None:
        line = json.dumps({"what": what, "at_s": round(self._clock.now(), 4), **values}) + "\n"
        os.write(1, line.encode())


def main() -> int:
    """Open the window on a folder, and talk until the end comes from outside."""
    place, seed = sys.argv[1:]
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    qt = QApplication(["fireside"])
    folder = data_folder(place)
    application = Application(qt, folder, machine=Machine(folder.root / "home", {}, sys.platform))
    application.start()
    talker = Talker(application, int(seed))
    status = qt.exec()
    talker.deleteLater()
    return status


if __name__ == "__main__":
    raise SystemExit(main())
