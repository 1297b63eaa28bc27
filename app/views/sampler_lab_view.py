"""SamplerLabView: sliders of the samplers, and what they would have made of the chosen token's alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme
from app.views.alternatives_view import GROUND, SHARE, ShareDelegate, percent
from app.views.flow_layout import FlowLayout
from app.views.inspector_parts import token_table
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.plain_tips import plain_tip
from app.views.settings_page import WheelGuard
from app.views.value_editors import CountEditor, FractionEditor, ValueEditor
from app.views.value_texts import value_texts

COOL = 0.3  # the temperature that one click tries
TOKEN, WAS, WOULD = range(3)
ROWS = 8  # of the list before it scrolls


@dataclass(frozen=True, slots=True)
class LabRow:
    """A stored alternative: its share then and with the settings of the lab, and which sampler removed it there."""

    token_id: int
    text: str
    was: float
    would: float
    came: bool
    would_come: bool
    removed_by: str = ""


class SamplerLabView(InspectorView):
    """`changed(values)` with the fields of `SamplerSettings` that the sliders show, `wholeReplyRequested()`."""

    changed = Signal(object)
    resetRequested = Signal()
    wholeReplyRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("samplerLabView")
        self._guard = WheelGuard(self)
        self._values: dict[str, Any] = {}
        self._rows: Sequence[LabRow] = ()
        self._is_certain = True
        self._sentence = ""
        self._outcome, self._whole = QLabel(self), QLabel(self)
        self._outcome.setObjectName("labOutcome")
        self._whole.setObjectName("labWholeReply")
        for label in (self._outcome, self._whole):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._list = token_table(self, "labTokens", columns=3)
        self._bars = ShareDelegate(self._list)
        for column in (WAS, WOULD):
            self._list.setItemDelegateForColumn(column, self._bars)
        self._cool = self._button("labCool")
        self._cool.clicked.connect(lambda: self._take("temperature", COOL, shows=True))
        self._reset = self._button("labReset")
        self._reset.clicked.connect(self.resetRequested)
        self._all = self._button("labWhole")
        self._all.clicked.connect(self.wholeReplyRequested)
        self._editors = self._make_editors()
        self._titles = {name: QLabel(self) for name in self._editors}
        for name, editor in self._editors.items():
            self._titles[name].setTextFormat(Qt.TextFormat.PlainText)
            self._titles[name].setBuddy(editor.focus_part)
            editor.edited.connect(lambda value, name=name: self._take(name, value))
        self._area = QScrollArea(self)
        self._lay_out()
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("Try other settings")

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Put the sliders where these settings are."""
        self._values = {name: values[name] for name in self._editors}
        for name, editor in self._editors.items():
            editor.show_value(self._values[name])

    def show_rows(self, rows: Sequence[LabRow], *, is_certain: bool) -> None:
        """What the settings make of the token that is looked at, the likeliest first."""
        self._rows, self._is_certain, self._sentence = rows, is_certain, ""
        self._say()

    def name_samplers(self, removed: Mapping[int, str]) -> None:
        """Which sampler removed which token."""
        self._rows = [replace(row, removed_by=removed.get(row.token_id, "")) for row in self._rows]
        self._say()

    def show_nothing(self, sentence: str) -> None:
        """There is nothing to try, and why."""
        self._rows, self._sentence = (), sentence
        self._whole.clear()
        self._say()

    def show_whole(self, sentence: str) -> None:
        """What the settings would have done to the whole reply."""
        self._whole.setText(sentence)
        self._whole.setVisible(bool(sentence))

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._bars.theme = theme
        self._list.viewport().update()

    def _take(self, name: str, value: Any, *, shows: bool = False) -> None:
        self._values[name] = value
        if shows:
            self._editors[name].show_value(value)
        self.show_whole("")
        self.changed.emit(dict(self._values))

    def _make_editors(self) -> dict[str, ValueEditor]:
        guard = self._guard
        return {
            "temperature": FractionEditor("labTemperature", guard, largest=5.0),
            "top_k": CountEditor("labTopK", guard, largest=1000),
            "top_p": FractionEditor("labTopP", guard, smallest=0.01, largest=1.0),
            "min_p": FractionEditor("labMinP", guard, largest=1.0),
            "typical_p": FractionEditor("labTypicalP", guard, smallest=0.01, largest=1.0),
            "top_n_sigma": FractionEditor("labTopNSigma", guard, largest=5.0),
            "xtc_probability": FractionEditor("labXtcProbability", guard, largest=1.0),
            "xtc_threshold": FractionEditor("labXtcThreshold", guard, smallest=0.01, largest=1.0),
            "repetition_penalty": FractionEditor("labRepetitionPenalty", guard, smallest=0.01, largest=3.0),
            "presence_penalty": FractionEditor("labPresencePenalty", guard, smallest=-2.0, largest=2.0),
            "frequency_penalty": FractionEditor("labFrequencyPenalty", guard, smallest=-2.0, largest=2.0),
        }

    def _say(self) -> None:
        self._list.clear()
        for row in self._rows:
            item = QTreeWidgetItem(self._list)
            item.setText(TOKEN, row.text)
            item.setText(WAS, percent(row.was) if row.was > 0.0 else self.tr("out"))
            item.setData(WAS, SHARE, row.was if row.was > 0.0 else None)
            item.setData(WAS, GROUND, "doubt_2")
            would = percent(row.would) if row.would > 0.0 else row.removed_by or self.tr("out")
            item.setText(WOULD, would)
            item.setData(WOULD, SHARE, row.would if row.would > 0.0 else None)
            item.setData(WOULD, GROUND, "token_chosen")
            spoken = self.tr("{text}: {was} as it was, now {would}").format(
                text=row.text, was=item.text(WAS), would=would
            )
            item.setData(TOKEN, Qt.ItemDataRole.AccessibleTextRole, spoken)
            item.setToolTip(TOKEN, plain_tip(spoken))
            if row.would_come:
                bold = QFont(self._list.font())
                bold.setBold(True)
                for column in (TOKEN, WOULD):
                    item.setFont(column, bold)
        height = self._list.sizeHintForRow(0) if self._rows else 0
        head = self._list.header().sizeHint().height()
        self._list.setFixedHeight(head + height * min(len(self._rows), ROWS) + 6)
        for part in (self._list, self._area, self._cool, self._reset, self._all):
            part.setVisible(bool(self._rows))
        self._outcome.setText(self._told())
        self._outcome.setVisible(bool(self._outcome.text()))
        self._whole.setVisible(bool(self._whole.text()) and bool(self._rows))

    def _told(self) -> str:
        would = next((row for row in self._rows if row.would_come), None)
        if would is None:
            return self._sentence
        if not self._is_certain:
            return self.tr(
                "Not certain: tokens of which nothing was kept might have come with these settings. Of those that "
                "were kept, {text} would have."
            ).format(text=would.text)
        if would.came:
            return self.tr("With the same noise, the same token: {text}").format(text=would.text)
        return self.tr("With the same noise, {text} would have come instead.").format(text=would.text)

    def _say_texts(self) -> None:
        self._list.setHeaderLabels([self.tr("Token"), self.tr("Was"), self.tr("Now")])
        self._list.setAccessibleName(self.tr("Tokens with these settings"))
        self._list.setToolTip(self.tr("Bold: the token that would have come"))
        texts = value_texts()
        for name, editor in self._editors.items():
            self._titles[name].setText(texts[name].title)
            editor.say(texts[name])
        for button, text, tip in (
            (self._cool, self.tr("Temperature 0.3"), self.tr("What would have come at a low temperature")),
            (self._reset, self.tr("As it was"), self.tr("Back to the settings that made the reply")),
            (
                *(self._all, self.tr("Try on the whole reply")),
                self.tr("How many of its tokens would have been others, each behind the text as it is"),
            ),
        ):
            button.setText(text)
            button.setAccessibleName(text)
            button.setToolTip(tip)
        self._say()

    def _button(self, object_name: str) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(object_name)
        return button

    def _lay_out(self) -> None:
        content = QWidget()
        content.setObjectName("labSliders")
        rows = QVBoxLayout(content)
        rows.setContentsMargins(0, 4, 12, 8)
        rows.setSpacing(4)
        for name, editor in self._editors.items():
            rows.addWidget(self._titles[name])
            rows.addWidget(editor)
            rows.addSpacing(6)
        rows.addWidget(self._all, 0, Qt.AlignmentFlag.AlignLeading)
        rows.addWidget(self._whole)
        rows.addStretch(1)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(content)
        quick = QWidget(self)
        quick_row = FlowLayout(quick, spacing=8)
        for button in (self._cool, self._reset):
            quick_row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 0)
        column.setSpacing(8)
        column.addWidget(self._outcome)
        column.addWidget(self._list)
        column.addWidget(quick)
        column.addWidget(self._area, 1)
        column.addStretch(0)
