"""Messages that begin with a slash, and earlier messages by arrow key."""

from __future__ import annotations

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot
from window_steps import find, say, shown

from app.application import Application
from app.views.model_picker import ModelChoice


def press(application: Application, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(find(application, QPlainTextEdit, "composer"), key)


def write(application: Application, text: str) -> None:
    QTest.keyClicks(find(application, QPlainTextEdit, "composer"), text)


def test_a_slash_offers_commands_and_a_key_runs_one(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    write(application, "/")
    popup = application.slash_commands.popup
    assert popup.isVisible()
    assert {row.split()[0] for row in popup.rows()} >= {"/new", "/temporary", "/export", "/model", "/system", "/find"}
    write(application, "ne")
    assert [row.split()[0] for row in popup.rows()] == ["/new"]
    press(application, Qt.Key.Key_Return)
    assert not popup.isVisible()
    assert shown(application) == []
    assert application.window.composer.text() == ""


def test_escape_closes_the_commands_and_keeps_the_text(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    write(application, "/n")
    press(application, Qt.Key.Key_Escape)
    assert not application.slash_commands.popup.isVisible()
    assert application.window.composer.text() == "/n"


def test_a_preset_is_chosen_by_name(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "/precise")
    assert application.reply_settings.preset_id == "precise"
    assert shown(application) == []


def test_the_system_prompt_of_the_chat_is_set(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "/system Be brief.")
    assert application.chat.settings.system_prompt == "Be brief."


def test_a_model_is_completed_and_opened(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    opened: list[str] = []
    application.models.open = opened.append  # type: ignore[method-assign] # the model is none of this test's business
    application.window.model_picker.choices = (
        ModelChoice("/a.gguf", "Alder", ""),
        ModelChoice("/b.gguf", "Birch", ""),
    )
    write(application, "/mo")
    press(application, Qt.Key.Key_Tab)
    assert application.window.composer.text() == "/model "
    assert application.slash_commands.popup.rows() == ["Alder", "Birch"]
    press(application, Qt.Key.Key_Down, Qt.Key.Key_Return)
    assert opened == ["/b.gguf"]
    assert application.window.composer.text() == ""


def test_an_unknown_command_is_told_and_stays(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "/nothing")
    assert "no command /nothing" in find(application, QLabel, "composerHint").text()
    assert application.window.composer.text() == "/nothing"


def test_two_slashes_send_one_and_a_path_is_no_command(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "//new is a command")
    say(qtbot, application, "/usr/bin is a folder")
    assert shown(application)[::2] == ["/new is a command", "/usr/bin is a folder"]


def test_the_arrow_brings_earlier_messages_back(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "first")
    say(qtbot, application, "second")
    composer = application.window.composer
    press(application, Qt.Key.Key_Up)
    assert composer.text() == "second"
    press(application, Qt.Key.Key_Up, Qt.Key.Key_Up)
    assert composer.text() == "first"
    press(application, Qt.Key.Key_Down)
    assert composer.text() == "second"
    press(application, Qt.Key.Key_Down)
    assert composer.text() == ""
    write(application, "own words")
    press(application, Qt.Key.Key_Up)
    assert composer.text() == "own words"
