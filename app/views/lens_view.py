"""LensView: what the model would have said behind each of its layers, and from which on the token that came leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme
from app.views.alternatives_view import GROUND, SHARE, ShareDelegate, percent
from app.views.inspector_parts import token_table
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.plain_tips import plain_tip

LAYER, FIRST, SECOND, CAME = range(4)


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A layer's likeliest tokens with their chances; `rank` (from 0) and `chance` are of the token that came."""

    guesses: Sequence[tuple[str, float]]
    rank: int
    chance: float


class LensView(InspectorView):
    """Only shows; the controller asks the engine."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lensView")
        self._came, self._sentence = "", ""
        self._rows: Sequence[LayerRow] = ()
        self._summary = QLabel(self)
        self._summary.setObjectName("lensSummary")
        self._hint = QLabel(self)
        self._hint.setObjectName("lensHint")
        for label in (self._summary, self._hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._table = token_table(self, "lensLayers", columns=4)
        self._table.header().setSectionResizeMode(LAYER, QHeaderView.ResizeMode.ResizeToContents)
        self._bars = ShareDelegate(self._table)
        for column in (FIRST, SECOND, CAME):
            self._table.setItemDelegateForColumn(column, self._bars)
        column_of_parts = QVBoxLayout(self)
        column_of_parts.setContentsMargins(16, 4, 16, 12)
        column_of_parts.setSpacing(8)
        column_of_parts.addWidget(self._summary)
        column_of_parts.addWidget(self._table, 1)
        column_of_parts.addWidget(self._hint)
        column_of_parts.addStretch(0)
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("Layer by layer")

    def show_rows(self, came: str, rows: Sequence[LayerRow]) -> None:
        """The layers from the first to the last, and how the token that came is written."""
        self._came, self._rows, self._sentence = came, rows, ""
        self._fill()

    def show_nothing(self, sentence: str) -> None:
        """There are no layers to show, and why."""
        self._came, self._rows, self._sentence = "", (), sentence
        self._fill()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._bars.theme = theme
        self._table.viewport().update()

    def _leads_from(self) -> int | None:
        """The layer from which on the token that came is the likeliest; None where the last one prefers another."""
        led = None
        for number, row in enumerate(self._rows):
            if row.rank:
                led = None
            elif led is None:
                led = number
        return led

    def _fill(self) -> None:
        self._table.clear()
        number = QLocale()
        leads_from = self._leads_from()
        for at, row in enumerate(self._rows):
            item = QTreeWidgetItem(self._table)
            item.setText(LAYER, number.toString(at + 1))
            item.setTextAlignment(LAYER, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            for column, (text, chance) in zip((FIRST, SECOND), row.guesses, strict=False):
                item.setText(column, text)
                item.setData(column, SHARE, chance)
                item.setData(column, GROUND, "token_chosen" if row.rank == column - FIRST else "doubt_2")
            item.setText(CAME, percent(row.chance))
            item.setData(CAME, SHARE, row.chance)
            item.setData(CAME, GROUND, "token_chosen")
            told = self._told(at, row)
            for column in range(4):
                item.setToolTip(column, plain_tip(told))
            item.setData(LAYER, Qt.ItemDataRole.AccessibleTextRole, told)
            if at == leads_from:
                bold = QFont(self._table.font())
                bold.setBold(True)
                for column in range(4):
                    item.setFont(column, bold)
                self._table.setCurrentItem(item)
        has_rows = bool(self._rows)
        self._table.setVisible(has_rows)
        self._hint.setVisible(has_rows)
        self._summary.setText(self._said(leads_from) if has_rows else self._sentence)
        self._summary.setVisible(bool(self._summary.text()))
        self._table.setAccessibleDescription(self._summary.text())

    def _said(self, leads_from: int | None) -> str:
        number, count = QLocale(), len(self._rows)
        if leads_from is None:
            last = self._rows[-1]
            return self.tr(
                "“{token}” was not the likeliest: the last layer has it at rank {rank} with {chance}."
            ).format(token=self._came, rank=number.toString(last.rank + 1), chance=percent(last.chance))
        return self.tr("“{token}” leads from layer {layer} of {count} on.").format(
            token=self._came, layer=number.toString(leads_from + 1), count=number.toString(count)
        )

    def _told(self, at: int, row: LayerRow) -> str:
        number = QLocale()
        head = self.tr("Layer {layer}: “{token}” is at rank {rank} with {chance}").format(
            layer=number.toString(at + 1),
            token=self._came,
            rank=number.toString(row.rank + 1),
            chance=percent(row.chance),
        )
        guesses = (
            self.tr("{word} ({chance})").format(word=text, chance=percent(chance)) for text, chance in row.guesses
        )
        return "\n".join((head, *guesses))

    def _say_texts(self) -> None:
        self._table.setHeaderLabels([self.tr("Layer"), self.tr("Likeliest"), self.tr("Second"), self.tr("Came")])
        self._table.setAccessibleName(self.tr("What each layer would have said"))
        self._table.setToolTip(self.tr("Each row: what the model would say if it ended there"))
        self._hint.setText(
            self.tr(
                "Each layer's output is read as if it were the last one (the logit lens). The first layers are not "
                "made for that, so their guesses say little."
            )
        )
        self._fill()
