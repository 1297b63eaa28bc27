"""The menu of a message: copying, another reply by another model, and how a reply was made."""

from __future__ import annotations

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMenu, QToolButton
from pytestqt.qtbot import QtBot
from window_steps import click, find, press, say, shown

from app.application import Application
from app.views.model_picker import ModelChoice
from app.views.transcript import Transcript


def choose(application: Application, text: str, *, menu: str = "messageMenu") -> None:
    """Choose a line of the menu that is open."""
    opened = find(application, QMenu, menu)
    action = next(action for action in opened.actions() if action.text() == text)
    assert action.isEnabled()
    action.trigger()
    find(application, QMenu, "messageMenu").close()


def ask_at(transcript: Transcript, point: QPoint) -> None:
    """Press the right button there."""
    viewport = transcript.viewport()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, viewport.mapToGlobal(point))
    QApplication.sendEvent(viewport, event)


def enabled(application: Application, text: str) -> bool:
    menu = find(application, QMenu, "messageMenu")
    found = next(action for action in menu.findChildren(QAction) if action.text() == text)
    menu.close()
    return found.isEnabled()


def test_a_reply_is_copied_as_text_or_as_markdown(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(lambda: FakeEngine([["# Tea\n\n- **green**\n", "- black"]]))
    say(qtbot, application, "List")
    press(application, "moreMessageButton")
    choose(application, "Copy as text")
    assert QApplication.clipboard().text() == "Tea\n\n- green\n- black"
    press(application, "moreMessageButton")
    choose(application, "Copy as Markdown")
    assert QApplication.clipboard().text() == "# Tea\n\n- **green**\n- black"


def test_the_right_button_opens_the_menu_of_a_message_and_that_of_what_is_selected(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    application = open_window(lambda: FakeEngine([["Green *tea*."]]))
    say(qtbot, application, "Which?")
    transcript = application.window.transcript
    ask_at(transcript, transcript.views()[1].geometry().topLeft() + QPoint(20, 10))
    choose(application, "Copy as Markdown")
    assert QApplication.clipboard().text() == "Green *tea*."
    transcript.select_all()
    ask_at(transcript, transcript.views()[1].geometry().topLeft() + QPoint(20, 10))
    menu = next(menu for menu in transcript.findChildren(QMenu) if menu.isVisible())
    menu.actions()[0].trigger()
    menu.close()
    assert QApplication.clipboard().text() == "Which?\n\nGreen tea."


def test_another_model_writes_another_version(qtbot: QtBot, open_window: OpenWindow, tmp_path: object) -> None:
    fake = FakeEngine([["one"], ["two"]])
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi")
    qtbot.waitUntil(lambda: not application.library.is_looking)
    opened: list[str] = []
    application.models.open = opened.append  # type: ignore[method-assign] # the model is none of this test's business
    application.window.model_picker.choices = (ModelChoice("/models/other.gguf", "Other", ""),)
    press(application, "moreMessageButton")
    choose(application, "Other", menu="regenerateWith")
    assert opened == ["/models/other.gguf"]
    assert len(fake.requests) == 1
    application.models.modelReady.emit(application.models.loaded)
    qtbot.waitUntil(lambda: len(fake.requests) == 2 and not application.chat.is_replying)
    assert shown(application) == ["Hi", "two"]


def test_a_model_that_cannot_be_loaded_writes_nothing(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["one"], ["two"]])
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi")
    reply = application.window.transcript.views()[-1].message.id
    application.message_menu.regenerate_with(reply, "/models/broken.gguf")
    qtbot.waitUntil(lambda: application.window.message_bar.text() != "")
    application.models.modelReady.emit(application.models.loaded)
    assert len(fake.requests) == 1


def test_the_details_say_how_a_reply_was_made(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    say(qtbot, application, "Hi")
    press(application, "moreMessageButton")
    choose(application, "Details…")
    dialog = find(application, QDialog, "messageDetails")
    click(application, "copyDetails")
    told = dict(line.split(": ", 1) for line in QApplication.clipboard().text().splitlines())
    assert (told["Model"], told["Quantisation"], told["Ended by"]) == ("Fake model", "F32", "the model")
    assert told["Speed"] == "200.0 tok/s"
    assert told["Temperature"] == "0.7"
    values = [label.text() for label in dialog.findChildren(QLabel, "detailValue")]
    assert "Fake model" in values
    dialog.close()


def test_figures_show_while_a_reply_has_the_focus(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    figures = find(application, QLabel, "replyFigures")
    assert figures.text() == ""
    find(application, QToolButton, "regenerateButton").setFocus()
    assert figures.text() == "200.0 tok/s · 0.0 s to the first word"
    application.window.composer.setFocus()
    assert figures.text() == ""


def test_versions_change_by_keyboard(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(lambda: FakeEngine([["one"], ["two"]]))
    say(qtbot, application, "Hi")
    press(application, "regenerateButton")
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    application.window.activateWindow()
    for key, text in ((Qt.Key.Key_Left, "one"), (Qt.Key.Key_Right, "two")):
        button = find(application, QToolButton, "regenerateButton")
        button.setFocus()
        QTest.keyClick(button, key, Qt.KeyboardModifier.AltModifier)
        assert shown(application) == ["Hi", text]


def test_a_running_reply_offers_no_details(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    fake.gate.clear()
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi", wait=False)
    qtbot.waitUntil(lambda: bool(fake.requests))
    application.window.transcript.views()[-1].setFocus()
    press(application, "moreMessageButton")
    assert not enabled(application, "Details…")
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
