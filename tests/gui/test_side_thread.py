"""What is drawn beside the window's thread: in order, once, told in the thread that asked, and no thread is left."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.views.side_thread import SideThread

NAME = "side of a test"


class Listener(QObject):
    """Keeps what it was told, with the thread that told it."""

    def __init__(self, side: SideThread) -> None:
        super().__init__()
        self.told: list[tuple[object, object]] = []
        self.threads: set[str] = set()
        side.done.connect(self.take)

    def take(self, key: object, result: object) -> None:
        self.told.append((key, result))
        self.threads.add(threading.current_thread().name)


@pytest.fixture
def side(qtbot: QtBot) -> SideThread:
    return SideThread(NAME)


def is_running() -> bool:
    return NAME in {thread.name for thread in threading.enumerate()}


def waiting_for(gate: threading.Event, result: object) -> Callable[[], object]:
    def work() -> object:
        assert gate.wait(10)
        return result

    return work


def test_results_come_in_order_in_the_thread_that_asked_and_no_thread_is_left(qtbot: QtBot, side: SideThread) -> None:
    listener = Listener(side)
    for number in range(20):
        side.ask(number, lambda number=number: (number, threading.current_thread().name))  # type: ignore[misc]
    assert listener.told == [], "nothing is told before the event loop comes round"
    qtbot.waitUntil(lambda: len(listener.told) == 20)
    assert listener.told == [(number, (number, NAME)) for number in range(20)]
    assert listener.threads == {"MainThread"}
    qtbot.waitUntil(lambda: not is_running())
    side.ask("again", lambda: 1)
    qtbot.waitUntil(lambda: listener.told[-1] == ("again", 1))


def test_what_is_asked_twice_is_done_once_until_it_is_told(qtbot: QtBot, side: SideThread) -> None:
    listener, gate = Listener(side), threading.Event()
    side.ask("key", waiting_for(gate, 1))
    side.ask("key", waiting_for(gate, 2))
    assert side.is_asked("key")
    gate.set()
    qtbot.waitUntil(lambda: not side.is_asked("key"))
    side.ask("key", waiting_for(gate, 3))
    qtbot.waitUntil(lambda: listener.told == [("key", 1), ("key", 3)])


def test_work_that_raises_is_reported_and_the_next_is_done(
    qtbot: QtBot, side: SideThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    listener = Listener(side)
    side.ask("broken", lambda: 1 // 0)
    side.ask("whole", lambda: 2)
    qtbot.waitUntil(lambda: listener.told == [("whole", 2)])
    (report,) = reported
    assert report.exc_type is ZeroDivisionError
    assert report.thread is not None
    assert report.thread.name == NAME


def test_a_listener_that_is_gone_is_told_nothing(qtbot: QtBot, side: SideThread) -> None:
    gone, there, gate = Listener(side), Listener(side), threading.Event()
    told = gone.told
    side.ask("key", waiting_for(gate, 1))
    gone.deleteLater()
    del gone
    qtbot.wait(1)
    gate.set()
    qtbot.waitUntil(lambda: there.told == [("key", 1)])
    assert told == []
