"""Finding words in the open chat: counted everywhere, marked where they are seen, gone to one by one."""

from __future__ import annotations

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from window_steps import find, say

from app.theme import load_theme
from app.views.find_bar import FindBar
from app.views.message_view import THINKING
from app.views.transcript import Transcript, TranscriptMessage


class Shown:
    """A transcript and its bar."""

    def __init__(self, qtbot: QtBot, messages: list[TranscriptMessage]) -> None:
        self.qtbot = qtbot
        self.transcript = Transcript()
        self.bar = FindBar(self.transcript)
        for widget in (self.transcript, self.bar):
            qtbot.addWidget(widget)
        self.transcript.apply_theme(load_theme("light"))
        self.transcript.resize(700, 500)
        self.transcript.show()
        self.transcript.show_messages(messages)
        self.transcript.verticalScrollBar().setValue(0)
        self.bar.begin()

    @property
    def field(self) -> QLineEdit:
        field = self.bar.findChild(QLineEdit, "findField")
        assert isinstance(field, QLineEdit)
        return field

    def count(self) -> str:
        label = self.bar.findChild(QLabel, "findCount")
        assert isinstance(label, QLabel)
        return label.text()

    def look_for(self, text: str, count: str) -> None:
        self.field.setText(text)
        QTest.keyClick(self.field, Qt.Key.Key_Return)
        self.qtbot.waitUntil(lambda: self.count() == count)

    def marked(self) -> list[str]:
        """What is marked of the blocks that have widgets."""
        found = []
        for view in self.transcript.views():
            for _, surface in view.built_surfaces():
                edit = getattr(surface, "edit", surface)
                spans = getattr(edit, "found", None) or getattr(edit, "_found", ())
                found += [surface.shown_text()[start:end] for start, end in spans]
        return found


@pytest.fixture
def chat() -> list[TranscriptMessage]:
    texts = [f"Message {at} about **foxes** and `Fox` code. 天气预报 👋 fox" for at in range(60)]
    return [TranscriptMessage(f"{at}", "assistant" if at % 2 else "user", text) for at, text in enumerate(texts)]


def test_words_apart_below_what_is_visible_are_no_place_to_go_to(qtbot: QtBot) -> None:
    texts = ["green tea", *["Nothing. " * 400] * 2, "tea, which is green. " * 200]
    shown = Shown(qtbot, [TranscriptMessage(str(at), "assistant", text) for at, text in enumerate(texts)])
    bar = shown.transcript.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert shown.transcript.first_visible() > 0
    shown.look_for("green tea", "1 of 1")


def test_every_place_is_counted_and_the_visible_ones_are_marked(qtbot: QtBot, chat: list[TranscriptMessage]) -> None:
    shown = Shown(qtbot, chat)
    shown.look_for("FOX", "1 of 180")
    assert len(shown.transcript.views()) < 30
    marked = shown.marked()
    assert len(marked) == 3 * len(shown.transcript.views())
    assert set(marked) == {"fox", "Fox"}
    shown.look_for("天气", "1 of 60")
    assert set(shown.marked()) == {"天气"}
    shown.look_for("nowhere", "Not found")
    assert shown.marked() == []


