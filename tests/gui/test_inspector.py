"""Look inside: the panel, the token that is looked at, and how mouse and keyboard get there."""

from __future__ import annotations

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot
from window_steps import find, press, say

from app.application import Application
from app.views.reply_view import ReplyView
from app.views.token_strip import TokenStrip

REPLY = ["Tea", " is", " **green", "**", ".\n\n", "-", " Or", " black"]


def looking(qtbot: QtBot, open_window: OpenWindow, reply: list[str]) -> tuple[Application, FakeEngine]:
    """A window that looks into a reply of these tokens."""
    fake = FakeEngine([reply])
    application = open_window(lambda: fake)
    say(qtbot, application, "Which?")
    press(application, "lookInsideButton")
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    return application, fake


def chosen_text(application: Application) -> str:
    """What stands on the ground of the chosen token in the transcript."""
    view = application.window.transcript.views()[-1]
    texts = []
    for _, surface in view.built_surfaces():
        tints = getattr(surface, "tints", ())
        texts += [surface.shown_text()[t.span[0] : t.span[1]] for t in tints if t.ground == "token_chosen"]
    return "".join(texts)


def click_word(application: Application, word: str) -> None:
    """Click the middle of a word of the last reply."""
    transcript = application.window.transcript
    view = transcript.views()[-1]
    assert isinstance(view, ReplyView)
    for _, surface in view.built_surfaces():
        at = surface.shown_text().find(word)
        if at >= 0:
            left, right = surface.rect_at(at), surface.rect_at(at + len(word))
            middle = QPoint((left.left() + right.left()) // 2, left.center().y())
            QTest.mouseClick(
                transcript.viewport(), Qt.MouseButton.LeftButton, pos=surface.mapTo(transcript.viewport(), middle)
            )
            return
    raise AssertionError(word)


def test_the_panel_opens_on_the_last_reply_and_takes_the_settings_place(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    application = open_window(lambda: FakeEngine([REPLY]))
    say(qtbot, application, "Which?")
    application.window.action.settings.trigger()
    application.window.action.look_inside.trigger()
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    assert find(application, QWidget, "inspectorPanel").isVisible()
    assert not find(application, QWidget, "settingsPanel").isVisible()
    assert find(application, QLabel, "tokenPlace").text().startswith("8 token")
    press(application, "closeInspector")
    assert not find(application, QWidget, "inspectorPanel").isVisible()


@pytest.mark.parametrize(("word", "index"), [("Tea", 0), ("is", 1), ("green", 2), ("Or", 6), ("black", 7)])
def test_a_click_on_a_word_chooses_its_token_whatever_markdown_hides(
    qtbot: QtBot, open_window: OpenWindow, word: str, index: int
) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    click_word(application, word)
    assert application.inspector.index == index
    assert chosen_text(application).strip() == word
    assert find(application, QLabel, "tokenPlace").text() == f"Token {index + 1} of 8"


def test_arrow_keys_go_from_token_to_token(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    strip = find(application, TokenStrip, "tokenStrip")
    click_word(application, "Tea")
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.accessibleDescription() == "Token 2 of 8: ␣is"
    QTest.keyClick(strip, Qt.Key.Key_End)
    assert application.inspector.index == 7
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert application.inspector.index == 6


def test_tokens_of_thinking_are_chosen_and_marked_in_it(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, ["<think>", "So", " it", "</think>", "\n\n", "Tea", "."])
    press(application, "thinkingButton")
    application.inspector.choose(2)
    block = find(application, QWidget, "thinkingText")
    assert [tint.span for tint in block.edit._tints] == [(2, 5)]  # type: ignore[attr-defined]
    click_word(application, "Tea")
    assert application.inspector.index == 5


def test_a_reply_of_another_model_says_so(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    chat = application.chat.shown
    leaf = chat.tree.path()[-1]
    record = {**chat.store.record(leaf.id), "model_path": "/models/x.gguf", "model_name": "Elsewhere"}
    chat.store.save_reply(leaf.id, leaf.text, leaf.status, record=record)
    application.inspector.look(leaf.id)
    assert "another model (Elsewhere)" in find(application, QLabel, "inspectorNote").text()
    assert not find(application, QWidget, "tokenStrip").isVisible()


def test_another_chat_is_not_looked_into(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, _ = looking(qtbot, open_window, REPLY)
    click_word(application, "Tea")
    application.conversations.new_chat()
    assert application.inspector.reply is None
    assert "Choose a reply" in find(application, QLabel, "inspectorNote").text()
