"""In the middle of a reply come errors, other models, deletions, sleep: what is there stays, and is marked."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from window_steps import find, say, shown

from app.__main__ import main
from app.application import Application, catch_everything
from app.core.conversation import Status
from app.core.log_format import SWITCH, LogFormatter
from app.core.paths import DataFolder
from engine.api import Event, ModelChangedError, NumericalError, ReplyFinished, StopReason, TokenGenerated


class Panic(BaseException):
    """As the tokenizers library raises."""


class CutShort(FakeEngine):
    """Ends each reply in its middle with an error, or for another reason, as long as there is one."""

    def __init__(self, end: BaseException | StopReason | None) -> None:
        super().__init__([["One", " two", " three"]])
        self.end = end

    def run(self, request, cancelled) -> Iterator[Event]:
        """The events of one request."""
        told = 0
        for event in super().run(request, cancelled):
            if isinstance(event, ReplyFinished) and isinstance(self.end, StopReason):
                yield replace(event, stop_reason=self.end)
                continue
            yield event
            told += isinstance(event, TokenGenerated)
            if told == 2 and isinstance(self.end, BaseException):
                raise self.end


def last(application: Application) -> tuple[str, Status]:
    """Text and state of the last message, as the store has it."""
    chat = application.chat.conversation_id
    assert chat is not None
    reply = application.store.tree(chat).path()[-1]
    return reply.text, reply.status


def begin(qtbot: QtBot, application: Application, fake: FakeEngine) -> None:
    """Let a reply begin and wait in its middle."""
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    fake.replies = [["One", *[" more"] * 500], ["One", " two", " three"]]
    fake.token_s = 0.02
    say(qtbot, application, "Count", wait=False)
    qtbot.waitUntil(lambda: bool(shown(application)) and shown(application)[-1].startswith("One"))
    fake.gate.clear()


@pytest.mark.parametrize(
    "error",
    [
        ModelChangedError("“m” was cut while it was read; get it again, then load it again."),
        NumericalError("The model's output is not a number any more; its file may be damaged. Try another copy."),
        ValueError("my secret"),
        Panic("my secret"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_reply_that_breaks_off_keeps_its_words_and_the_next_one_comes(
    qtbot: QtBot, open_window: OpenWindow, error: BaseException
) -> None:
    fake = CutShort(error)
    application = open_window(lambda: fake)
    say(qtbot, application, "Count")
    assert last(application) == ("One two", Status.FAILED)
    assert shown(application)[-1] == "One two"
    told = application.window.message_bar.text()
    assert told
    assert "my secret" not in told
    fake.end = None
    say(qtbot, application, "Again")
    assert last(application) == ("One two three", Status.COMPLETE)


def test_the_window_offers_to_load_a_file_again_that_was_cut_in_the_middle(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = CutShort(ModelChangedError("“m” was cut while it was read; get it again, then load it again."))
    application = open_window(lambda: fake)
    say(qtbot, application, "Count")
    assert "was changed or removed" in application.window.message_bar.text()
    fake.loaded, fake.end = None, None
    find(application, QPushButton, "messageBarAction").click()
    qtbot.waitUntil(lambda: fake.loaded is not None)


@pytest.mark.parametrize(
    ("reason", "note"),
    [
        (StopReason.MAX_TOKENS, "Cut off at the longest reply that the settings allow"),
        (StopReason.CONTEXT_FULL, "Cut off: the model's context is full"),
        (StopReason.CANCELLED, "Stopped"),
    ],
)
def test_a_reply_without_an_end_says_why_it_ends(
    qtbot: QtBot, open_window: OpenWindow, reason: StopReason, note: str
) -> None:
    application = open_window(lambda: CutShort(reason))
    say(qtbot, application, "Count")
    texts = [label.text() for label in application.window.transcript.findChildren(QLabel) if label.isVisible()]
    assert note in texts


def test_another_model_waits_for_the_reply(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    begin(qtbot, application, fake)
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    application.models.open(str(other))
    qtbot.wait(100)
    fake.token_s = 0.0
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert last(application) == ("One" + " more" * 500, Status.COMPLETE)
    qtbot.waitUntil(lambda: fake.loaded is not None and fake.loaded.path == str(other))
    say(qtbot, application, "Again")
    assert last(application) == ("One two three", Status.COMPLETE)


def test_a_conversation_that_is_deleted_takes_its_reply_along_and_comes_back_with_it(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    begin(qtbot, application, fake)
    application.window.action.delete.trigger()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert shown(application) == []
    find(application, QPushButton, "messageBarAction").click()
    assert last(application)[1] is Status.STOPPED
    assert shown(application)[-1].startswith("One")


def test_a_conversation_that_is_gone_for_ever_costs_nothing_but_its_reply(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    begin(qtbot, application, fake)
    gone = application.chat.conversation_id
    assert gone is not None
    application.window.action.delete.trigger()
    application.store.delete_forever(gone)
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    fake.token_s = 0.0
    say(qtbot, application, "Again")
    assert last(application) == ("One two three", Status.COMPLETE)


@pytest.mark.skipif(sys.platform == "win32", reason="a process is put to sleep by a signal")
def test_a_reply_goes_on_after_the_machine_slept(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([[f"{number} " for number in range(40)]])
    fake.token_s = 0.02
    application = open_window(lambda: fake)
    say(qtbot, application, "Count", wait=False)
    qtbot.waitUntil(lambda: bool(shown(application)) and shown(application)[-1].startswith("0 1"))
    naps = f"for _ in 1 2 3; do kill -STOP {os.getpid()}; sleep 0.4; kill -CONT {os.getpid()}; sleep 0.1; done"
    with subprocess.Popen(["sh", "-c", naps]):
        qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=15_000)
    assert last(application) == (" ".join(map(str, range(40))) + " ", Status.COMPLETE)


@pytest.fixture
def log(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """The log as `fireside` sets it up; what stands in it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    assert main(["--data-dir", str(folder.root), "conversations", "--json"]) == 0
    yield lambda: folder.log.read_text(encoding="utf-8") if folder.log.exists() else ""
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Application], None]]:
    """As `run` does, errors that nobody caught go to the application; pytest-qt's own way comes back."""
    hooks = sys.excepthook, threading.excepthook
    yield catch_everything
    sys.excepthook, threading.excepthook = hooks


