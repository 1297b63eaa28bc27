"""Comparing two models in the window, with the starter model and a fixture: asked, shown, gone through, saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from reference_data import FIXTURES
from window_steps import answer_with, click, find, say

from app.application import Application
from app.controllers import comparing
from app.core.comparison import ComparedSide, ComparedToken, Comparison
from app.core.library import Library
from app.theme import load_theme
from app.views.compare_dialog import CompareDialog
from app.views.compared_column import ComparedModel

LONGEST_MS = 120_000
OTHER = str(FIXTURES / "models" / "llama")


@pytest.fixture
def application(qtbot: QtBot, open_window: OpenWindow) -> Iterator[Application]:
    """A window with a short reply of the starter model."""
    opened = open_window()
    answer_with(opened, temperature=0.9, seed=11, max_tokens=8, system_prompt="Be brief.")
    say(qtbot, opened, "Name three kinds of tea.", wait=False)
    qtbot.waitUntil(lambda: bool(opened.chat.last_reply()) and not opened.chat.is_replying, timeout=LONGEST_MS)
    yield opened


def compare(qtbot: QtBot, application: Application, *, tokens: int = 12) -> None:
    find(application, QSpinBox, "compareTokens").setValue(tokens)
    click(application, "compareModels")
    qtbot.waitUntil(lambda: bool(find(application, QLabel, "compareSummary").text()), timeout=LONGEST_MS)


def close(application: Application) -> None:
    click(application, "closeComparison")
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def texts(application: Application) -> list[str]:
    return [find(application, QPlainTextEdit, f"comparedText{number}").toPlainText() for number in (1, 2)]


def test_what_two_models_need_is_told_when_their_headers_are_read(
    qtbot: QtBot, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as early:
        early.setattr(Library, "at", lambda _library, _path: None)
        application.window.action.compare.trigger()
        memory = find(application, QLabel, "compareMemory")
        assert memory.text() == ""
    application.library.rescan()
    qtbot.waitUntil(lambda: "one after the other" in memory.text(), timeout=LONGEST_MS)


def test_a_reply_is_compared_with_the_same_model_under_another_cache(
    qtbot: QtBot, application: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second model that is proposed where there is one file; all figures are there, and both exports."""
    used = application.engine
    application.window.action.compare.trigger()
    assert find(application, QPlainTextEdit, "comparePrompt").toPlainText() == "Name three kinds of tea."
    assert find(application, QCheckBox, "compareContext").isChecked()
    assert find(application, QComboBox, "comparedCache2").currentText() == "q8_0"
    memory = find(application, QLabel, "compareMemory")
    qtbot.waitUntil(lambda: "one after the other" in memory.text(), timeout=LONGEST_MS)
    compare(qtbot, application)
    first, second = texts(application)
    assert first
    assert (first == second) == (find(application, QLabel, "compareSummary").text() == "Both say the same.")
    figures = find(application, QLabel, "comparedFigures1").text()
    assert "By itself" in figures
    assert "q8_0" in figures
    assert "Divergence" in figures

    strip = find(application, QWidget, "comparedStrip1")
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Home)
    QTest.keyClick(strip, Qt.Key.Key_Right)
    detail = find(application, QLabel, "comparedDetail1").text()
    assert detail.startswith("Token 2 of")
    assert "divergence" in detail
    assert strip.accessibleDescription() == detail

    text = find(application, QPlainTextEdit, "comparedText2")
    cursor = text.textCursor()
    cursor.movePosition(cursor.MoveOperation.Start)
    cursor.movePosition(cursor.MoveOperation.NextWord)
    QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=text.cursorRect(cursor).center())
    assert find(application, QLabel, "comparedDetail2").text().startswith("Token 2 of")

    for button, name, content in (
        ("saveComparison", "found.md", first.splitlines()[0]),
        ("saveComparisonTable", "found.csv", "own_logprob,other_logprob,kl"),
    ):
        path = tmp_path / name
        monkeypatch.setattr(comparing, "ask_new_file", lambda *_asked, path=path: path)
        click(application, button)
        qtbot.waitUntil(lambda: "is saved" in find(application, QLabel, "compareState").text(), timeout=5_000)
        assert content in path.read_text("utf-8")
        find(application, CompareDialog, "compareDialog").tell("")

    close(application)
    application.window.action.compare.trigger()
    assert texts(application) == [first, second], "it is kept until Fireside ends"
    assert find(application, QSpinBox, "compareTokens").value() == 12
    assert find(application, QComboBox, "comparedCache2").currentText() == "q8_0"
    close(application)
    application.comparing.open()
    assert texts(application) == ["", ""]
    click(application, "lastComparison")
    qtbot.waitUntil(lambda: len(application.window.findChildren(CompareDialog)) == 1)
    assert texts(application) == [first, second]
    assert find(application, QPlainTextEdit, "comparePrompt").toPlainText() == "Name three kinds of tea."

    close(application)
    assert application.engine is used
    application.window.action.regenerate.trigger()
    qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=LONGEST_MS)
    assert application.chat.last_reply(), "the model in use is back"


