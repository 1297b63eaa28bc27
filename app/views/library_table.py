"""LibraryTable: the models of the library as the rows of a table, sorted by what they are and filtered by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QApplication

from app.core.fit import Fit, Verdict
from app.core.known_model import KnownModel
from app.core.settings import LoadSettings
from app.views.conversation_list import one_line
from app.views.known_sentences import said
from app.views.model_words import parameters_text, size_text, tokens_text, verdict_text
from app.views.plain_tips import plain_tip

Index = QModelIndex | QPersistentModelIndex
SORT_ROLE = Qt.ItemDataRole.UserRole
_FIT_ORDER = {Verdict.WELL: 0, Verdict.TIGHT: 1, Verdict.NOT: 2}


@dataclass(frozen=True, slots=True)
class LibraryRow:
    """A model as the library shows it; `load` is how it alone is loaded, None: as every other.

    `drafts` are smaller models that may guess ahead for it: path and name.
    """

    model: KnownModel
    fit: Fit | None = None
    is_loaded: bool = False
    load: LoadSettings | None = None
    drafts: tuple[tuple[str, str], ...] = ()


class Column(IntEnum):
    """The columns, in their order."""

    NAME = 0
    PARAMETERS = 1
    QUANTISATION = 2
    SIZE = 3
    FIT = 4
    CONTEXT = 5
    FAMILY = 6


class LibraryTable(QAbstractTableModel):
    """The rows, as they come."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: tuple[LibraryRow, ...] = ()

    def show_rows(self, rows: Sequence[LibraryRow]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Part of Qt's interface."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Part of Qt's interface."""
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Part of Qt's interface."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(Column(section))
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return {
            Column.NAME: self.tr("Model"),
            Column.PARAMETERS: self.tr("Parameters"),
            Column.QUANTISATION: self.tr("Weights"),
            Column.SIZE: self.tr("Size"),
            Column.CONTEXT: self.tr("Context"),
            Column.FIT: self.tr("Memory"),
            Column.FAMILY: self.tr("Family"),
        }[Column(section)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Part of Qt's interface."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                if row.model.problem is not None:
                    return plain_tip(said(row.model.problem))
                return plain_tip(str(row.model.path) if column is Column.NAME else "")
            case Qt.ItemDataRole.FontRole if row.is_loaded:
                font = QFont(QApplication.font())
                font.setBold(True)
                return font
            case Qt.ItemDataRole.ForegroundRole if not row.model.is_loadable:
                return QApplication.palette().color(QPalette.ColorRole.PlaceholderText)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case _ if role == SORT_ROLE:
                return _sort_key(row, column)
        return None

    def _text(self, row: LibraryRow, column: Column) -> str:
        model, info = row.model, row.model.info
        match column:
            case Column.NAME:
                return one_line(model.name)
            case Column.SIZE:
                return size_text(model.size_bytes) if model.size_bytes else ""
            case Column.FIT:
                if not model.is_there:
                    return self.tr("not there")
                if model.problem is not None:
                    return self.tr("cannot be loaded")
                return "" if row.fit is None else verdict_text(row.fit.verdict)
        if info is None:
            return ""
        match column:
            case Column.FAMILY:
                return one_line(info.family)
            case Column.PARAMETERS:
                return parameters_text(info.parameters)
            case Column.QUANTISATION:
                return info.quantisation
        return tokens_text(info.context_length)


def _alignment(column: Column) -> Qt.AlignmentFlag:
    """Numbers stand below each other, in the column and in its title."""
    is_number = column in (Column.PARAMETERS, Column.SIZE, Column.CONTEXT)
    side = Qt.AlignmentFlag.AlignTrailing if is_number else Qt.AlignmentFlag.AlignLeading
    return side | Qt.AlignmentFlag.AlignVCenter


def _sort_key(row: LibraryRow, column: Column) -> int | str:
    model, info = row.model, row.model.info
    match column:
        case Column.NAME:
            return model.name.casefold()
        case Column.FAMILY:
            return "" if info is None else info.family.casefold()
        case Column.PARAMETERS:
            return 0 if info is None else min(info.parameters, 1 << 62)
        case Column.QUANTISATION:
            return "" if info is None else info.quantisation
        case Column.SIZE:
            return model.size_bytes
        case Column.CONTEXT:
            return 0 if info is None else info.context_length
    if not model.is_loadable:
        return 4
    return 3 if row.fit is None else _FIT_ORDER[row.fit.verdict]


class SortedLibrary(QSortFilterProxyModel):
    """The rows that hold every word of a filter, sorted."""

    def __init__(self, table: LibraryTable, parent: QObject) -> None:
        super().__init__(parent)
        self._table, self._words = table, tuple[str, ...]()
        self.setSourceModel(table)
        self.setSortRole(SORT_ROLE)

    def show_matching(self, text: str) -> None:
        """Show what holds each of these words in its name, family, weights or a place."""
        self.beginFilterChange()
        self._words = tuple(text.casefold().split())
        self.endFilterChange()

    def filterAcceptsRow(self, source_row: int, _parent: Index) -> bool:
        """Part of Qt's interface."""
        row = self._table.rows[source_row]
        return all(word in searched_text(row.model) for word in self._words)

    def row_at(self, index: Index) -> LibraryRow | None:
        """What an index of the view shows."""
        return self._table.rows[self.mapToSource(index).row()] if index.isValid() else None


def searched_text(model: KnownModel) -> str:
    """What a filter looks into, in lower case."""
    places = " ".join(f"{place.path} {place.source}" for place in model.places)
    kind = "" if model.info is None else f"{model.info.family} {model.info.quantisation}"
    return f"{model.name} {kind} {places}".casefold()
