"""What is written and not sent: kept for each chat, over switches and restarts, and gone once it was sent."""

from __future__ import annotations

from pathlib import Path

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot
from window_steps import find, say, shown

from app.application import Application
from app.core.paths import DataFolder
from app.core.store import Store
from app.views.file_chips import ChipState


def write(application: Application, text: str) -> None:
    QTest.keyClicks(find(application, QPlainTextEdit, "composer"), text)


def test_each_chat_has_a_draft_of_its_own(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    old = application.chat.conversation_id or ""
    write(application, "in the old one")
    application.conversations.new_chat()
    assert application.window.composer.text() == ""
    write(application, "in a new one")
    application.conversations.open(old)
    assert application.window.composer.text() == "in the old one"
    application.conversations.new_chat()
    assert application.window.composer.text() == "in a new one"


def test_drafts_are_there_after_a_restart(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n")
    first = open_window(FakeEngine)
    write(first, "about this")
    first.attaching.attach([str(tmp_path / "a.csv")])
    qtbot.waitUntil(lambda: [chip.state for chip in first.window.composer.files.shown()] == [ChipState.READY])
    first.window.close()
    second = open_window(FakeEngine)
    assert second.window.composer.text() == "about this"
    assert [chip.name for chip in second.window.composer.files.shown()] == ["a.csv"]
    say(qtbot, second, "")
    assert shown(second) == ["about this", "Hello there."]
    second.window.close()
    third = open_window(FakeEngine)
    assert third.window.composer.text() == ""
    assert third.window.composer.files.shown() == ()


def test_a_draft_is_on_the_disk_a_moment_after_it_was_written(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    application = open_window(FakeEngine)
    write(application, "before a crash")
    other = Store(folder.database)
    qtbot.waitUntil(lambda: bool(other.drafts(None)), timeout=3000)
    assert other.drafts(None)[0][0].text == "before a crash"
    other.close()


def test_nothing_of_a_temporary_chat_is_kept(open_window: OpenWindow, folder: DataFolder) -> None:
    application = open_window(FakeEngine)
    application.window.action.temporary_chat.trigger()
    write(application, "whisper")
    application.conversations.new_chat()
    assert application.window.composer.text() == ""
    application.window.close()
    for file in folder.root.iterdir():
        if file.is_file():
            assert b"whisper" not in file.read_bytes(), file
