"""TableBlock: a table that is laid out row by row, so that one that streams grows cheaply."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QTextDocument
from PySide6.QtWidgets import QWidget

from app.core.markdown import Cell, QtRenderer, References, table_rows
from app.theme import Theme
from app.views.formulas import FormulaPictures, formula_drawings
from app.views.language import in_every_language
from app.views.sideways_block import SidewaysBlock
from app.views.text_block import InertDocument, reading_font, rect_in
from app.views.text_surface import Span, text_of
from app.views.waiting_text import WaitingText

WIDEST_COLUMN, NARROWEST_COLUMN = 22, 10  # of the size of letters; a table that fits neither way scrolls
CELL_X, CELL_Y = 10, 6  # pixels around the text of a cell
ROWS_AT_ONCE = 40  # laid out in one go, in about 20 ms
_ALIGNED = {"right": Qt.AlignmentFlag.AlignRight, "center": Qt.AlignmentFlag.AlignHCenter}


@dataclass(slots=True)
class _LaidCell:
    """A cell with its text, the width at which no line of it must be broken, and where its text begins in all."""

    document: InertDocument
    align: str
    ideal: float
    begins: int
    length: int


class TableBlock(SidewaysBlock):
    """A table, a `TextSurface`: tabs stand between its cells and line breaks between its rows."""

    def __init__(self, source: str, references: References, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setObjectName("tableBlock")
        self.references = references
        self._rows: list[list[_LaidCell]] = []
        self._widths: list[float] = []
        self._ideals: list[float] = []
        self._tops: list[int] = [0]
        self._lefts: list[float] = [0.0]
        self._text = ""
        self._waiting = WaitingText(self._lay_out_rows, self)
        self._waiting.grew.connect(self.updateGeometry)
        self._partial = ""  # the last line, while it is not whole
        self._column_width = 0
        self._pictures: list[FormulaPictures] = []
        formula_drawings().drawn.connect(self._take_drawings)
        in_every_language(self, self._say_texts)
        self.show_source(source)

    def show_source(self, source: str) -> None:
        """Replace the content; what it begins with already stays as it is."""
        if not self.source or not source.startswith(self.source):
            self._rows, self._widths, self._ideals = [], [], []
            self._tops, self._text, self._partial, self.source = [0], "", "", ""
            self._pictures = []
            self._waiting.clear()
        self.append_text(source[len(self.source) :])

    def append_text(self, text: str) -> None:
        """Add rows at the end, the last one perhaps not whole; of many, the first at once and the others later."""
        self.source += text
        self._waiting.add(text)

    def _lay_out_rows(self, waiting: str) -> str:
        """The first of what waits; returns the others."""
        head = self.source[: _head_end(self.source)]
        if self._rows and self._partial:
            self._drop_last_row()
        lines = self._partial + waiting
        end = _end_of_lines(lines, ROWS_AT_ONCE)
        lines, rest = lines[:end], lines[end:]
        if self._rows:
            rows = table_rows(head + lines, self._renderer(), self.references)[1:]
        else:
            rows = table_rows(lines, self._renderer(), self.references)
        self._partial = lines[lines.rfind("\n") + 1 :]
        for row in rows:
            self._add_row(row, is_head=not self._rows)
        self._fit(self._column_width)
        self.update()
        return rest

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self.theme = theme
        self._show_again()

    def content_size(self, width: int) -> QSize:
        """Columns as wide as they need to be, or narrower if that brings the table into the width."""
        if width != self._column_width:
            self._column_width = width
            self._fit(width)
        return QSize(math.ceil(self._lefts[-1]) + 1, self._tops[-1] + 1)

    def shown_text(self) -> str:
        """All cells."""
        return self._text

    def copied_text(self, span: Span) -> str:
        """What is copied of it."""
        return self._text[span[0] : span[1]]

    def position_at(self, point: QPoint) -> int:
        """The place between two letters that is nearest to a point."""
        if not self._rows:
            return 0
        place = self.in_content(point)
        row = min(max(bisect_right(self._tops, place.y()) - 1, 0), len(self._rows) - 1)
        column = min(max(bisect_right(self._lefts, place.x()) - 1, 0), len(self._rows[row]) - 1)
        cell = self._rows[row][column]
        inside = QPointF(place) - self._text_place(row, column)
        return cell.begins + cell.document.documentLayout().hitTest(inside, Qt.HitTestAccuracy.FuzzyHit)

    def rect_at(self, position: int) -> QRect:
        """Where the letter at a position stands; its column is scrolled into sight."""
        row = max(bisect_right([cells[0].begins for cells in self._rows], position) - 1, 0)
        column = max(bisect_right([cell.begins for cell in self._rows[row]], position) - 1, 0)
        cell = self._rows[row][column]
        inside = rect_in(cell.document, position - cell.begins).translated(self._text_place(row, column))
        if not self.bar.value() <= inside.x() <= self.bar.value() + self.width():
            self.bar.setValue(round(inside.x()) - self.width() // 2)
        return inside.translated(-self.bar.value(), 0).toRect()

    def document_at(self, point: QPoint) -> tuple[QTextDocument, QPointF] | None:
        """The text of the cell under a point."""
        place = self.in_content(point)
        row, column = bisect_right(self._tops, place.y()) - 1, bisect_right(self._lefts, place.x()) - 1
        if not (0 <= row < len(self._rows) and 0 <= column < len(self._rows[row])):
            return None
        return self._rows[row][column].document, QPointF(place) - self._text_place(row, column)

    def paint_content(self, painter: QPainter, clip: QRectF) -> None:
        """The rows that are visible, with lines around all cells."""
        right = self._lefts[-1]
        first = max(bisect_right(self._tops, clip.top()) - 1, 0)
        last = min(bisect_right(self._tops, clip.bottom()), len(self._rows))
        if first == 0 and self._rows:
            painter.fillRect(QRectF(0, 0, right, self._tops[1]), QColor(self.theme.colors["surface"]))
        for row in range(first, last):
            for column, cell in enumerate(self._rows[row]):
                place = self._text_place(row, column)
                painter.save()
                painter.translate(place)
                inside = clip.translated(-place)
                self.paint_document(painter, cell.document, inside, begins=cell.begins, length=cell.length)
                painter.restore()
        painter.setPen(QColor(self.theme.colors["border"]))
        top, bottom = self._tops[first], self._tops[last]
        for y in self._tops[first : last + 1]:
            painter.drawLine(QPointF(0, y), QPointF(right, y))
        for x in self._lefts:
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _say_texts(self) -> None:
        self.setAccessibleName(self.tr("Table"))

    def _renderer(self) -> QtRenderer:
        pictures = FormulaPictures(self.theme, self)
        self._pictures.append(pictures)
        return pictures.renderer(self.theme)

    def _add_row(self, row: list[Cell], *, is_head: bool) -> None:
        laid = []
        begins = len(self._text) + (1 if self._rows else 0)
        if self._rows:
            self._text += "\n"
        for number, cell in enumerate(row):
            document = InertDocument(self)
            document.pictures = self._pictures[-1].images
            font = reading_font(self.theme, self)
            font.setBold(is_head)
            document.setDefaultFont(font)
            option = document.defaultTextOption()
            option.setAlignment(_ALIGNED.get(cell.align, Qt.AlignmentFlag.AlignLeading))
            document.setDefaultTextOption(option)
            if "<" in cell.html or "&" in cell.html:
                document.setHtml(cell.html)
            else:
                document.setPlainText(cell.html)
            document.setTextWidth(-1)
            text = text_of(document)
            laid.append(_LaidCell(document, cell.align, document.idealWidth(), begins, len(text)))
            self._text += text if number == 0 else f"\t{text}"
            begins = len(self._text) + 1
        self._rows.append(laid)
        self._tops.append(self._tops[-1])
        for number, one in enumerate(laid):
            if number >= len(self._ideals):
                self._ideals.append(0.0)
            self._ideals[number] = max(self._ideals[number], one.ideal)

    def _drop_last_row(self) -> None:
        for cell in self._rows.pop():
            cell.document.deleteLater()
        self._tops.pop()
        self._text = self._text[: self._rows[-1][-1].begins + self._rows[-1][-1].length] if self._rows else ""

    def _fit(self, width: int) -> None:
        """Lay out what is new, or everything that a changed width of its column breaks anew."""
        size = self.theme.font_size
        widths = _columns(self._ideals, width, widest=WIDEST_COLUMN * size, narrowest=NARROWEST_COLUMN * size)
        changed = [at for at, one in enumerate(widths) if at >= len(self._widths) or self._widths[at] != one]
        self._widths = widths
        self._lefts = [0.0]
        for one in widths:
            self._lefts.append(self._lefts[-1] + one + 2 * CELL_X)
        for row, cells in enumerate(self._rows):
            is_new = self._tops[row + 1] <= self._tops[row]
            if not is_new and not any(at < len(cells) and _breaks(cells[at], widths[at]) for at in changed):
                continue
            height = 0.0
            for cell, one in zip(cells, widths, strict=False):
                cell.document.setTextWidth(min(cell.ideal, one) + 1)
                height = max(height, cell.document.size().height())
            below = self._tops[row] + math.ceil(height) + 2 * CELL_Y
            shift = below - self._tops[row + 1]
            if shift:
                self._tops[row + 1 :] = [top + shift for top in self._tops[row + 1 :]]

    def _text_place(self, row: int, column: int) -> QPointF:
        cell = self._rows[row][column]
        free = self._widths[column] - cell.document.textWidth()
        share = {"right": 1.0, "center": 0.5}.get(cell.align, 0.0)
        return QPointF(self._lefts[column] + CELL_X + max(free * share, 0.0), self._tops[row] + CELL_Y)

    def _show_again(self) -> None:
        source, self.source = self.source, ""
        self.show_source(source)

    def _take_drawings(self, drawn: set[str]) -> None:
        if any(not drawn.isdisjoint(pictures.awaited) for pictures in self._pictures):
            self._show_again()
            self.updateGeometry()


def _head_end(source: str) -> int:
    """Where the first row behind the head of a table begins."""
    first = source.find("\n")
    second = source.find("\n", first + 1)
    return len(source) if first < 0 or second < 0 else second + 1


def _end_of_lines(text: str, most: int) -> int:
    """Where the line behind so many begins, or the end."""
    at = 0
    for _ in range(most):
        at = text.find("\n", at) + 1
        if at == 0:
            return len(text)
    return at


def _columns(ideals: list[float], width: int, *, widest: float, narrowest: float) -> list[float]:
    """The widths of a table's columns: as many as possible unbroken, the others alike."""
    room = width - 2 * CELL_X * len(ideals) - 1
    most = widest
    while most > narrowest and sum(min(ideal, most) for ideal in ideals) > room:
        most -= narrowest / 8
    return [min(ideal, max(most, narrowest)) for ideal in ideals]


def _breaks(cell: _LaidCell, width: float) -> bool:
    """Whether a cell's lines are or were broken, so that another width of its column matters."""
    return cell.ideal > width or cell.ideal > cell.document.textWidth()
