"""How the rows of the sidebar's list are painted: chats with tags, folders, headers, hits with their match marked."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.theme import Theme, tinted_icon
from app.views.conversation_list import (
    AnyIndex,
    ConversationRow,
    FolderRow,
    HeaderRow,
    HitRow,
    Role,
    Row,
    one_line,
)

ROW_HEIGHT = 34
SIDE = 12  # pixels between a row's edge and its text
INDENT = 16  # pixels a folder
ICON = 14
SMALL = 0.85  # of the list's font, for tags and hits
MOST_TAGS = 2  # shown in a row; of more the number
HIT_LINES = 2
BEFORE_MATCH = 24  # characters of a hit shown before the match, so that it stands in the first line


class ConversationDelegate(QStyledItemDelegate):
    """Paints with the theme's tokens."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._heights: dict[type[Row], int] = {}
        self.apply_theme(theme)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self.theme = theme
        self._heights.clear()
        muted = theme.colors["text_muted"]
        self._icons: dict[str, QIcon] = {
            name: tinted_icon(name, muted, size=ICON) for name in ("chevron-right", "chevron-down", "folder", "more")
        }

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Rows of one kind are equally high, and all but hits as high as each other."""
        kind = type(index.data(Role.ROW))
        height = self._heights.get(kind)
        if height is None:
            line = option.fontMetrics.height()
            if kind is HitRow:
                height = round(HIT_LINES * _hit_spacing(QFontMetrics(_small(option.font)))) + 10
            else:
                height = max(ROW_HEIGHT, line + 12)
            self._heights[kind] = height
        return QSize(option.rect.width(), height)

    def more_box(self, row: QRect, direction: Qt.LayoutDirection) -> QRect:
        """Where a row has the button for its menu while the mouse is over it: its whole end."""
        width = ICON + SIDE
        return QStyle.visualRect(direction, row, QRect(row.right() - width, row.top(), width + 1, row.height()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Ground, then content; a focus ring when the keyboard is here."""
        row = index.data(Role.ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not isinstance(row, HeaderRow):
            self._paint_ground(painter, option)
        painter.setFont(option.font)
        painter.setPen(QColor(self.theme.colors["text"]))
        room = option.rect.adjusted(SIDE, 0, -SIDE, 0)
        if option.state & QStyle.StateFlag.State_MouseOver and not isinstance(row, HeaderRow):
            room = self._mirrored(option, room.adjusted(0, 0, -ICON, 0), room)
            self._icons["more"].paint(painter, self.more_box(option.rect, option.direction))
        match row:
            case HeaderRow(title):
                font = _small(option.font)
                font.setBold(True)
                painter.setFont(font)
                painter.setPen(QColor(self.theme.colors["text_muted"]))
                self._text(painter, option, room.adjusted(0, 8, 0, 0), title)
            case FolderRow():
                self._paint_folder(painter, option, room, row)
            case ConversationRow():
                indent = INDENT * row.depth
                room = self._mirrored(option, room.adjusted(indent, 0, 0, 0), room)
                self._text(painter, option, self._paint_tags(painter, option, room, row.tags), one_line(row.title))
            case HitRow():
                self._paint_hit(painter, option, room, row)
        painter.restore()

    def _paint_folder(self, painter: QPainter, option: QStyleOptionViewItem, room: QRect, row: FolderRow) -> None:
        room = self._mirrored(option, room.adjusted(INDENT * row.depth, 0, 0, 0), room)
        for name in ("chevron-down" if row.is_open else "chevron-right", "folder"):
            box = QRect(room.left(), room.center().y() - ICON // 2, ICON, ICON)
            self._icons[name].paint(painter, self._mirrored(option, box, room))
            room = self._mirrored(option, room.adjusted(ICON + 5, 0, 0, 0), room)
        count = str(row.chats)
        width = painter.fontMetrics().horizontalAdvance(count) + 8
        name_room = self._mirrored(option, room.adjusted(0, 0, -width, 0), room)
        self._text(painter, option, name_room, one_line(row.folder.name))
        painter.setPen(QColor(self.theme.colors["text_muted"]))
        number_room = self._mirrored(option, room.adjusted(room.width() - width + 8, 0, 0, 0), room)
        self._text(painter, option, number_room, count)

    def _paint_tags(
        self, painter: QPainter, option: QStyleOptionViewItem, room: QRect, tags: tuple[str, ...]
    ) -> QRect:
        """Paint chips at the row's end; the room that they leave."""
        if not tags:
            return room
        painter.save()
        painter.setFont(_small(option.font))
        metrics = painter.fontMetrics()
        shown = [*tags[:MOST_TAGS], *([f"+{len(tags) - MOST_TAGS}"] if len(tags) > MOST_TAGS else [])]
        left = room
        for tag in reversed(shown):
            text = metrics.elidedText(one_line(tag), Qt.TextElideMode.ElideRight, room.width() // 4)
            width = metrics.horizontalAdvance(text) + 12
            chip = QRect(
                left.right() - width, room.center().y() - metrics.height() // 2 - 1, width, metrics.height() + 2
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.colors["selected"]))
            shown_chip = self._mirrored(option, chip, room)
            painter.drawRoundedRect(shown_chip, chip.height() / 2, chip.height() / 2)
            painter.setPen(QColor(self.theme.colors["text_muted"]))
            painter.drawText(shown_chip, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, text)
            left = left.adjusted(0, 0, -width - 4, 0)
        painter.restore()
        return self._mirrored(option, left, room)

    def _paint_hit(self, painter: QPainter, option: QStyleOptionViewItem, room: QRect, row: HitRow) -> None:
        pieces = _from_match(row.hit.snippet)
        text = "".join(piece for piece, _ in pieces)
        marks: list[QTextLayout.FormatRange] = []
        at = 0
        for piece, is_match in pieces:
            length = len(piece.encode("utf-16-le")) // 2  # as QString counts
            if is_match:
                mark = QTextLayout.FormatRange()
                mark.start, mark.length = at, length
                mark.format = QTextCharFormat()
                mark.format.setForeground(QColor(self.theme.colors["accent"]))
                mark.format.setFontWeight(QFont.Weight.Bold)
                marks.append(mark)
            at += length
        layout = QTextLayout(text, _small(option.font))
        wrapping = QTextOption()
        wrapping.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(wrapping)
        layout.setFormats(marks)
        room = self._mirrored(option, room.adjusted(INDENT // 2, 5, 0, 0), room)
        metrics = QFontMetrics(layout.font())
        layout.beginLayout()
        for number in range(HIT_LINES):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(room.width())
            baseline = number * _hit_spacing(metrics) + metrics.ascent()
            line.setPosition(QPointF(0, baseline - line.ascent()))
        layout.endLayout()
        painter.setPen(QColor(self.theme.colors["text_muted"]))
        painter.setClipRect(room)
        layout.draw(painter, QPointF(room.topLeft()))

    def _text(self, painter: QPainter, option: QStyleOptionViewItem, room: QRect, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # a title has a direction of its own
        side = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignAbsolute
        painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)

    def _mirrored(self, option: QStyleOptionViewItem, box: QRect, room: QRect) -> QRect:
        return QStyle.visualRect(option.direction, room, box)

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


def _hit_spacing(metrics: QFontMetrics) -> float:
    """From one line of a hit to the next: Chinese letters are higher than the font that is asked for them."""
    return metrics.lineSpacing() * 1.2


def _small(font: QFont) -> QFont:
    made = QFont(font)
    if font.pointSizeF() > 0:
        made.setPointSizeF(font.pointSizeF() * SMALL)
    else:
        made.setPixelSize(round(font.pixelSize() * SMALL))
    return made


def _from_match(snippet: tuple[tuple[str, bool], ...]) -> list[tuple[str, bool]]:
    """The snippet on one line, beginning shortly before its first match."""
    pieces = [(one_line(text), is_match) for text, is_match in snippet]
    first = next((at for at, (_, is_match) in enumerate(pieces) if is_match), 0)
    before = "".join(text for text, _ in pieces[:first])
    if len(before) > BEFORE_MATCH:
        before = f"…{before[-BEFORE_MATCH:].lstrip()}"
    return [(before, False), *pieces[first:]]
