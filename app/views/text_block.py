"""TextBlock: rich or plain text that lays itself out for a width and paints what of it is visible, nothing more.

Prose and bubbles are made of it. Its document loads nothing: images and style sheets that a text names do not exist.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.core.markdown import NO_REFERENCES, References, prose_html
from app.theme import Theme
from app.views.text_surface import Span, marks, text_of

BUBBLE_PADDING = QPoint(16, 10)  # pixels at each side and above and below; window.qss rounds the corners


class InertDocument(QTextDocument):
    """Text that asks for nothing outside of it."""

    def loadResource(self, kind: int, name: object) -> None:
        """Nothing is ever loaded, whatever the text names."""


class TextBlock(QWidget):
    """Base of what shows a document; a `TextSurface`."""

    padding = QPoint(0, 0)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.theme = theme
        self.document = InertDocument(self)
        self.document.setUndoRedoEnabled(False)
        self.document.setDocumentMargin(0)
        self.document.setDefaultFont(reading_font(theme, self))
        option = QTextOption()
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document.setDefaultTextOption(option)
        self._selected: Span = (0, 0)
        self._found: Sequence[Span] = ()
        self._current: int | None = None

    def height_for(self, width: int) -> int:
        """Lay the text out for a width; the height that it takes."""
        self.document.setTextWidth(max(width - 2 * self.padding.x(), 1))
        return math.ceil(self.document.size().height()) + 2 * self.padding.y()

    def ideal_width(self) -> int:
        """The width at which no line must be broken."""
        self.document.setTextWidth(-1)
        return math.ceil(self.document.idealWidth()) + 2 * self.padding.x()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and its size of letters."""
        self.theme = theme
        self.document.setDefaultFont(reading_font(theme, self))
        self.update()

    def shown_text(self) -> str:
        """The text as it is shown, without markup."""
        return text_of(self.document)

    def position_at(self, point: QPoint) -> int:
        """The place between two letters that is nearest to a point."""
        return self.document.documentLayout().hitTest(QPointF(point - self.padding), Qt.HitTestAccuracy.FuzzyHit)

    def rect_at(self, position: int) -> QRect:
        """Where the letter at a position stands."""
        block = self.document.findBlock(position)
        line = block.layout().lineForTextPosition(position - block.position())
        if not line.isValid():
            return QRect(self.padding, QSize(1, self.fontMetrics().height()))
        place = self.document.documentLayout().blockBoundingRect(block).topLeft()
        x, _ = cast("tuple[float, int]", line.cursorToX(position - block.position()))  # the stubs say object
        at = place + QPointF(x, line.y()) + QPointF(self.padding)
        return QRect(at.toPoint(), QSize(1, math.ceil(line.height())))

    def link_at(self, point: QPoint) -> str:
        """The address of the link under a point, or nothing."""
        return self.document.documentLayout().anchorAt(QPointF(point - self.padding))

    def show_selection(self, selected: Span) -> None:
        """Mark these letters as selected."""
        if selected != self._selected:
            self._selected = selected
            self.update()

    def show_found(self, found: Sequence[Span], current: int | None) -> None:
        """Mark what a search found."""
        if (found, current) != (self._found, self._current):
            self._found, self._current = found, current
            self.update()

    def sizeHint(self) -> QSize:
        """As high as the text is at the present width."""
        return QSize(self.width(), self.height_for(self.width()))

    def event(self, event: QEvent) -> bool:
        """Show where a link leads."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            link = self.link_at(event.pos())
            if link:
                QToolTip.showText(event.globalPos(), link, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over links; the transcript selects."""
        is_link = bool(self.link_at(event.position().toPoint()))
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_link else Qt.CursorShape.IBeamCursor)
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines that are visible."""
        painter = QPainter(self)
        painter.translate(self.padding)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = QRectF(event.rect().translated(-self.padding))
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Text, QColor(self.theme.colors["text"]))
        context.palette = palette
        selections = []
        for cursor, form in marks(self.document, self.theme, self._selected, self._found, self._current):
            selection = QAbstractTextDocumentLayout.Selection()
            selection.cursor, selection.format = cursor, form
            selections.append(selection)
        context.selections = selections
        self.document.documentLayout().draw(painter, context)


class ProseBlock(TextBlock):
    """Markdown prose as rich text. `references` are those of the whole text, `number` is that of a list's item."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setObjectName("proseBlock")
        self.references: References = NO_REFERENCES
        self.number: int | None = None
        self.source = ""

    def show_source(self, source: str) -> None:
        """Replace the content."""
        self.source = source
        self.document.setHtml(prose_html(source, self.theme, references=self.references, number=self.number))
        self.updateGeometry()
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Colours and sizes stand in the text itself."""
        super().apply_theme(theme)
        self.show_source(self.source)


class Bubble(TextBlock):
    """A person's short message: as wide as its longest line, if there is room."""

    padding = BUBBLE_PADDING

    def __init__(self, text: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setObjectName("personBubble")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Replace the text."""
        self.document.setPlainText(text)
        self.updateGeometry()
        self.update()


def reading_font(theme: Theme, widget: QWidget) -> QFont:
    """The interface's font in the size of text that is read."""
    font = QFont(widget.font())
    font.setPixelSize(theme.font_size)
    return font
