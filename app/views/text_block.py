"""TextBlock: rich or plain text that lays itself out for a width and paints what of it is visible, nothing more.

Prose and bubbles are made of it. Its document loads nothing: images and style sheets that a text names do not exist;
the only pictures are our own drawings of formulas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.core.markdown import NO_REFERENCES, References, prose_html
from app.theme import Theme
from app.views.formulas import FormulaPictures, formula_drawings
from app.views.plain_tips import plain_tip
from app.views.text_surface import Span, Tint, layers, marks, text_of

BUBBLE_PADDING = QPoint(16, 10)  # pixels at each side and above and below; window.qss rounds the corners


class InertDocument(QTextDocument):
    """Text that asks for nothing outside of it. `pictures` are those that it may show, by name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUndoRedoEnabled(False)
        self.setDocumentMargin(0)
        self.pictures: dict[str, QImage] = {}
        option = QTextOption()
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setDefaultTextOption(option)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Our own drawings; nothing else is ever loaded, whatever the text names."""
        return self.pictures.get(name.toString() if isinstance(name, QUrl) else name)


class SurfaceWidget(QWidget):
    """Base of what paints text itself: remembers what is marked in it, and tells where its links lead."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.theme = theme
        self.selected: Span = (0, 0)
        self.found: Sequence[Span] = ()
        self.current: int | None = None
        self.tints: Sequence[Tint] = ()

    def document_at(self, point: QPoint) -> tuple[QTextDocument, QPointF] | None:
        """The document under a point, and the point in it."""
        raise NotImplementedError

    def link_at(self, point: QPoint) -> str:
        """The address of the link under a point, or nothing."""
        found = self.document_at(point)
        return "" if found is None else found[0].documentLayout().anchorAt(found[1])

    def link_text_at(self, point: QPoint) -> str:
        """What the link under a point is called."""
        found = self.document_at(point)
        if found is None:
            return ""
        document, place = found
        link = document.documentLayout().anchorAt(place)
        block = document.findBlock(document.documentLayout().hitTest(place, Qt.HitTestAccuracy.FuzzyHit))
        text, fragments = "", block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            if fragment.charFormat().anchorHref() == link:
                text += fragment.text()
            fragments += 1
        return text

    def show_selection(self, selected: Span) -> None:
        """Mark these letters as selected."""
        if selected != self.selected:
            self.selected = selected
            self.update()

    def show_found(self, found: Sequence[Span], current: int | None) -> None:
        """Mark what a search found."""
        if (found, current) != (self.found, self.current):
            self.found, self.current = found, current
            self.update()

    def show_tints(self, tints: Sequence[Tint]) -> None:
        """Put grounds below the letters."""
        if tints != self.tints:
            self.tints = tints
            self.update()

    def event(self, event: QEvent) -> bool:
        """Show where a link leads."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            link = self.link_at(event.pos())
            if link:
                QToolTip.showText(event.globalPos(), plain_tip(link), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over links; the transcript selects."""
        is_link = bool(self.link_at(event.position().toPoint()))
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_link else Qt.CursorShape.IBeamCursor)
        event.ignore()

    def paint_document(
        self, painter: QPainter, document: QTextDocument, clip: QRectF, *, begins: int = 0, length: int | None = None
    ) -> None:
        """Paint a document with what is marked of it; its text is that of the widget from `begins` on."""

        def own(span: Span) -> Span:
            most = document.characterCount() if length is None else length
            return min(max(span[0] - begins, 0), most), min(max(span[1] - begins, 0), most)

        found = [own(span) for span in self.found] if self.found else ()
        tints = [replace(tint, span=own(tint.span)) for tint in self.tints] if self.tints else ()
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = clip
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Text, QColor(self.theme.colors["text"]))
        palette.setColor(QPalette.ColorRole.Dark, QColor(self.theme.colors["border"]))  # of horizontal rules
        context.palette = palette
        selections = []
        shown = layers(tints, found, self.current, own(self.selected))
        for cursor, form in marks(document, self.theme, shown):
            selection = QAbstractTextDocumentLayout.Selection()
            selection.cursor, selection.format = cursor, form
            selections.append(selection)
        context.selections = selections
        document.documentLayout().draw(painter, context)


