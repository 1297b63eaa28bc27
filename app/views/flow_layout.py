"""FlowLayout: widgets beside each other, and below where there is no room; mirrored for text from the right.

Those of a row have one middle line.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QStyle, QWidget


class FlowLayout(QLayout):
    """As wide as it is given; its height follows. Rows stand `at_end` or where a line begins."""

    def __init__(self, parent: QWidget, *, spacing: int, at_end: bool = False) -> None:
        super().__init__(parent)
        self._at_end = at_end
        self._items: list[QLayoutItem] = []
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Part of QLayout."""
        self._items.append(item)

    def count(self) -> int:
        """Part of QLayout."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Part of QLayout."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Part of QLayout."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Part of QLayout: none."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Part of QLayout."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Part of QLayout."""
        return self._place(QRect(0, 0, width, 0), moves=False)

    def setGeometry(self, rect: QRect) -> None:
        """Part of QLayout."""
        super().setGeometry(rect)
        self._place(rect, moves=True)

    def sizeHint(self) -> QSize:
        """All in one row."""
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() for hint in hints) + self.spacing() * max(len(hints) - 1, 0)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        """Room for the widest item alone."""
        found = QSize(0, 0)
        for item in self._items:
            if not item.isEmpty():
                found = found.expandedTo(item.minimumSize())
        return found

    def _place(self, rect: QRect, *, moves: bool) -> int:
        """Walk through the rows; the height that they take."""
        y = 0
        row: list[tuple[QLayoutItem, QSize]] = []
        width = 0
        for item in (one for one in self._items if not one.isEmpty()):
            hint = item.sizeHint()
            size = QSize(min(hint.width(), max(rect.width(), item.minimumSize().width())), hint.height())
            if row and width + self.spacing() + size.width() > rect.width():
                y += self._place_row(row, rect, y, moves=moves) + self.spacing()
                row, width = [], 0
            width += size.width() + (self.spacing() if row else 0)
            row.append((item, size))
        return y + self._place_row(row, rect, y, moves=moves)

    def _place_row(self, row: list[tuple[QLayoutItem, QSize]], rect: QRect, y: int, *, moves: bool) -> int:
        """Put one row where it belongs; its height."""
        height = max((size.height() for _, size in row), default=0)
        if moves:
            parent = self.parentWidget()
            direction = Qt.LayoutDirection.LeftToRight if parent is None else parent.layoutDirection()
            width = sum(size.width() for _, size in row) + self.spacing() * (len(row) - 1)
            x = rect.width() - width if self._at_end else 0
            for item, size in row:
                place = QRect(rect.topLeft() + QPoint(x, y + (height - size.height()) // 2), size)
                item.setGeometry(QStyle.visualRect(direction, rect, place))
                x += size.width() + self.spacing()
        return height
