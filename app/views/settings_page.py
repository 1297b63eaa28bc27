"""SettingsPage and SettingRow: what the pages of the settings dialog are made of.

A page shows `Settings` and emits each change at once. To make one, derive a class, add its editors in `__init__`, say
the texts in `say_texts`, and hand the class to `PreferencesController.add_page`.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.settings import Settings

NUMBER_PADDING = 6  # pixels


class WheelGuard(QObject):
    """Keeps the mouse wheel from changing a number that is only scrolled past."""

    def guard(self, editor: QWidget) -> None:
        """Let the wheel change `editor` only while it has the focus."""
        editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        editor.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave wheel events to the scroll area unless the field has the focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class SettingRow(QWidget):
    """A title, an editor and a line of help. A check box is its own title."""

    def __init__(self, editor: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.editor = editor
        self._title, self._help = QLabel(self), QLabel(self)
        for label in (self._title, self._help):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._title.setBuddy(editor)
        self._help.setObjectName("settingHelp")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._title)
        if isinstance(editor, QPushButton):
            column.addWidget(editor, 0, Qt.AlignmentFlag.AlignLeading)
        else:
            column.addWidget(editor)
        column.addWidget(self._help)
        self._title.setVisible(not isinstance(editor, QCheckBox))

    def say(self, title: str, help_text: str) -> None:
        """Name the setting; the help says what it does in one line."""
        self._title.setText(title)
        self._help.setText(help_text)
        self._help.setVisible(bool(help_text))
        if isinstance(self.editor, QCheckBox):
            self.editor.setText(title)
        self.editor.setAccessibleName(title)
        self.editor.setAccessibleDescription(help_text)
        self.editor.setToolTip(help_text)

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every one of these words, in lower case, stands in its title, its help or its choices."""
        text = f"{self._title.text()}\n{self._help.text()}"
        if isinstance(self.editor, QComboBox):
            text += "\n".join(self.editor.itemText(index) for index in range(self.editor.count()))
        return all(word in text.lower() for word in words)


class SettingsPage(QWidget):
    """Emits `settingChanged(name, value)`: a field of `Settings` and its new value. `name` is the page's object name.

    A page whose settings are kept elsewhere has signals of its own.
    """

    settingChanged = Signal(str, object)
    name = "page"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"{self.name}Settings")
        self._guard = WheelGuard(self)
        self.rows: list[SettingRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 4, 16, 16)
        self._column.setSpacing(16)
        self._column.addStretch(1)

    def title(self) -> str:
        """What the list of pages calls it, in the language of the window."""
        raise NotImplementedError

    def say_texts(self) -> None:
        """Say all texts; called when the page is made, and after the language changed."""
        raise NotImplementedError

    def show_settings(self, settings: Settings) -> None:
        """Show what is set without emitting `settingChanged`."""

    def add_setting(self, editor: QWidget) -> SettingRow:
        """A row for `editor`, which has an object name; `say` gives it its texts."""
        row = SettingRow(editor, self)
        if isinstance(editor, QAbstractSpinBox | QComboBox | QAbstractSlider):
            self._guard.guard(editor)
        self.rows.append(row)
        self._column.insertWidget(self._column.count() - 1, row)
        return row

    def show_matching(self, words: Sequence[str]) -> bool:
        """Show only the rows that hold all these words; True when there are any, or when there are no words."""
        for row in self.rows:
            row.setVisible(row.matches(words))
        return not words or any(row.matches(words) for row in self.rows)


def combo(object_name: str, choices: Sequence[str]) -> QComboBox:
    """A list of choices, each known by a word; `name_choices` says their texts."""
    box = QComboBox()
    box.setObjectName(object_name)
    for choice in choices:
        box.addItem("", choice)
    return box


def name_choices(box: QComboBox, names: Sequence[str]) -> None:
    """Name the choices of a `combo`, in their order."""
    for index, name in enumerate(names):
        box.setItemText(index, name)


def choose(box: QComboBox, choice: str) -> None:
    """Show a choice of a `combo`; the first when it is not among them."""
    box.setCurrentIndex(max(box.findData(choice), 0))


def optional_number(object_name: str, *, smallest: int, largest: int, step: int = 1) -> QSpinBox:
    """A number, or None at the very left of its range: `number_of` and `show_number` know how."""
    box = QSpinBox()
    box.setObjectName(object_name)
    box.setRange(smallest - step, largest)
    box.setSingleStep(step)
    pad(box)
    return box


def pad(box: QAbstractSpinBox) -> None:
    """Keep the digits off the frame: the style sheet's padding does not reach them."""
    box.lineEdit().setTextMargins(NUMBER_PADDING, 0, NUMBER_PADDING, 0)


def number_of(box: QSpinBox) -> int | None:
    """What an `optional_number` says."""
    return None if box.value() == box.minimum() else max(box.value(), box.minimum() + box.singleStep())


def show_number(box: QSpinBox, number: int | None) -> None:
    """Show a value in an `optional_number` without a signal."""
    box.blockSignals(True)
    box.setValue(box.minimum() if number is None else number)
    box.blockSignals(False)
