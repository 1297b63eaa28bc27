"""What several views of the inspector are laid out with: a table of tokens, and a button that asks and then stops."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)

SPACING = 8  # pixels between the parts of a view


def token_table(parent: QWidget, object_name: str, *, columns: int) -> QTreeWidget:
    """Rows that can be chosen but not edited, in columns of one width."""
    table = QTreeWidget(parent)
    table.setObjectName(object_name)
    table.setRootIsDecorated(False)
    table.setUniformRowHeights(True)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setColumnCount(columns)
    table.header().setStretchLastSection(False)
    table.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    return table


class AskOrStop(QWidget):
    """A button that emits `askRequested()`, or `stopRequested()` while the bar below it shows how far it is."""

    askRequested = Signal()
    stopRequested = Signal()

    def __init__(self, parent: QWidget, *, button: str, progress: str) -> None:
        """`button` and `progress` are object names."""
        super().__init__(parent)
        self.is_asking = False
        self._ask, self._stop = "", ""
        self._button = QPushButton(self)
        self._button.setObjectName(button)
        self._button.clicked.connect(self._click)
        self._progress = QProgressBar(self)
        self._progress.setObjectName(progress)
        self._progress.setTextVisible(False)
        self._progress.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self._button)
        column.addWidget(self._progress)

    def show_progress(self, done: int, total: int) -> None:
        """How much was done; of 0: it is over."""
        self.is_asking = total > 0
        self._progress.setVisible(self.is_asking)
        if total:
            self._progress.setRange(0, total)
            self._progress.setValue(done)
        self._say_button()

    def say(self, *, ask: str, stop: str, help_text: str, progress: str) -> None:
        """The texts of the button before and meanwhile, what it does, and what the bar counts."""
        self._ask, self._stop = ask, stop
        self._button.setToolTip(help_text)
        self._progress.setAccessibleName(progress)
        self._say_button()

    def _click(self) -> None:
        (self.stopRequested if self.is_asking else self.askRequested).emit()

    def _say_button(self) -> None:
        self._button.setText(self._stop if self.is_asking else self._ask)
        self._button.setAccessibleName(self._button.text())
