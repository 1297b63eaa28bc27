"""Imports, backups and restoring in the window: preview, progress, summary, undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot
from window_steps import click, find, say

from app.application import Application
from app.core.paths import DataFolder
from app.core.store import Store

SAMPLES = Path(__file__).parent.parent / "app" / "samples"


def wait_for(qtbot: QtBot, application: Application, label: str) -> QLabel:
    found = find(application, QLabel, label)
    qtbot.waitUntil(found.isVisible, timeout=10_000)
    return found


def look_at(qtbot: QtBot, application: Application, path: Path) -> None:
    application.imports.show_dialog().look_at(str(path))


def test_a_file_is_previewed_imported_summed_up_and_taken_out_again(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    look_at(qtbot, application, SAMPLES / "chatgpt.json")
    preview = wait_for(qtbot, application, "importFound").text()
    assert preview.startswith("ChatGPT, ")
    assert application.store.conversations() == ()
    click(application, "startImport")
    told = wait_for(qtbot, application, "importTold").text()
    added = len(application.store.conversations())
    assert added > 0
    assert told.startswith(f"Chats added: {added}. With new messages: 0. Here already: 0.")
    assert application.window.sidebar.model.rowCount() > added
    click(application, "undoImport")
    qtbot.waitUntil(lambda: application.window.message_bar.text() == "The import was taken out again.")
    assert application.store.conversations() == ()


def test_a_second_import_of_the_same_file_adds_nothing(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    for expected in ("added", "Here already: 2"):
        look_at(qtbot, application, SAMPLES / "claude.json")
        wait_for(qtbot, application, "importFound")
        click(application, "startImport")
        told = wait_for(qtbot, application, "importTold").text()
        assert expected in told
        click(application, "importDone")
        qtbot.waitUntil(lambda: application.window.findChild(QLabel, "importTold") is None)
    assert told.startswith("Chats added: 0. With new messages: 0.")


def test_what_cannot_be_read_is_told_and_another_file_can_be_chosen(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    (tmp_path / "recipe.json").write_text('{"flour": 500}')
    look_at(qtbot, application, tmp_path / "recipe.json")
    error = wait_for(qtbot, application, "dialogError")
    assert "recipe.json" in error.text()
    monkeypatch.setattr("app.views.import_dialog.ask_import_file", lambda _parent: str(SAMPLES / "sharegpt.json"))
    click(application, "chooseImportFile")
    assert "ShareGPT" in wait_for(qtbot, application, "importFound").text()


def test_a_stopped_import_leaves_nothing(
    qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.core import importing

    application = open_window(FakeEngine)
    run = importing.run_import

    def run_after_stop(path: Path, store: Store, *, progress, cancelled):
        while not cancelled():
            progress(1, 2)
        return run(path, store, progress=progress, cancelled=cancelled)

    monkeypatch.setattr(importing, "run_import", run_after_stop)
    look_at(qtbot, application, SAMPLES / "chatgpt.json")
    wait_for(qtbot, application, "importFound")
    click(application, "startImport")
    click(application, "cancelImport")
    assert wait_for(qtbot, application, "importTold").text() == "The import was stopped; nothing was taken in."
    assert application.store.conversations() == ()


def test_what_was_left_out_is_listed_with_its_reason(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    application = open_window(FakeEngine)
    (tmp_path / "good.json").write_bytes((SAMPLES / "sharegpt.json").read_bytes())
    (tmp_path / "cut.json").write_bytes((SAMPLES / "chatgpt.json").read_bytes()[:-40])
    look_at(qtbot, application, tmp_path)
    wait_for(qtbot, application, "importFound")
    assert "cut.json" in find(application, QPlainTextEdit, "importPreviewSkipped").toPlainText()
    click(application, "startImport")
    wait_for(qtbot, application, "importTold")
    told = find(application, QPlainTextEdit, "importSkipped").toPlainText()
    assert "cut.json ends in the middle of an entry, which was skipped." in told.splitlines()


def test_what_was_left_out_is_told_in_the_language_of_the_window(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    application = open_window(FakeEngine)
    application.languages.choose("zh_CN")
    (tmp_path / "good.json").write_bytes((SAMPLES / "sharegpt.json").read_bytes())
    (tmp_path / "cut.json").write_bytes((SAMPLES / "chatgpt.json").read_bytes()[:-40])
    look_at(qtbot, application, tmp_path)
    wait_for(qtbot, application, "importFound")
    told = find(application, QPlainTextEdit, "importPreviewSkipped").toPlainText().splitlines()
    assert "cut.json 在一个条目中间结束，该条目已跳过。" in told
    assert "good.json：有一个条目没有对话轮次。" in told


def test_a_dropped_export_of_another_program_is_previewed(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(SAMPLES / "open_webui.json"))])
    application.window.dropEvent(
        QDropEvent(
            QPointF(QPoint(50, 50)),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    qtbot.waitUntil(lambda: application.window.findChild(QLabel, "importFound") is not None)
    assert "Open WebUI" in wait_for(qtbot, application, "importFound").text()


def test_an_empty_sidebar_offers_to_import(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    click(application, "importButton")
    assert find(application, QPushButton, "chooseImportFile").isVisible()


def test_the_window_can_close_in_the_middle_of_an_import(
    qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)

    def wait_for_close(_path: Path, _store: Store, *, progress, cancelled) -> None:
        while not cancelled():
            pass

    monkeypatch.setattr("app.core.importing.preview_import", wait_for_close)
    look_at(qtbot, application, SAMPLES / "chatgpt.json")
    application.window.close()  # the fixture fails when a thread is left


def test_a_backup_is_taken_back_and_that_can_be_undone(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Remember me")
    path = tmp_path / "backup.sqlite3"
    monkeypatch.setattr("app.controllers.backups.ask_new_file", lambda *_arguments: path)
    application.window.action.backup.trigger()
    bar = application.window.message_bar
    qtbot.waitUntil(lambda: bar.text() == "Everything is in “backup.sqlite3”.")
    application.store.delete_forever(application.chat.conversation_id or "")
    application.conversations.leave_what_is_gone()
    assert application.chat.conversation_id is None
    monkeypatch.setattr("app.controllers.backups.ask_backup_file", lambda _parent: path)
    application.window.action.restore.trigger()
    qtbot.waitUntil(lambda: bar.text().startswith("Chats added: 1."))
    assert [one.title for one in application.store.conversations()] == ["Remember me"]
    click(application, "messageBarAction")
    qtbot.waitUntil(lambda: application.store.conversations() == ())


def test_a_damaged_database_is_told_at_the_start_and_what_is_left_of_it_can_be_saved(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_window(FakeEngine)
    say(qtbot, first, "Remember me")
    first.window.close()
    with folder.database.open("r+b") as database:
        database.write(b"no database now!")
    second = open_window(FakeEngine)
    bar = second.window.message_bar
    assert bar.text().startswith("The conversations were damaged")
    output = tmp_path / "rescue.json"
    monkeypatch.setattr("app.controllers.backups.ask_new_file", lambda *_arguments: output)
    click(second, "messageBarAction")
    qtbot.waitUntil(lambda: bar.text().startswith("“rescue.json” holds what could be read"))
    assert "Remember me" in output.read_text(encoding="utf-8")
