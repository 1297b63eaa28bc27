"""The list of conversations: a model that groups them by date and filters by title, and how a row is painted."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.theme import Theme

AnyIndex = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 34
HEADER_HEIGHT = 32
SIDE = 12  # pixels between a row's edge and its text


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation; `updated_at` is in local time."""

    id: str
    title: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class _Header:
    title: str


class Role(IntEnum):
    """What a row tells beside its text."""

    ID = Qt.ItemDataRole.UserRole + 1


def one_line(title: str) -> str:
    """The title without line breaks and direction overrides, which could make one row look like another."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") else letter for letter in title)


class ConversationListModel(QAbstractListModel):
    """Conversations, newest first, under a header for each period."""

    def __init__(self, today: Callable[[], date] = date.today) -> None:
        super().__init__()
        self._today = today
        self._conversations: tuple[ConversationRow, ...] = ()
        self._wanted = ""
        self._rows: list[ConversationRow | _Header] = []

    def set_conversations(self, conversations: Sequence[ConversationRow]) -> None:
        """Replace the content."""
        self._conversations = tuple(sorted(conversations, key=lambda row: row.updated_at, reverse=True))
        self._rebuild()

    def set_filter(self, text: str) -> None:
        """Show only titles that hold `text`, whatever its case."""
        self._wanted = text.strip().casefold()
        self._rebuild()

    def index_of(self, conversation_id: str) -> QModelIndex:
        """Where the conversation is shown; invalid when it is not."""
        for number, row in enumerate(self._rows):
            if isinstance(row, ConversationRow) and row.id == conversation_id:
                return self.index(number)
        return QModelIndex()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """Headers count as rows."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """The title, for people and for accessibility tools; the id under `Role.ID` (None for a header)."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return one_line(row.title)
        if role == Role.ID and isinstance(row, ConversationRow):
            return row.id
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """A header cannot be chosen."""
        if not index.isValid() or isinstance(self._rows[index.row()], _Header):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def _rebuild(self) -> None:
        self.beginResetModel()
        self._rows = []
        period = None
        for row in self._conversations:
            if self._wanted in row.title.casefold():
                if self._period(row) != period:
                    period = self._period(row)
                    self._rows.append(_Header(period))
                self._rows.append(row)
        self.endResetModel()

    def _period(self, row: ConversationRow) -> str:
        today = self._today()
        day = row.updated_at.date()
        if day >= today:
            return self.tr("Today")
        if day == today - timedelta(days=1):
            return self.tr("Yesterday")
        if day > today - timedelta(days=8):
            return self.tr("Previous 7 days")
        return self.tr("Older")


class ConversationDelegate(QStyledItemDelegate):
    """Paints a title on a rounded ground, and a header smaller and muted."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """All titles are equally high, so that the view need not ask each."""
        height = HEADER_HEIGHT if index.data(Role.ID) is None else ROW_HEIGHT
        return QSize(option.rect.width(), max(height, option.fontMetrics.height() + 12))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Ground, then text; a focus ring when the keyboard is here."""
        colors = self.theme.colors
        is_header = index.data(Role.ID) is None
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not is_header:
            self._paint_ground(painter, option)
        font = option.font
        if is_header:
            font.setPointSizeF(font.pointSizeF() * 0.88)
            font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(colors["text_muted" if is_header else "text"]))
        room = option.rect.adjusted(SIDE, 8 if is_header else 0, -SIDE, 0)
        text = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, room.width())
        side = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag.AlignLeft)
        painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        ground = QRectF(option.rect).adjusted(1, 1, -1, -1)
        radius = self.theme.radii["small"]
        if is_selected or is_hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.colors["selected" if is_selected else "hover"]))
            painter.drawRoundedRect(ground, radius, radius)
        if has_focus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(self.theme.colors["accent"]))
            painter.drawRoundedRect(ground.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
