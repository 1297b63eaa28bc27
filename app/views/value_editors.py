"""The editors of the values of a reply: each shows one, and emits `edited(value)` when a person changed it.

Showing never emits. What a value means and what it is called is the settings panel's matter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QRegularExpression, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.views.endless_words import bear_endless_words
from app.views.settings_page import WheelGuard, pad
from app.views.value_texts import ValueText

LARGEST_SEED = 2**63 - 1
BIAS = re.compile(r"(\d{1,9})\s*=\s*([-+]?\d{1,6}(?:\.\d{1,6})?)")
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"))


class ValueEditor(QWidget):
    """Base of the editors. `focus_part` is what Tab reaches first, and what has the object name."""

    edited = Signal(object)

    def __init__(self, focus_part: QWidget, object_name: str) -> None:
        super().__init__()
        self.focus_part = focus_part
        focus_part.setObjectName(object_name)
        self.setFocusProxy(focus_part)

    def show_value(self, value: Any) -> None:  # Any: what the field of the settings holds, here and below
        """Show a value without emitting `edited`."""
        raise NotImplementedError

    def say(self, text: ValueText) -> None:
        """Name the editor's parts."""
        for part in self.parts():
            part.setAccessibleName(text.title)
            part.setAccessibleDescription(text.help)
            part.setToolTip(text.help)
        if text.off and isinstance(self.focus_part, QAbstractSpinBox):
            self.focus_part.setSpecialValueText(text.off)
        if text.off and isinstance(self.focus_part, QLineEdit | QPlainTextEdit):
            self.focus_part.setPlaceholderText(text.off)

    def parts(self) -> Sequence[QWidget]:
        """What can have the focus."""
        return (self.focus_part,)


class FractionEditor(ValueEditor):
    """A number with a slider beside it; its smallest value shows the text for off, if there is one."""

    def __init__(
        self, object_name: str, guard: WheelGuard, *, smallest: float = 0.0, largest: float, decimals: int = 2
    ) -> None:
        self._box = QDoubleSpinBox()
        super().__init__(self._box, object_name)
        self._scale = 10**decimals
        self._box.setDecimals(decimals)
        self._box.setRange(smallest, largest)
        self._box.setSingleStep(5 / self._scale)
        pad(self._box)
        self._box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName(f"{object_name}Slider")
        self._slider.setRange(round(smallest * self._scale), round(largest * self._scale))
        self._slider.setSingleStep(5)
        self._slider.setPageStep(max(1, round((largest - smallest) * self._scale / 10)))
        self._box.valueChanged.connect(self._take_number)
        self._slider.valueChanged.connect(self._take_slider)
        for part in (self._box, self._slider):
            guard.guard(part)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._slider, 1)
        row.addWidget(self._box)

    def show_value(self, value: Any) -> None:
        """Part of `ValueEditor`."""
        self._set(float(value))

    def parts(self) -> Sequence[QWidget]:
        """Part of `ValueEditor`."""
        return (self._box, self._slider)

    def _take_number(self, value: float) -> None:
        self._set(value)
        self.edited.emit(self._value())

    def _take_slider(self, steps: int) -> None:
        self._set(steps / self._scale)
        self.edited.emit(self._value())

    def _value(self) -> float:
        return round(self._box.value(), round(math.log10(self._scale)))

    def _set(self, value: float) -> None:
        for part in (self._box, self._slider):
            part.blockSignals(True)
        self._box.setValue(value)
        self._slider.setValue(round(value * self._scale))
        for part in (self._box, self._slider):
            part.blockSignals(False)


class CountEditor(ValueEditor):
    """A whole number; 0 shows the text for off, and means None if `is_zero_none`."""

    def __init__(
        self, object_name: str, guard: WheelGuard, *, smallest: int = 0, largest: int, is_zero_none: bool = False
    ) -> None:
        self._box = QSpinBox()
        super().__init__(self._box, object_name)
        self._is_zero_none = is_zero_none
        pad(self._box)
        self._box.setRange(smallest, largest)
        self._box.valueChanged.connect(self._take)
        guard.guard(self._box)
        _fill(self, self._box)

    def show_value(self, value: Any) -> None:
        """Part of `ValueEditor`."""
        self._box.blockSignals(True)
        self._box.setValue(value or 0)
        self._box.blockSignals(False)

    def _take(self, value: int) -> None:
        self.edited.emit(None if self._is_zero_none and value == 0 else value)


