"""A window that reads from right to left is mirrored; a text runs as its own letters do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from window_steps import find, say

from app.theme import tinted_icon


@pytest.fixture
def from_the_right(qapp: QApplication) -> Iterator[None]:
    """The direction of a language such as Hebrew."""
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def ink(name: str) -> float:
    """How far right of the middle of an icon the weight of its lines is, in pixels."""
    image = tinted_icon(name, "#000000").pixmap(20, 20).toImage()
    weights = [(x - 9.5, image.pixelColor(x, y).alpha()) for x in range(20) for y in range(20)]
    return sum(place * weight for place, weight in weights) / sum(weight for _, weight in weights)


@pytest.mark.usefixtures("from_the_right")
def test_the_whole_window_is_mirrored(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    window = application.window
    window.action.settings.setChecked(True)
    QApplication.processEvents()
    centres = {
        name: part.mapTo(window, part.rect().center()).x()
        for name in ("sidebar", "transcript", "settingsPanel", "attachButton", "sendButton", "modelPicker")
        if (part := find(application, QWidget, name))
    }
    assert centres["settingsPanel"] < centres["transcript"] < centres["sidebar"]
    assert centres["sendButton"] < centres["attachButton"]
    assert centres["transcript"] < centres["modelPicker"]


def test_icons_that_point_are_mirrored_and_others_are_not(qapp: QApplication) -> None:
    usual = {name: ink(name) for name in ("sidebar", "new-chat")}
    assert usual["sidebar"] < -0.2
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        assert ink("sidebar") == pytest.approx(-usual["sidebar"], abs=0.05)
        assert ink("new-chat") == usual["new-chat"]
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("שלום", Qt.LayoutDirection.RightToLeft),
        ("مرحبا", Qt.LayoutDirection.RightToLeft),
        ("Hello", Qt.LayoutDirection.LeftToRight),
    ],
)
def test_what_is_written_runs_as_its_letters_do(
    open_window: OpenWindow, text: str, direction: Qt.LayoutDirection
) -> None:
    application = open_window(FakeEngine)
    assert find(application, QToolButton, "sendButton").layoutDirection() == Qt.LayoutDirection.LeftToRight
    composer = find(application, QPlainTextEdit, "composer")
    composer.setPlainText(text)
    assert composer.document().firstBlock().textDirection() == direction
