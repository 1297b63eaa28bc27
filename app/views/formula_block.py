"""FormulaBlock: a formula on lines of its own, drawn, or as it was written where it cannot be."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QTextOption
from PySide6.QtWidgets import QWidget

from app.theme import Theme
from app.views.formulas import SIZE, Drawing, formula_drawings, paint_drawing, size_of
from app.views.language import in_every_language
from app.views.sideways_block import SidewaysBlock
from app.views.text_block import InertDocument, reading_font
from app.views.text_surface import Span, units

ABOVE_AND_BELOW = 6  # pixels around a drawing


class FormulaBlock(SidewaysBlock):
    """A formula on lines of its own, in the middle; its text is the formula as it was written."""

    def __init__(self, source: str, latex: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setObjectName("formulaBlock")
        self.source, self.latex = source, latex
        self._drawing: Drawing | None = None
        self._written = InertDocument(self)
        formula_drawings().drawn.connect(self._take_drawings)
        in_every_language(self, self._say_texts)
        self._show()

    def show_source(self, source: str) -> None:
        """A formula does not change; another one has a block of its own."""

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self.theme = theme
        self._show()

    def content_size(self, width: int) -> QSize:
        """The drawing, or what was written, broken into lines."""
        if self._drawing is None:
            self._written.setTextWidth(width)
            return self._written.size().toSize()
        size = size_of(self._drawing, self._size)
        return QSize(max(math.ceil(size.width()) + 2, width), math.ceil(size.height()) + 2 * ABOVE_AND_BELOW)

    def shown_text(self) -> str:
        """The formula as it was written."""
        return units(self.source.strip())

    def copied_text(self, span: Span) -> str:
        """Whole, or it would be none."""
        return self.shown_text() if span[0] < span[1] else ""

    def position_at(self, point: QPoint) -> int:
        """Before or behind it."""
        return 0 if point.x() < self.width() / 2 else len(self.shown_text())

    def rect_at(self, position: int) -> QRect:
        """The whole of it."""
        return self.rect()

    def document_at(self, point: QPoint) -> None:
        """There are no links."""

    def paint_content(self, painter: QPainter, clip: QRectF) -> None:
        """The drawing, on the ground of what is selected or found."""
        if self._drawing is None:
            self.paint_document(painter, self._written, clip)
            return
        grounds = ["found"] if self.found else [tint.ground for tint in self.tints]
        if self.selected[0] < self.selected[1]:
            grounds = ["selection"]
        if grounds:
            painter.fillRect(clip, QColor(self.theme.colors[grounds[-1]]))
        size = size_of(self._drawing, self._size)
        left = max((self.width() - size.width()) / 2, 1.0)
        paint_drawing(
            painter, self._drawing, QPointF(left, ABOVE_AND_BELOW), size=self._size, color=self.theme.colors["text"]
        )

    @property
    def _size(self) -> float:
        return self.theme.font_size * SIZE

    def _show(self) -> None:
        self._drawing = formula_drawings().get(self.latex, is_display=True)
        font = reading_font(self.theme, self)
        font.setFamily("monospace")
        self._written.setDefaultFont(font)
        self._written.setPlainText(self.source.strip())
        option = QTextOption(self._written.defaultTextOption())
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        self._written.setDefaultTextOption(option)
        self.updateGeometry()
        self.update()

    def _say_texts(self) -> None:
        self.setAccessibleName(self.tr("Formula: {latex}").format(latex=self.latex.strip()))

    def _take_drawings(self, drawn: set[str]) -> None:
        if self.latex in drawn and self._drawing is None:
            self._show()
