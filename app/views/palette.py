"""CommandPalette: a field over the window that finds commands, chats, models and whatever else has a name.

Only keys are needed: letters filter, arrows and Tab move, Enter runs, Escape closes, and so does a click elsewhere.
What can be found is given when it opens; `PaletteController` gathers it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import islice

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from app.core.matching import NameQuery
from app.theme import Theme
from app.views.language import in_every_language
from app.views.palette_rows import PaletteDelegate, PaletteItem, PaletteModel, PaletteRow, Role

WIDTH = 600  # pixels, where the window is wide enough
MARGIN = 16
TOP = 56  # pixels below the window's top
MOST_ROWS = 60  # found
ROWS_SHOWN = 10  # without scrolling


class CommandPalette(QFrame):
    """Lies over `window`, hidden until `open_with` is called."""

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("commandPalette")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._window = window
        self._items: tuple[PaletteItem, ...] = ()
        self._keys: list[str] = []
        self._at_first: tuple[PaletteItem, ...] = ()
        self._focus_before: QWidget | None = None
        self._field = QLineEdit(self)
        self._field.setObjectName("paletteField")
        self._field.textChanged.connect(self._filter)
        self._field.installEventFilter(self)
        self._model = PaletteModel()
        self._delegate = PaletteDelegate(theme)
        self._list = QListView(self)
        self._list.setObjectName("paletteList")
        self._list.setModel(self._model)
        self._list.setItemDelegate(self._delegate)
        self._list.setUniformItemSizes(True)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys stay in the field
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.clicked.connect(self._run)
        self._nothing = QLabel(self)
        self._nothing.setObjectName("paletteNothing")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for part in (self._field, self._list, self._nothing):
            column.addWidget(part)
        in_every_language(self, self._say_texts)
        self.hide()

    def open_with(self, items: Iterable[PaletteItem], *, at_first: Iterable[PaletteItem]) -> None:
        """Show the palette over these; `at_first` are listed before a letter is typed."""
        if self.isVisible():
            self.close_palette()
            return
        self._items, self._at_first = tuple(items), tuple(at_first)
        self._keys = [item.key for item in self._items]
        self._focus_before = self._window.focusWidget()
        self._field.clear()
        self._filter("")
        self.show()
        self.raise_()
        self._place()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._window.installEventFilter(self)
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]  # one exists

    def close_palette(self) -> None:
        """Hide it and give the focus back."""
        if not self.isVisible():
            return
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]  # one exists
        self._window.removeEventFilter(self)
        self.hide()
        self._items, self._at_first, self._keys = (), (), []
        if self._focus_before is not None:
            self._focus_before.setFocus(Qt.FocusReason.OtherFocusReason)
            self._focus_before = None

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._delegate.theme = theme
        self._list.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the field; a click elsewhere; a window that changes its size."""
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget):
            if watched is not self and not self.isAncestorOf(watched):
                self.close_palette()
        elif watched is self._window and kind == QEvent.Type.Resize:
            self._place()
        elif watched is self._field and isinstance(event, QKeyEvent):
            if kind == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
            if kind == QEvent.Type.KeyPress:
                return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        page = ROWS_SHOWN - 1
        match event.key():
            case Qt.Key.Key_Escape:
                self.close_palette()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._run(self._list.currentIndex())
            case Qt.Key.Key_Down | Qt.Key.Key_Tab:
                self._move(1)
            case Qt.Key.Key_Up | Qt.Key.Key_Backtab:
                self._move(-1)
            case Qt.Key.Key_PageDown:
                self._move(page, wraps=False)
            case Qt.Key.Key_PageUp:
                self._move(-page, wraps=False)
            case _:
                return False
        return True

    def _move(self, step: int, *, wraps: bool = True) -> None:
        count = self._model.rowCount()
        if count:
            row = self._list.currentIndex().row() + step
            self._list.setCurrentIndex(self._model.index(row % count if wraps else min(max(row, 0), count - 1)))

    def _filter(self, text: str) -> None:
        if text.strip():
            rows = _found(NameQuery(text), self._items, self._keys)
        else:
            rows = [PaletteRow(item) for item in islice(self._at_first, MOST_ROWS)]
        self._model.show_rows(rows)
        self._list.setCurrentIndex(self._model.index(0))
        self._list.setVisible(bool(rows))
        self._nothing.setVisible(not rows)
        self._place()

    def _place(self) -> None:
        """In the middle of the window's width, near its top, as high as its rows."""
        width = min(WIDTH, self._window.width() - 2 * MARGIN)
        row = self._list.sizeHintForRow(0)
        self._list.setFixedHeight(max(1, min(self._model.rowCount(), ROWS_SHOWN)) * max(row, 1) + 2)
        height = min(self.sizeHint().height(), self._window.height() - TOP - MARGIN)
        self.setGeometry((self._window.width() - width) // 2, TOP, width, height)

    def _run(self, index: QModelIndex) -> None:
        row: PaletteRow | None = index.data(Role.ROW)
        if row is not None:
            self.close_palette()
            row.item.run()

    def _say_texts(self) -> None:
        self._field.setPlaceholderText(self.tr("Find a command, a chat, a model…"))
        self._field.setAccessibleName(self.tr("Find a command, a chat or a model"))
        self._list.setAccessibleName(self.tr("What was found"))
        self._nothing.setText(self.tr("Nothing found"))


def _found(query: NameQuery, items: Iterable[PaletteItem], keys: Iterable[str]) -> list[PaletteRow]:
    """The items that fit best; of those that fit alike, in their order."""
    matches = ((match, item) for item, key in zip(items, keys, strict=True) if (match := query.match(key)))
    best = heapq.nlargest(MOST_ROWS, matches, key=lambda found: found[0].score)
    return [PaletteRow(item, match.places) for match, item in best]
