"""ModelMenu: a list of models that opens below the picker: a filter, those used lately, all others, remote ones.

Only keys are needed: letters filter, arrows move, Enter loads, Escape closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme, tinted_icon
from app.views.conversation_list import one_line
from app.views.language import in_every_language
from app.views.plain_tips import plain_tip

WIDTH_LETTERS = 84
MOST_ROWS = 14  # without scrolling
_PATH = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that can be chosen; `detail` says its size and weights, `fit` how it fits into the memory.

    A remote one has the `host` to which messages go.
    """

    path: str
    name: str
    detail: str
    fit: str = ""
    is_recent: bool = False
    host: str = ""

    def has_all(self, words: Sequence[str]) -> bool:
        """Whether every one of these words, in lower case, stands in the name, the detail or the host."""
        text = f"{self.name} {self.detail} {self.host}".casefold()
        return all(word in text for word in words)


class ModelMenu(QFrame):
    """Emits `modelChosen(path)` and what else a person may want of models."""

    modelChosen = Signal(str)
    openFileRequested = Signal()
    openFolderRequested = Signal()
    libraryRequested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("modelMenu")
        self._choices: tuple[ModelChoice, ...] = ()
        self._current: str | None = None
        self._check = tinted_icon("check", self.palette().text().color().name())
        self._remote = tinted_icon("remote", self.palette().text().color().name())
        self._filter = QLineEdit(self)
        self._filter.setObjectName("modelFilter")
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(lambda _text: self._fill())
        self._filter.installEventFilter(self)
        self._list = self._make_list()
        self._nothing = QLabel(self)
        self._nothing.setObjectName("dialogHelp")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._more = self._button("moreModels")
        self._file = self._button("openModelFile")
        self._folder = self._button("openModelFolder")
        self._more.clicked.connect(self.libraryRequested)
        self._file.clicked.connect(self.openFileRequested)
        self._folder.clicked.connect(self.openFolderRequested)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(6, 6, 6, 6)
        rows.setSpacing(2)
        for part in (self._filter, self._list, self._nothing, self._more, self._file, self._folder):
            rows.addWidget(part)
        in_every_language(self, self._say_texts)

    def show_choices(self, choices: Sequence[ModelChoice], current_path: str | None) -> None:
        """Offer these models; the one at `current_path` is marked."""
        self._choices, self._current = tuple(choices), current_path
        self._fill()

    def focus_filter(self) -> None:
        """Empty the filter and put the cursor into it."""
        self._filter.clear()
        self._filter.setFocus()

    def fitting_size(self, room: int) -> QSize:
        """As large as the rows need, within `room` pixels of height."""
        rows = min(self._list.topLevelItemCount(), MOST_ROWS)
        row = max(self._list.sizeHintForRow(0), self.fontMetrics().height() + 8)
        self._list.setMinimumHeight(0)
        others = sum(part.sizeHint().height() for part in (self._filter, self._more, self._file, self._folder)) + 32
        height = min(rows * row + others, max(room, others + 2 * row))
        return QSize(self.fontMetrics().averageCharWidth() * WIDTH_LETTERS, height)

    def apply_theme(self, theme: Theme) -> None:
        """Tint the check mark and that of remote models."""
        self._check = tinted_icon("check", theme.colors["accent"], size=16)
        self._remote = tinted_icon("remote", theme.colors["remote"], size=16)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter in the filter go to the list."""
        if watched is self._filter and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            key = Qt.Key(event.key())
            if key in steps:
                self._step(steps[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self._list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _make_list(self) -> QTreeWidget:
        shown = QTreeWidget(self)
        shown.setObjectName("modelChoices")
        shown.setColumnCount(3)
        shown.setHeaderHidden(True)
        shown.setRootIsDecorated(False)
        shown.setUniformRowHeights(True)
        shown.setFrameShape(QFrame.Shape.NoFrame)
        shown.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys stay in the filter
        shown.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        shown.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = shown.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        shown.itemClicked.connect(self._choose)
        return shown

    def _button(self, object_name: str) -> QPushButton:
        made = QPushButton(self)
        made.setObjectName(object_name)
        made.setProperty("menuRow", True)
        made.setAutoDefault(False)
        made.clicked.connect(self.hide)
        return made

    def _say_texts(self) -> None:
        self._filter.setPlaceholderText(self.tr("Filter models"))
        self._filter.setAccessibleName(self.tr("Filter models"))
        self._list.setAccessibleName(self.tr("Models"))
        self._more.setText(self.tr("More models…"))
        self._more.setToolTip(self.tr("The library: all models on this machine, with their details"))
        self._file.setText(self.tr("Open model file…"))
        self._folder.setText(self.tr("Open model folder…"))
        self._nothing.setText(self.tr("No model has all these words."))

    def _fill(self) -> None:
        words = self._filter.text().casefold().split()
        matching = [one for one in self._choices if one.has_all(words)]
        recent = [one for one in matching if one.is_recent]
        others = [one for one in matching if not one.is_recent and not one.host]
        remote = [one for one in matching if one.host]
        self._list.clear()
        if recent and (others or remote):
            self._add_heading(self.tr("Used lately"))
        for choice in recent:
            self._add(choice)
        if others and (recent or remote):
            self._add_heading(self.tr("On this machine"))
        for choice in others:
            self._add(choice)
        for host, choices in groupby(remote, key=lambda choice: choice.host):
            self._add_heading(self.tr("Remote: your messages go to {host}").format(host=host))
            for choice in choices:
                self._add(choice)
        self._list.setVisible(bool(matching))
        self._nothing.setVisible(not matching and bool(self._choices))
        items = self._items()
        if items:
            current = next((item for item in items if item.data(0, _PATH) == self._current), items[0])
            self._list.setCurrentItem(current)

    def _items(self) -> list[QTreeWidgetItem]:
        """The rows that are models."""
        rows = (self._list.topLevelItem(row) for row in range(self._list.topLevelItemCount()))
        return [item for item in rows if item is not None and item.data(0, _PATH)]

    def _add_heading(self, title: str) -> None:
        item = QTreeWidgetItem([title])
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        self._list.addTopLevelItem(item)
        item.setFirstColumnSpanned(True)

    def _add(self, choice: ModelChoice) -> None:
        item = QTreeWidgetItem([one_line(choice.name), choice.detail, choice.fit])
        item.setData(0, _PATH, choice.path)
        item.setToolTip(0, plain_tip(one_line(choice.path)))
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        muted = self.palette().placeholderText()
        for column in (1, 2):
            item.setForeground(column, muted)
        if choice.host:
            item.setIcon(0, self._remote)
        if choice.path == self._current:
            item.setIcon(0, self._check)
            font = QFont(item.font(0))
            font.setBold(True)
            item.setFont(0, font)
        self._list.addTopLevelItem(item)

    def _step(self, by: int) -> None:
        """Move past headings, within the list."""
        items, current = self._items(), self._list.currentItem()
        if items:
            at = items.index(current) + by if current in items else 0
            self._list.setCurrentItem(items[max(0, min(at, len(items) - 1))])

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        path = None if item is None else item.data(0, _PATH)
        if path:
            self.hide()
            self.modelChosen.emit(path)
