"""Person: the hands of the random walk: finds what is visible in the window, and clicks, types and chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QWidget,
)

from app.application import Application
from app.views.main_window import MainWindow

Wait = float | Callable[[], bool]  # for so many seconds, or until it is so
Doing = Iterator[Wait]
Found = TypeVar("Found", bound=QWidget)

# Left alone: the end of the window, the network, the number of threads, and what the walk counts on.
FORBIDDEN = frozenset(["allowsHub", "loadThreads", "loadContext", "loadDevice", "idleUnload", "trayIcon", "tray"])
FORBIDDEN_BEGINNINGS = ("hub", "qt_")


@dataclass(frozen=True)
class Person:
    """`place` is where exports go; `models` are the files to switch between, the first one first."""

    application: Application
    dice: Random
    place: Path
    models: tuple[Path, ...]

    @property
    def window(self) -> MainWindow:
        """The one window."""
        return self.application.window

    def is_replying(self) -> bool:
        """Whether a reply is being written."""
        return self.application.chat.is_replying

    def is_quiet(self) -> bool:
        """Whether nothing is on its way: no reply, no load."""
        return not (self.is_replying() or self.application.models.is_loading)

    def top(self) -> QWidget:
        """Where a click arrives now: the popup, else the dialog, else the window."""
        return QApplication.activePopupWidget() or QApplication.activeModalWidget() or self.window

    def all(self, kind: type[Found], name: str = "") -> list[Found]:
        """What is visible and can be used, of this kind and name."""
        found = self.top().findChildren(kind, name) if name else self.top().findChildren(kind)
        return [one for one in found if one.isVisible() and one.isEnabled()]

    def find(self, kind: type[Found], name: str) -> Found | None:
        """One of them, by chance."""
        found = self.all(kind, name)
        return self.dice.choice(found) if found else None

    def click(self, kind: type[Found], name: str) -> bool:
        """Click one of them; whether there was any."""
        button = self.find(kind, name)
        if button is not None:
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        return button is not None

    def press_any(self) -> str | None:
        """Click any button that is visible and not forbidden; its name."""
        buttons = [one for one in self.all(QAbstractButton) if _is_allowed(one)]
        if not buttons:
            return None
        button = self.dice.choice(buttons)
        name = button.objectName() or type(button).__name__
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        return name

    def choose(self, box: QComboBox, index: int | None = None) -> None:
        """Choose an entry as a person does, by chance when none is given."""
        if box.count():
            box.setCurrentIndex(self.dice.randrange(box.count()) if index is None else index)
            box.activated.emit(box.currentIndex())

    def write(self, text: str, *, then: Qt.Key | None = None) -> None:
        """Type into the composer, and press a key there."""
        composer = self.find(QPlainTextEdit, "composer")
        if composer is not None:
            composer.setFocus()
            type_into(composer, text)
            if then is not None:
                QTest.keyClick(composer, then)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        target = QApplication.activePopupWidget() or QApplication.focusWidget() or self.top()
        QTest.keyClick(target, key, modifier)

    def words(self, most: int) -> str:
        """Some words."""
        return " ".join(self.dice.choices(WORDS, k=self.dice.randint(1, most)))

    def close_what_is_open(self) -> bool:
        """Close one popup or dialog; whether there was one."""
        popup, dialog = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is not None:
            popup.close()
        elif isinstance(dialog, QDialog):
            dialog.reject()
        return popup is not None or dialog is not None

    def answer_question(self) -> None:
        """Answer what waits for an answer before anything else can go on: a question, a menu or a file dialog."""
        popup, dialog = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if isinstance(popup, QMenu):
            popup.close()
        elif isinstance(dialog, QFileDialog):
            dialog.reject()
        elif isinstance(dialog, QMessageBox):
            QTest.mouseClick(self.dice.choice(dialog.buttons()), Qt.MouseButton.LeftButton)
        elif isinstance(dialog, QDialog):
            dialog.reject()


def type_into(target: QWidget, text: str) -> None:
    """Type letter by letter, of any script; `QTest.keyClicks` ends the process at those it has no key for."""
    for letter in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(target, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter))


def _is_allowed(button: QAbstractButton) -> bool:
    names = [button.objectName()]
    parent = button.parent()
    while isinstance(parent, QWidget):
        names.append(parent.objectName())
        parent = parent.parent()
    return not any(name in FORBIDDEN or name.startswith(FORBIDDEN_BEGINNINGS) for name in names)


TEXT = """Tell me about a fox and a lantern . Write some Python code with a table of numbers and 绿茶 in it , please
list ten rivers then explain `walk()` in **bold** 🦊 <b>not html</b> # heading | a | b | $x^2$ مرحبا <|im_end|> why"""
WORDS = TEXT.split()