def test_models_of_other_vocabularies_have_no_divergence_but_an_alignment(
    qtbot: QtBot, application: Application
) -> None:
    application.models.open(OTHER)
    qtbot.waitUntil(lambda: not application.models.is_loading, timeout=LONGEST_MS)
    application.comparing.open()
    assert find(application, QPlainTextEdit, "comparePrompt").toPlainText() == ""
    click(application, "compareModels")
    assert "Write a message" in find(application, QLabel, "dialogError").text()
    find(application, QPlainTextEdit, "comparePrompt").setPlainText("Green tea?")
    dialog = find(application, CompareDialog, "compareDialog")
    assert dialog.columns[0].path == OTHER != dialog.columns[1].path
    compare(qtbot, application)
    assert "no divergence is defined" in find(application, QLabel, "compareSummary").text()
    assert not find(application, QWidget, "comparedStrip1").isVisible()
    text = find(application, QPlainTextEdit, "comparedText2")
    QTest.keyClick(text, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(text, Qt.Key.Key_Left)
    detail = find(application, QLabel, "comparedDetail2").text()
    assert detail.startswith("Token 12 of 12"), "the keyboard chooses words, too"
    assert "divergence" not in detail
    assert all(texts(application))


def test_a_comparison_is_stopped_and_the_model_in_use_replies_again(qtbot: QtBot, application: Application) -> None:
    application.window.action.look_inside.trigger()
    qtbot.waitUntil(lambda: application.inspector.tokens is not None, timeout=LONGEST_MS)
    find(application, QToolButton, "compareReply").click()
    click(application, "compareModels")
    qtbot.waitUntil(lambda: bool(texts(application)[0]), timeout=LONGEST_MS)
    click(application, "compareModels")  # which stops now
    button = find(application, QWidget, "comparedModel1")
    qtbot.waitUntil(button.isEnabled, timeout=LONGEST_MS)
    assert not find(application, QLabel, "compareSummary").text()
    click(application, "closeComparison")
    application.window.action.regenerate.trigger()
    qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=LONGEST_MS)
    assert application.chat.last_reply()


def test_the_menu_of_a_reply_offers_it(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Tea?")
    (reply,) = (message for message in application.chat.shown.tree.path() if message.role == "assistant")
    application.message_menu.open_menu(reply.id, application.window.pos())
    menu = find(application, QMenu, "messageMenu")
    next(action for action in menu.actions() if action.objectName() == "compareWith").trigger()
    menu.close()
    assert find(application, QPlainTextEdit, "comparePrompt").toPlainText() == "Tea?"
    click(application, "closeComparison")


def test_strips_and_notes_begin_at_one_height_however_long_the_notes_are(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    models = [ComparedModel("/a", "A", ""), ComparedModel("/b", "B", "")]
    dialog = CompareDialog(models, load_theme("light"), page, prompt="Tea?", context=0, has_last=False)
    token = ComparedToken(1, "Tea", (0, 3), -1.0, -2.0, 0.5)
    first, second = (
        ComparedSide(name, "Tea", [token], -1.0, -2.0, 1) for name in ("A", "A long name of a model " * 20)
    )
    dialog.show_comparison(Comparison("Tea?", (first, second), ()))
    dialog.show()
    one, other = dialog.columns
    one.choose(0)

    def tops(width: int) -> list[list[int]]:
        dialog.resize(width, 700)
        QApplication.processEvents()
        parts = [[column.strip, *column.notes] for column in dialog.columns]
        return [[part.mapTo(dialog, QPoint()).y() for part in column] for column in parts]

    wide = tops(1000)
    assert one.notes[0].height() > other.notes[0].height()
    assert wide[0] == wide[1] == sorted(wide[0])
    narrow = tops(400)
    assert max(narrow[0]) < min(narrow[1]), "there is no room for both beside each other"
    assert tops(1000) == wide
