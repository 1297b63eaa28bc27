"""Exports from the window: what is written, what is asked, and what is told when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QProgressBar
from pytestqt.qtbot import QtBot
from window_steps import click, export, find, say

from app.core.store import StoreError


@pytest.mark.parametrize(
    ("title", "ending"),
    [("Markdown", "md"), ("Plain text", "txt"), ("HTML", "html"), ("Fireside JSON", "json"), ("ShareGPT", "json")],
)
def test_an_export_holds_the_conversation(
    title: str, ending: str, qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    path = tmp_path / f"out.{ending}"
    export(qtbot, application, title, path)
    assert "Hello there." in path.read_text(encoding="utf-8")
    assert application.window.message_bar.text() == f"Exported to “out.{ending}”."


def test_a_pdf_is_written_beside_the_windows_thread(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    export(qtbot, application, "PDF", tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF")


def test_a_home_without_documents_takes_exports_itself(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    application.window.action.export.trigger()
    assert Path(find(application, QLineEdit, "exportOutput").text()).parent == tmp_path


def test_all_chats_go_into_one_zip(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    application = open_window(FakeEngine)
    for text in ("first question", "second question"):
        application.conversations.new_chat()
        say(qtbot, application, text)
    application.window.action.export.trigger()
    find(application, QComboBox, "exportScope").setCurrentText("All 2 chats")
    find(application, QLineEdit, "exportOutput").setText(str(tmp_path / "all.zip"))
    click(application, "startExport")
    qtbot.waitUntil((tmp_path / "all.zip").exists)
    qtbot.waitUntil(lambda: find(application, QLabel, "exportTold").isVisible())


def test_an_existing_file_is_replaced_only_after_a_yes(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    path = tmp_path / "out.md"
    path.write_text("mine")
    asked: list[str] = []
    monkeypatch.setattr(
        "app.controllers.exports.confirm_replacing", lambda _parent, name: bool(asked.append(name)) or len(asked) > 1
    )
    application.window.action.export.trigger()
    find(application, QLineEdit, "exportOutput").setText(str(path))
    click(application, "startExport")
    assert path.read_text() == "mine"
    click(application, "startExport")
    qtbot.waitUntil(lambda: find(application, QLabel, "exportTold").isVisible())
    assert "Hello there." in path.read_text(encoding="utf-8")
    assert asked == ["out.md", "out.md"]


def test_an_export_that_fails_is_told_and_can_be_tried_again(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    application.window.action.export.trigger()
    output = find(application, QLineEdit, "exportOutput")
    output.setText(str(tmp_path / "gone" / "out.md"))
    click(application, "startExport")
    error = find(application, QLabel, "dialogError")
    qtbot.waitUntil(error.isVisible)
    assert "“out.md” cannot be written in" in error.text()
    output.setText(str(tmp_path / "out.md"))
    click(application, "startExport")
    qtbot.waitUntil((tmp_path / "out.md").exists)
    qtbot.waitUntil(lambda: find(application, QLabel, "exportTold").isVisible())


def test_an_export_that_is_stopped_leaves_nothing(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")

    def wait_for_stop(*_arguments: object, cancelled, **_options: object) -> Path:
        while not cancelled():
            pass
        raise StoreError("stopped")

    monkeypatch.setattr("app.core.exporting.export", wait_for_stop)
    application.window.action.export.trigger()
    find(application, QLineEdit, "exportOutput").setText(str(tmp_path / "out.md"))
    click(application, "startExport")
    assert find(application, QProgressBar, "exportProgress").isVisible()
    click(application, "cancelExport")
    qtbot.waitUntil(lambda: find(application, QLabel, "dialogError").isVisible())
    assert [*tmp_path.glob("*.md")] == []


def test_a_chat_that_cannot_be_saved_stays_in_the_window_and_can_be_exported(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")

    def refuse(*_arguments: object, **_options: object) -> None:
        raise StoreError("The disk is full; free some space, then try again.")

    monkeypatch.setattr(application.store, "add_message", refuse)
    say(qtbot, application, "A long thought", wait=False)
    assert application.window.composer.text() == "A long thought"
    assert application.window.message_bar.text() == "The disk is full; free some space, then try again."
    click(application, "messageBarAction")
    find(application, QComboBox, "exportFormat").setCurrentText("Fireside JSON")
    find(application, QLineEdit, "exportOutput").setText(str(tmp_path / "rescued.json"))
    click(application, "startExport")
    qtbot.waitUntil(lambda: find(application, QLabel, "exportTold").isVisible())
    assert "Hello there." in json.dumps(json.loads((tmp_path / "rescued.json").read_text(encoding="utf-8")))
