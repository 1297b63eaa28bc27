"""A long text that is laid out in parts: its beginning at once, the others between events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.views.waiting_text import WaitingText


class Page(QObject):
    """Takes three letters at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.laid_out = ""
        self.waiting = WaitingText(self.take, self)

    def take(self, waiting: str) -> str:
        self.laid_out += waiting[:3]
        return waiting[3:]


@pytest.fixture
def page(qapp: QApplication) -> Page:
    return Page()


def test_the_beginning_is_there_at_once_and_the_rest_between_events(qtbot: QtBot, page: Page) -> None:
    page.waiting.add("abcdefg")
    assert page.laid_out == "abc"
    with qtbot.waitSignals([page.waiting.grew, page.waiting.grew]):
        page.waiting.add("h")
    assert page.laid_out == "abcdefgh"
    assert page.waiting.is_empty


def test_a_text_that_is_finished_at_once_tells_nothing_later(qtbot: QtBot, page: Page) -> None:
    page.waiting.add("abcdefg")
    page.waiting.finish()
    assert page.laid_out == "abcdefg"
    with qtbot.assertNotEmitted(page.waiting.grew, wait=20):
        page.waiting.add("")


def test_what_waits_can_be_forgotten(qtbot: QtBot, page: Page) -> None:
    page.waiting.add("abcdefg")
    page.waiting.clear()
    page.waiting.add("x")
    qtbot.wait(20)
    assert page.laid_out == "abcx"
