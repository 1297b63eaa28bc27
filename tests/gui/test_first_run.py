"""The first run: a message waits for the model and is sent by itself; one hint, once; old chats can be imported."""

from __future__ import annotations

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot
from window_steps import click, find, say, shown


def test_a_message_that_is_written_before_the_model_is_there_waits_and_is_answered(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    application = open_window(FakeEngine)
    assert application.window.focusWidget() is find(application, QPlainTextEdit, "composer")
    assert application.models.loaded is None
    say(qtbot, application, "Hello", wait=False)
    assert "Waiting for the model" in find(application, QLabel, "statusText").text()
    qtbot.waitUntil(lambda: shown(application) == ["Hello", "Hello there."])
    assert application.window.message_bar.text() != "No model"


def test_after_the_first_reply_one_hint_is_told_once(qtbot: QtBot, open_window: OpenWindow) -> None:
    first = open_window(FakeEngine)
    assert first.window.message_bar.text() == ""
    say(qtbot, first, "Hi")
    assert first.window.message_bar.text() == "Ctrl+K finds every command, chat and model by a few letters."
    click(first, "messageBarAction")
    assert find(first, QFrame, "commandPalette").isVisible()
    first.window.palette_view.close_palette()
    say(qtbot, first, "Again")
    assert first.window.message_bar.text() == ""
    first.window.close()
    second = open_window(FakeEngine)
    say(qtbot, second, "Hi")
    assert second.window.message_bar.text() == ""


def test_who_has_found_the_palette_is_told_nothing(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.window.action.palette.trigger()
    application.window.palette_view.close_palette()
    say(qtbot, application, "Hi")
    assert application.window.message_bar.text() == ""


def test_an_empty_sidebar_offers_to_import_until_there_is_a_chat(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    click(application, "importButton")
    find(application, QDialog, "importDialog").close()
    say(qtbot, application, "Hi")
    assert not find(application, QPushButton, "importButton").isVisible()
