"""Code gets its colours beside the window's thread, and those of what it says by then."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.theme import load_theme
from app.views import blocks
from app.views.blocks import CodeBlock
from app.views.code_colors import CodeColors

PYTHON = "def fox(steps: int) -> str:\n    return 'lantern'\n"


@pytest.fixture
def colors(monkeypatch: pytest.MonkeyPatch) -> CodeColors:
    """Ones that have met no language yet."""
    made = CodeColors()
    monkeypatch.setattr(blocks, "code_colors", lambda: made)
    return made


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def block_of(parent: QWidget, source: str, language: str = "python") -> CodeBlock:
    made = CodeBlock(language, source, load_theme("light"), parent)
    made.complete()
    return made


def colors_of(block: CodeBlock) -> set[str]:
    """The colours that letters of the first line have, beside the text's own."""
    found = set()
    cursor = QTextCursor(block.edit.document())
    while cursor.movePosition(QTextCursor.MoveOperation.NextCharacter) and not cursor.atBlockEnd():
        ink = cursor.charFormat().foreground()
        if ink.style() is not Qt.BrushStyle.NoBrush:
            found.add(ink.color().name())
    return found


def test_the_first_code_of_a_language_is_colored_later_and_the_next_at_once(
    qtbot: QtBot, page: QWidget, colors: CodeColors
) -> None:
    first = block_of(page, PYTHON)
    assert colors_of(first) == set()
    qtbot.waitUntil(lambda: len(colors_of(first)) > 1)
    assert colors_of(block_of(page, PYTHON)) == colors_of(first)


def test_colors_of_another_theme_or_text_are_not_taken(qtbot: QtBot, page: QWidget, colors: CodeColors) -> None:
    dark, changed, light = (block_of(page, PYTHON) for _ in range(3))
    dark.apply_theme(load_theme("dark"))
    changed.show_source("plain words")
    qtbot.waitUntil(lambda: bool(colors_of(dark) and colors_of(light)))
    assert colors_of(dark).isdisjoint(colors_of(light))
    assert colors_of(changed) == set()


def test_an_unknown_language_has_no_colors_and_leaves_no_thread(
    qtbot: QtBot, page: QWidget, colors: CodeColors
) -> None:
    block = block_of(page, PYTHON, "foxish")
    with qtbot.waitSignal(colors.found):
        pass
    assert colors_of(block) == set()
    qtbot.waitUntil(lambda: "code colours" not in {thread.name for thread in threading.enumerate()})


def test_code_on_which_a_lexer_fails_stays_plain_and_the_next_is_colored(
    qtbot: QtBot, page: QWidget, colors: CodeColors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("app.views.code_colors.highlighted", lambda *_code, is_dark: 1 // 0)
        with qtbot.waitSignal(colors.found):
            failed = block_of(page, PYTHON, "rust")
    assert colors_of(failed) == set()
    assert "'rust' is not coloured" in caplog.text
    block = block_of(page, PYTHON)
    qtbot.waitUntil(lambda: len(colors_of(block)) > 1)