def test_an_exception_in_a_slot_or_thread_is_logged_told_and_survived(
    qtbot: QtBot,
    open_window: OpenWindow,
    log: Callable[[], str],
    caught: Callable[[Application], None],
) -> None:
    application = open_window(FakeEngine)
    caught(application)

    def fail() -> None:
        raise LookupError("my secret")

    for start in (lambda: QTimer.singleShot(0, fail), threading.Thread(target=fail).start):
        application.window.message_bar.hide()
        start()
        qtbot.waitUntil(lambda: "LookupError" in application.window.message_bar.text())
        assert application.window.message_bar.isVisible()
    assert log().count("in fail") == 2
    assert "builtins.LookupError" in log()
    say(qtbot, application, "Are you there?")
    assert shown(application)[-1] == "Hello there."


def test_no_words_of_a_person_or_a_model_are_in_the_log(
    qtbot: QtBot, open_window: OpenWindow, log: Callable[[], str]
) -> None:
    said_by_model = ValueError("the model said: my secret")
    said_by_model.__cause__ = KeyError("my secret key")
    fake = CutShort(said_by_model)
    application = open_window(lambda: fake)
    say(qtbot, application, "my secret question")
    assert "GenerateRequest" in log()
    assert "builtins.ValueError" in log()
    assert "builtins.KeyError" in log()
    fake.end, fake.replies = None, [["my", " secret", " answer"]]
    say(qtbot, application, "my secret question")
    application.window.close()
    assert "secret" not in log()


def test_the_words_of_errors_are_logged_when_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    words = " ".join(["my", "secret"])
    try:
        raise ValueError(words)
    except ValueError as error:
        raised = type(error), error, error.__traceback__
    assert "secret" not in LogFormatter().formatException(raised)
    record = logging.LogRecord("fireside", logging.ERROR, __file__, 1, "failed", (), raised)
    assert "my secret" in logging.Formatter().format(record)
    assert "my secret" not in LogFormatter().format(record)
    assert "my secret" in logging.Formatter().format(record)
    monkeypatch.setenv(SWITCH, "1")
    assert "ValueError: my secret" in LogFormatter().formatException(raised)
