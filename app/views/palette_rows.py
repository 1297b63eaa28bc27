"""The rows of the command palette: what can be chosen, and how it is painted with the typed letters marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractListModel, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.matching import folded
from app.theme import Theme, tinted_icon
from app.views.conversation_list import AnyIndex, one_line

SIDE = 12  # pixels between a row's edge and its content
GAP = 10
ICON = 16
PADDING = 14  # above and below a line of text, together


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """Something that can be chosen: its name, what stands at the row's end (keys, a date), and what it does."""

    title: str
    detail: str
    icon: str
    run: Callable[[], object]

    @property
    def key(self) -> str:
        """The name as it is compared."""
        return folded(one_line(self.title))


@dataclass(frozen=True, slots=True)
class PaletteRow:
    """An item with the places of its title that were typed."""

    item: PaletteItem
    places: tuple[int, ...] = ()


class Role(IntEnum):
    """What a row tells beside its text."""

    ROW = Qt.ItemDataRole.UserRole + 1


class PaletteModel(QAbstractListModel):
    """The rows that are shown."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[PaletteRow] = []

    def show_rows(self, rows: Sequence[PaletteRow]) -> None:
        """Replace the content."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """A flat list."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> str | PaletteRow | None:
        """The title for people and accessibility tools, the row under `Role.ROW`."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Role.ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(row.item.title)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{one_line(row.item.title)}, {row.item.detail}"
        return None


class PaletteDelegate(QStyledItemDelegate):
    """Paints with the theme's tokens."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """One line."""
        return QSize(option.rect.width(), option.fontMetrics.height() + PADDING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Ground, icon, title, detail."""
        row: PaletteRow = index.data(Role.ROW)
        colors = self.theme.colors
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors["selected"]))
            radius = self.theme.radii["small"]
            painter.drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -1, -1), radius, radius)
        painter.setFont(option.font)
        whole = option.rect.adjusted(SIDE, 0, -SIDE, 0)
        box = QRect(whole.left(), whole.center().y() - ICON // 2, ICON, ICON)
        icon = tinted_icon(row.item.icon, colors["text_muted"], size=ICON)
        icon.paint(painter, QStyle.visualRect(option.direction, whole, box))
        metrics = painter.fontMetrics()
        detail = metrics.elidedText(one_line(row.item.detail), Qt.TextElideMode.ElideRight, whole.width() // 2)
        width = metrics.horizontalAdvance(detail)
        painter.setPen(QColor(colors["text_muted"]))
        end = QRect(whole.right() - width, whole.top(), width + 1, whole.height())
        painter.drawText(
            QStyle.visualRect(option.direction, whole, end),
            Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine,
            detail,
        )
        room = whole.adjusted(ICON + GAP, 0, -(width + GAP), 0)
        self._paint_title(painter, option, QStyle.visualRect(option.direction, whole, room), row)
        painter.restore()

    def _paint_title(self, painter: QPainter, option: QStyleOptionViewItem, room: QRect, row: PaletteRow) -> None:
        metrics = painter.fontMetrics()
        text = metrics.elidedText(one_line(row.item.title), Qt.TextElideMode.ElideRight, room.width())
        marks: list[QTextLayout.FormatRange] = []
        for place in row.places:
            if place < len(text):
                mark = QTextLayout.FormatRange()
                mark.start = len(text[:place].encode("utf-16-le")) // 2  # as QString counts
                mark.length = len(text[place].encode("utf-16-le")) // 2
                mark.format = QTextCharFormat()
                mark.format.setForeground(QColor(self.theme.colors["link"]))
                marks.append(mark)
        layout = QTextLayout(text, option.font)
        side = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag.AlignLeft)
        wrapping = QTextOption(side | Qt.AlignmentFlag.AlignAbsolute)  # the text has a direction of its own
        wrapping.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(wrapping)
        layout.setFormats(marks)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(room.width())
        layout.endLayout()
        painter.setPen(QColor(self.theme.colors["text"]))
        painter.setClipRect(room)
        layout.draw(painter, QPointF(room.left(), room.center().y() - line.height() / 2 + 1))
