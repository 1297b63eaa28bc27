"""What a person does in the window, as tests say it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.application import Application

Found = TypeVar("Found", bound=QWidget)


def find(application: Application, kind: type[Found], name: str) -> Found:
    found = application.window.findChild(kind, name)
    assert found is not None, name
    return found


def say(qtbot: QtBot, application: Application, text: str, *, wait: bool = True) -> None:
    composer = find(application, QPlainTextEdit, "composer")
    QTest.keyClicks(composer, text)
    QTest.keyClick(composer, Qt.Key.Key_Return)
    if wait:
        qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=10_000)


def unfold_samplers(application: Application) -> None:
    """Show those that are folded away in the settings of the chat."""
    find(application, QToolButton, "moreSamplersButton").setChecked(True)


def top_k(application: Application) -> QSpinBox:
    """The field of one of them."""
    unfold_samplers(application)
    return find(application, QSpinBox, "topK")


def answer_with(application: Application, **values: object) -> None:
    """Give the open chat these settings, as its panel does."""
    for name, value in values.items():
        application.reply_settings.change_value(name, value)


def shown(application: Application) -> list[str]:
    return [view.plain_text() for view in application.window.transcript.views()]


def click(application: Application, name: str) -> None:
    """Click the button of this name in the window or its dialog."""
    button = find(application, QPushButton, name)
    assert button.isVisible(), name
    assert button.isEnabled(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def press(application: Application, name: str, *, last: bool = True) -> None:
    """Click the last tool button of this name, or the first."""
    QApplication.processEvents()  # a view that was just added is shown by the event loop
    buttons = [b for b in application.window.findChildren(QToolButton, name) if b.isVisible()]
    QTest.mouseClick(buttons[-1 if last else 0], Qt.MouseButton.LeftButton)


def export(qtbot: QtBot, application: Application, title: str, output: Path) -> None:
    """Export the open chat in the format of this title and wait until the dialog says that it is done."""
    application.window.action.export.trigger()
    dialog = find(application, QDialog, "exportDialog")
    find(application, QComboBox, "exportFormat").setCurrentText(title)
    find(application, QLineEdit, "exportOutput").setText(str(output))
    click(application, "startExport")
    qtbot.waitUntil(lambda: find(application, QLabel, "exportTold").isVisible(), timeout=10_000)
    click(application, "exportDone")
    qtbot.waitUntil(lambda: not isValid(dialog))
