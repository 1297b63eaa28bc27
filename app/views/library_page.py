"""LibraryPage: the models on this machine as a list with a filter, the chosen one's details beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.views.dialog_pages import button, column
from app.views.library_table import Column, LibraryRow, LibraryTable, SortedLibrary
from app.views.model_details import ModelDetails

LONGEST_NAME = 40  # letters that the name's column has at first
NARROW_LETTERS = 110  # below this width the details lie below the list


class LibraryPage(QWidget):
    """Emits `addFolderRequested`, `rescanRequested` and `sourcesRequested`; the rest is `details`'s."""

    addFolderRequested = Signal()
    rescanRequested = Signal()
    sourcesRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("libraryPage")
        self._filter = QLineEdit(self)
        self._filter.setObjectName("libraryFilter")
        self._filter.setClearButtonEnabled(True)
        self._filter.setPlaceholderText(self.tr("Filter by name, family, weights or place"))
        self._filter.setAccessibleName(self.tr("Filter models"))
        self._filter.textChanged.connect(self._find)
        self._table = LibraryTable(self)
        self._sorted = SortedLibrary(self._table, self)
        self._view = self._make_view()
        self.details = ModelDetails(self)
        self._told = QLabel(self)
        self._told.setObjectName("dialogHelp")
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self._told.setWordWrap(True)
        self._add = button(self, "addModelFolder", self.tr("Add folder…"))
        self._rescan = button(self, "rescanModels", self.tr("Look again"))
        self._sources = button(self, "modelSources", self.tr("Where to look…"))
        self._add.clicked.connect(self.addFolderRequested)
        self._rescan.clicked.connect(self.rescanRequested)
        self._sources.clicked.connect(self.sourcesRequested)
        self._lay_out()

    def show_rows(self, rows: Sequence[LibraryRow]) -> None:
        """Replace the list; the model that is chosen stays so."""
        chosen = self._chosen()
        scrolled = self._view.verticalScrollBar().value()
        self._table.show_rows(rows)
        self._choose(None if chosen is None else chosen.model.places[0].path)
        self._view.verticalScrollBar().setValue(scrolled)
        if self._view.columnWidth(Column.NAME) == self._view.horizontalHeader().defaultSectionSize():
            self._fit_columns()

    def show_told(self, sentence: str) -> None:
        """Say what the search does, or what it found."""
        self._told.setText(sentence)

    def focus_filter(self) -> None:
        """Put the cursor where a person begins to write."""
        self._filter.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the details below the list where there is no room beside it."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < self.fontMetrics().averageCharWidth() * NARROW_LETTERS
        self._splitter.setOrientation(Qt.Orientation.Vertical if is_narrow else Qt.Orientation.Horizontal)

    def _make_view(self) -> QTableView:
        view = QTableView(self)
        view.setObjectName("libraryList")
        view.setAccessibleName(self.tr("Models on this machine"))
        view.setModel(self._sorted)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.setSortingEnabled(True)
        view.sortByColumn(Column.NAME, Qt.SortOrder.AscendingOrder)
        view.verticalHeader().hide()
        view.horizontalHeader().setHighlightSections(False)
        view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        view.horizontalHeader().setStretchLastSection(True)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.selectionModel().currentRowChanged.connect(lambda *_indexes: self.details.show_row(self._chosen()))
        view.activated.connect(lambda _index: self._activate())
        return view

    def _lay_out(self) -> None:
        left = QWidget(self)
        rows = QVBoxLayout(left)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._filter)
        rows.addWidget(self._view, 1)
        self._splitter = splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([600, 400])
        bottom = QHBoxLayout()
        for one in (self._add, self._rescan, self._sources):
            bottom.addWidget(one)
        bottom.addStretch(1)
        whole = column(self)
        whole.setContentsMargins(0, 12, 0, 0)
        whole.addWidget(splitter, 1)
        whole.addWidget(self._told)
        whole.addLayout(bottom)

    def _fit_columns(self) -> None:
        self._view.resizeColumnsToContents()
        widest = self._view.fontMetrics().averageCharWidth() * LONGEST_NAME
        self._view.setColumnWidth(Column.NAME, min(self._view.columnWidth(Column.NAME), widest))

    def _find(self, text: str) -> None:
        self._sorted.show_matching(text)
        if not self._view.currentIndex().isValid():
            self._choose(None)

    def _chosen(self) -> LibraryRow | None:
        return self._sorted.row_at(self._view.currentIndex())

    def _choose(self, path: Path | None) -> None:
        """Choose the model that lies at `path`, else the loaded one, else the first."""
        rows = [self._sorted.row_at(self._sorted.index(row, 0)) for row in range(self._sorted.rowCount())]
        wanted = next(
            (at for at, row in enumerate(rows) if row and any(place.path == path for place in row.model.places)), None
        )
        loaded = next((at for at, row in enumerate(rows) if row and row.is_loaded), 0)
        index = self._sorted.index(loaded if wanted is None else wanted, 0)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self._view.selectionModel().setCurrentIndex(index, flags)
        self.details.show_row(self._sorted.row_at(index))

    def _activate(self) -> None:
        row = self._chosen()
        if row is not None and row.model.is_loadable:
            self.details.loadRequested.emit(row.model)