class TextBlock(SurfaceWidget):
    """Base of what shows one document; a `TextSurface`."""

    padding = QPoint(0, 0)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.document = InertDocument(self)
        self.document.setDefaultFont(reading_font(theme, self))

    def height_for(self, width: int) -> int:
        """Lay the text out for a width; the height that it takes."""
        inside = max(width - 2 * self.padding.x(), 1)
        if inside != self.document.textWidth():  # given again, it would lay out all lines anew
            self.document.setTextWidth(inside)
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

    def copied_text(self, span: Span) -> str:
        """What is copied of it."""
        return self.shown_text()[span[0] : span[1]]

    def position_at(self, point: QPoint) -> int:
        """The place between two letters that is nearest to a point."""
        return self.document.documentLayout().hitTest(QPointF(point - self.padding), Qt.HitTestAccuracy.FuzzyHit)

    def rect_at(self, position: int) -> QRect:
        """Where the letter at a position stands."""
        return rect_in(self.document, position).translated(QPointF(self.padding)).toRect()

    def document_at(self, point: QPoint) -> tuple[QTextDocument, QPointF]:
        """The one there is."""
        return self.document, QPointF(point - self.padding)

    def sizeHint(self) -> QSize:
        """As high as the text is at the present width."""
        return QSize(self.width(), self.height_for(self.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines that are visible."""
        painter = QPainter(self)
        painter.translate(self.padding)
        self.paint_document(painter, self.document, QRectF(event.rect().translated(-self.padding)))


class ProseBlock(TextBlock):
    """Markdown prose as rich text. `references` are those of the whole text, `number` is that of a list's item."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setObjectName("proseBlock")
        self.setAttribute(Qt.WidgetAttribute.WA_StaticContents)  # what grows at its end is painted there alone
        self.references: References = NO_REFERENCES
        self.number: int | None = None
        self.source = ""
        self._pictures = FormulaPictures(theme, self)
        formula_drawings().drawn.connect(self._take_drawings)

    def show_source(self, source: str) -> None:
        """Replace the content."""
        self.source = source
        self._pictures = FormulaPictures(self.theme, self)
        html = prose_html(
            source, self.theme, references=self.references, number=self.number, renderer=self._pictures.renderer
        )
        self.document.pictures = self._pictures.images
        self.document.setHtml(html)
        self.update()

    def append_words(self, words: str) -> None:
        """Show more at the end; `only_adds_words` holds of the source and these."""
        shown = self.source.rstrip(" ")
        self.source += words
        top = math.floor(_last_line(self.document))  # those above stay as they are: lines are filled one by one
        cursor = QTextCursor(self.document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(self.source[len(shown) :].rstrip(" "))
        self.update(0, top, self.width(), self.height() - top)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """At another width all lines are others."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.update()

    def copied_text(self, span: Span) -> str:
        """Formulas are copied as they were written."""
        return self._pictures.spelt_out(self.shown_text(), span)

    def apply_theme(self, theme: Theme) -> None:
        """Colours and sizes stand in the text itself."""
        super().apply_theme(theme)
        self.show_source(self.source)

    def _take_drawings(self, drawn: set[str]) -> None:
        if not drawn.isdisjoint(self._pictures.awaited):
            self.show_source(self.source)
            self.updateGeometry()


class Bubble(TextBlock):
    """A person's short message: as wide as its longest line, if there is room."""

    padding = BUBBLE_PADDING

    def __init__(self, text: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setObjectName("personBubble")
        self._fitted = QSize()
        self._fitted_for: tuple[int, int, str] | None = None  # what the size was computed of
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.show_text(text)

    def fitted(self, widest: int) -> QSize:
        """The size of the bubble in a column; laid out only when something changed."""
        key = (widest, self.theme.font_size, self.font().key())
        if key != self._fitted_for:
            self._fitted_for = key
            width = min(self.ideal_width(), widest)
            self._fitted = QSize(width, self.height_for(width))
        return self._fitted

    def show_text(self, text: str) -> None:
        """Replace the text."""
        self._fitted_for = None
        self.document.setPlainText(text)
        self.updateGeometry()
        self.update()


def reading_font(theme: Theme, widget: QWidget) -> QFont:
    """The interface's font in the size of text that is read."""
    font = QFont(widget.font())
    font.setPixelSize(theme.font_size)
    return font


def _last_line(document: QTextDocument) -> float:
    """The top of the last line, with what may hang into it from the one above."""
    block = document.lastBlock()
    top, layout = document.documentLayout().blockBoundingRect(block).top(), block.layout()
    if layout.lineCount() == 0:
        return top
    line = layout.lineAt(layout.lineCount() - 1)
    return top + line.y() - line.height() / 2


def rect_in(document: QTextDocument, position: int) -> QRectF:
    """Where the letter at a position of a document stands, as a thin line in front of it."""
    block = document.findBlock(min(position, document.characterCount() - 1))
    at = position - block.position()
    line = block.layout().lineForTextPosition(at)
    place = document.documentLayout().blockBoundingRect(block).topLeft()
    if not line.isValid():
        return QRectF(place.x(), place.y(), 1, document.size().height())
    x, _ = cast("tuple[float, int]", line.cursorToX(at))  # the stubs say object
    return QRectF(place.x() + x, place.y() + line.y(), 1, line.height())