class SeedEditor(ValueEditor):
    """A number of up to 63 bits, or None."""

    def __init__(self, object_name: str) -> None:
        self._line = QLineEdit()
        super().__init__(self._line, object_name)
        self._line.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]{0,19}"), self._line))
        self._line.textEdited.connect(self._take)
        _fill(self, self._line)

    def show_value(self, value: Any) -> None:
        """Part of `ValueEditor`."""
        text = "" if value is None else str(value)
        if self._line.text() != text:
            self._line.setText(text)

    def _take(self, text: str) -> None:
        self.edited.emit(min(int(text), LARGEST_SEED) if text else None)


class TextEditor(ValueEditor):
    """Text of some lines."""

    def __init__(self, object_name: str, *, lines: int) -> None:
        self.text = QPlainTextEdit()
        bear_endless_words(self.text)
        super().__init__(self.text, object_name)
        self._lines = lines
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._take)
        _fill(self, self.text)
        self._fit_font()

    def changeEvent(self, event: QEvent) -> None:
        """A theme or a text size may have changed the font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_font()

    def _fit_font(self) -> None:
        """As high as its lines."""
        around = self.text.height() - self.text.viewport().height() + round(2 * self.text.document().documentMargin())
        self.text.setFixedHeight(self._lines * self.text.fontMetrics().lineSpacing() + around)

    def show_value(self, value: Any) -> None:
        """Part of `ValueEditor`."""
        if self.text.toPlainText() != value:
            self.text.blockSignals(True)
            self.text.setPlainText(value)
            self.text.blockSignals(False)

    def _take(self) -> None:
        self.edited.emit(self.text.toPlainText())


class LinesEditor(TextEditor):
    r"""Texts, one a line; in a line `\n`, `\t` and `\\` stand for what cannot be written in one."""

    def show_value(self, value: Any) -> None:
        """Part of `ValueEditor`."""
        if _lines(self.text.toPlainText()) != value:
            super().show_value("\n".join(_escaped(line) for line in value))

    def _take(self) -> None:
        self.edited.emit(_lines(self.text.toPlainText()))


class BiasEditor(TextEditor):
    """Token ids with what is added to their logits, a line each: `123 = -5`. Other lines count for nothing."""

    def show_value(self, value: Any) -> None:
        """Part of `ValueEditor`."""
        if _bias(self.text.toPlainText()) != value:
            super().show_value("\n".join(f"{token} = {bias:g}" for token, bias in value))

    def _take(self) -> None:
        self.edited.emit(_bias(self.text.toPlainText()))


class SchemaEditor(ValueEditor):
    """A button that says whether replies are held to a schema, and opens the dialog to write it."""

    def __init__(self, object_name: str) -> None:
        self._button = QPushButton()
        super().__init__(self._button, object_name)
        self._schema: str | None = None
        self._button.clicked.connect(self._open)
        _fill(self, self._button)

    def show_value(self, value: Any) -> None:
        """Part of `ValueEditor`."""
        self._schema = value
        self._show_state()

    def say(self, text: ValueText) -> None:
        """Part of `ValueEditor`."""
        super().say(text)
        self._show_state()

    def _show_state(self) -> None:
        self._button.setText(self.tr("Off…") if self._schema is None else self.tr("On…"))

    def _open(self) -> None:
        from app.views.schema_dialog import SchemaDialog

        dialog = SchemaDialog(self._schema, self)
        dialog.schemaChosen.connect(self.edited)
        dialog.open()


def _bias(text: str) -> tuple[tuple[int, float], ...]:
    found = (BIAS.fullmatch(line.strip()) for line in text.split("\n"))
    return tuple((int(one[1]), float(one[2])) for one in found if one is not None)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(_unescaped(line) for line in text.split("\n") if line)


def _escaped(line: str) -> str:
    for character, written in _ESCAPES:
        line = line.replace(character, written)
    return line


def _unescaped(line: str) -> str:
    plain, at = "", 0
    known = {written: character for character, written in _ESCAPES}
    while at < len(line):
        character = known.get(line[at : at + 2])
        plain += line[at] if character is None else character
        at += 1 if character is None else 2
    return plain


def _fill(editor: QWidget, part: QWidget) -> None:
    column = QVBoxLayout(editor)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(part)