def test_enter_goes_on_and_shift_enter_goes_back(qtbot: QtBot, chat: list[TranscriptMessage]) -> None:
    shown = Shown(qtbot, chat)
    shown.look_for("message", "1 of 60")
    QTest.keyClick(shown.field, Qt.Key.Key_Return)
    assert shown.count() == "2 of 60"
    QTest.keyClick(shown.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(shown.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert shown.count() == "60 of 60"
    visible = [view.message.id for view in shown.transcript.views()]
    assert "59" in visible
    assert "0" not in visible


def test_a_place_deep_in_a_long_reply_is_shown(qtbot: QtBot) -> None:
    text = "\n\n".join(f"Paragraph {at} of it." for at in range(900)) + "\n\nThe needle.\n\n" + "More.\n\n" * 300
    shown = Shown(qtbot, [TranscriptMessage("0", "assistant", text)])
    shown.look_for("needle", "1 of 1")
    assert shown.marked() == ["needle"]
    block = next(
        surface for _, surface in shown.transcript.views()[0].built_surfaces() if "needle" in surface.shown_text()
    )
    y = block.mapTo(shown.transcript.viewport(), block.rect().topLeft()).y()
    assert 0 <= y <= shown.transcript.viewport().height()


def test_what_the_reply_adds_is_found_when_it_is_looked_for_again(
    qtbot: QtBot, chat: list[TranscriptMessage]
) -> None:
    shown = Shown(qtbot, chat)
    shown.look_for("lantern", "Not found")
    shown.transcript.show_messages([*chat, TranscriptMessage("new", "assistant", "A lantern.")])
    qtbot.waitUntil(lambda: shown.count() == "1 of 1")


def test_escape_closes_the_bar_and_not_the_reply(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hello fox")
    application.window.action.find.trigger()
    bar = find(application, QWidget, "findBar")
    assert bar.isVisible()
    field = find(application, QLineEdit, "findField")
    QTest.keyClicks(field, "there")
    count = find(application, QLabel, "findCount")
    qtbot.waitUntil(lambda: count.text() == "1 of 1")
    application.window.action.find.trigger()
    assert count.text() == "1 of 1"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    QApplication.processEvents()


def test_the_keys_that_every_browser_has_find_in_the_open_chat(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "fox fox fox")
    window, composer = application.window, find(application, QWidget, "composer")
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    field, count = find(application, QLineEdit, "findField"), find(application, QLabel, "findCount")
    QTest.keyClick(composer, Qt.Key.Key_F, control)
    assert window.focusWidget() is field
    QTest.keyClicks(field, "fox")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: count.text() == "1 of 3")
    composer.setFocus()
    for key, modifiers, place in (
        (Qt.Key.Key_F3, Qt.KeyboardModifier.NoModifier, "2 of 3"),
        (Qt.Key.Key_G, control, "3 of 3"),
        (Qt.Key.Key_F3, shift, "2 of 3"),
        (Qt.Key.Key_G, control | shift, "1 of 3"),
    ):
        QTest.keyClick(composer, key, modifiers)
        assert count.text() == place
    assert window.focusWidget() is composer
    QTest.keyClick(composer, Qt.Key.Key_F, control | shift)
    assert window.focusWidget() is find(application, QLineEdit, "conversationSearch")


def test_going_on_in_a_chat_that_took_the_place_of_a_longer_one_looks_there(qtbot: QtBot) -> None:
    messages = [TranscriptMessage(str(number), "assistant", "a fox\n\n" * 40) for number in range(12)]
    shown = Shown(qtbot, messages)
    shown.look_for("fox", "1 of 480")
    for _ in range(2):
        QTest.keyClick(shown.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert shown.count() == "479 of 480"
    shown.transcript.show_messages(messages[:1])
    shown.bar.go_on(1)
    qtbot.waitUntil(lambda: shown.count() == "1 of 40")


def test_words_in_folded_thinking_are_found_and_shown(qtbot: QtBot, chat: list[TranscriptMessage]) -> None:
    thinking = "I must think.\n" * 60 + "A badger!"
    thought = TranscriptMessage("thought", "assistant", "No animal.", thinking=thinking)
    shown = Shown(qtbot, [*chat[:30], thought, *chat[30:], TranscriptMessage("last", "user", "A badger?")])
    shown.look_for("badger", "1 of 2")
    assert shown.marked() == ["badger"]
    view = next(view for view in shown.transcript.views() if view.message.id == "thought")
    surface = view.surface(THINKING)
    assert surface is not None
    letter = surface.rect_at(surface.shown_text().index("badger")).topLeft()
    assert 0 <= surface.mapTo(shown.transcript.viewport(), letter).y() <= shown.transcript.viewport().height() - 10
