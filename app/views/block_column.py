"""BlockColumn: the blocks of a reply below each other, of which only those that are visible have widgets.

The transcript says which part is visible, and when widgets go to their places: what is moved or grows before it has
scrolled is painted as a whole. A block that was never laid out has an estimated height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from shiboken6 import delete

from app.core.block_stream import Block, Code, Formula, Item, Plain, Prose, Table
from app.core.markdown import NO_REFERENCES, QtRenderer, References, prose_html, table_rows, visible
from app.theme import Theme
from app.views.blocks import MOST_CODE_LINES, CodeBlock, PlainBlock
from app.views.formula_block import FormulaBlock
from app.views.formulas import FormulaPictures
from app.views.stacked_heights import StackedHeights
from app.views.table_block import TableBlock
from app.views.text_block import InertDocument, ProseBlock
from app.views.text_surface import text_of, units

BlockWidget = ProseBlock | TableBlock | FormulaBlock | CodeBlock | PlainBlock

GAP = 10  # pixels between two blocks
ITEM_GAP = 4  # pixels between two items of a list
LETTER_WIDTH, LINE_HEIGHT = 0.5, 1.45  # of the size of letters; good enough for what nobody sees yet
CODE_FRAME = 48  # pixels around the lines of a code block
FAR = 300  # pixels outside of what is laid out at which a block loses its widget
SPARE = 40  # widgets of prose kept for the next text; making one costs more than filling one


class BlockColumn(QWidget):
    """Holds blocks; makes and drops their widgets."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(
            Qt.WidgetAttribute.WA_StaticContents
        )  # where it grows, the blocks above are not painted again
        self._theme = theme
        self._blocks: list[Block] = []
        self._references = NO_REFERENCES
        self._heights = StackedHeights(0, estimate=0, gap=0)
        self._widgets: dict[int, BlockWidget] = {}
        self._spare: list[ProseBlock] = []
        self._part = (0, 0)
        self._is_last_open = False
        self._is_placed = True
        self.keeps_widgets = False  # while the mouse is pressed in one of them

    @property
    def blocks(self) -> Sequence[Block]:
        """All blocks, in order."""
        return self._blocks

    @property
    def references(self) -> References:
        """The links and notes that are defined by now."""
        return self._references

    def widget_of(self, number: int) -> BlockWidget | None:
        """The widget of a block, if it has one now."""
        return self._widgets.get(number)

    def widgets(self) -> Iterator[tuple[int, BlockWidget]]:
        """The blocks that have widgets now, with their numbers."""
        yield from self._widgets.items()

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        """Replace everything."""
        for number in [*self._widgets]:
            self._drop(number)
        self._blocks, self._references = [*blocks], NO_REFERENCES
        self._part = (0, 0)  # of this text nobody has said yet what is visible
        self._estimate_all()

    def set_references(self, references: References) -> None:
        """Links and notes that are defined by now; what names them is shown anew."""
        self._references = references
        for number, widget in self._widgets.items():
            if isinstance(widget, ProseBlock | TableBlock) and "[" in widget.source:
                widget.references = references
                widget.apply_theme(self._theme)
                self._measure(number)
        self._heights_changed()

    def go_on(self, finished: Sequence[Block], open_block: Block | None, *, replaces_last: bool) -> None:
        """Put blocks at the end, the first of them in the place of the last one if `replaces_last`."""
        blocks = [*finished] if open_block is None else [*finished, open_block]
        if replaces_last:
            self._replace_last(blocks.pop(0) if blocks else None)
            if finished:
                self._complete(len(self._blocks) - 1)
        for block in blocks:
            self._blocks.append(block)
            self._heights.append(self._above(len(self._blocks) - 1) + self._estimate(block))
        self._is_last_open = open_block is not None
        self._heights_changed()  # so that the transcript says what is visible by now

    def _replace_last(self, block: Block | None) -> None:
        number = len(self._blocks) - 1
        widget = self._widgets.get(number)
        if block is not None and widget is not None and _shows(widget, block):
            self._blocks[number] = block
            if widget.source != block.source:
                self._fill(widget, block)
            self._measure(number)
            return
        if widget is not None:
            self._drop(number)
        self._blocks.pop()
        self._heights.pop()
        if block is not None:
            self._blocks.append(block)
            self._heights.append(self._above(number) + self._estimate(block))

    def grow_last(self, text: str) -> None:
        """The last block goes on with this text."""
        number = len(self._blocks) - 1
        block = self._blocks[number]
        self._blocks[number] = replace(block, source=block.source + text)
        widget = self._widgets.get(number)
        if widget is None or isinstance(widget, FormulaBlock):
            return
        if isinstance(widget, ProseBlock):
            widget.append_words(text)
        else:
            widget.append_text(text)
        if self._measure(number):
            self._heights_changed()

    def fit(self, width: int) -> None:
        """Take a width."""
        if width != self.width():
            self.resize(width, self.height())
            self._estimate_all()

    def show_part(self, top: int, bottom: int) -> None:
        """Give what stands between these lines its widgets, and take those away that stand far from it."""
        self._part = (top, bottom)
        self._show_part()

    def place(self) -> None:
        """Put the widgets where they belong by now."""
        if self._is_placed:
            return
        self._is_placed = True
        for number, widget in self._widgets.items():
            above = self._above(number)
            top, height = self._heights.top(number), self._heights.height(number)
            widget.setGeometry(0, top + above, self.width(), height - above)

    def sizeHint(self) -> QSize:
        """As high as the blocks."""
        return QSize(self.width(), self._heights.total)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """It was made as high as the blocks."""
        super().resizeEvent(event)
        self.place()

    def block_at(self, y: int) -> int:
        """The number of the block at a height."""
        return self._heights.row_at(y)

    def top_of(self, number: int) -> int:
        """Where a block begins, with the space above it."""
        return self._heights.top(number)

    def forget_spare(self) -> None:
        """Keep no widgets for blocks to come any more."""
        for spare in self._spare:
            delete(spare)
        self._spare.clear()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self._theme = theme
        self.forget_spare()
        for widget in self._widgets.values():
            widget.apply_theme(theme)
        self._estimate_all()

    def event(self, event: QEvent) -> bool:
        """A block that was unfolded wants another height."""
        if event.type() == QEvent.Type.LayoutRequest:
            for number in self._widgets:
                if self._measure(number):
                    self._heights_changed()
        return super().event(event)

    def _show_part(self) -> None:
        top, bottom = self._part
        if not self._blocks or self.width() == 0:
            return
        number = self._heights.row_at(top)
        while number < len(self._blocks) and self._heights.top(number) < bottom:
            if number not in self._widgets:
                self._widgets[number] = self._make(self._blocks[number])
                if not (self._is_last_open and number == len(self._blocks) - 1):
                    self._complete(number)
                self._is_placed = False
                if self._measure(number):
                    self._heights_changed()
            number += 1
        self._drop_far(top - FAR, bottom + FAR)

    def _drop_far(self, top: int, bottom: int) -> None:
        for number, widget in [*self._widgets.items()]:
            begins = self._heights.top(number)
            is_far = begins > bottom or begins + self._heights.height(number) < top
            if is_far and not self.keeps_widgets and not widget.isAncestorOf(self.focusWidget() or self):
                self._drop(number)

    def _make(self, block: Block) -> BlockWidget:
        widget: BlockWidget
        match block:
            case Table(source):
                widget = TableBlock(source, self._references, self._theme, self)
            case Formula(source, latex):
                widget = FormulaBlock(source, latex, self._theme, self)
            case Prose() | Item():
                widget = self._spare.pop() if self._spare else ProseBlock(self._theme, self)
                self._fill(widget, block)
            case Code(language, source):
                widget = CodeBlock(language, source, self._theme, self)
            case Plain(source):
                widget = PlainBlock(source, self._theme, self)
        widget.setGeometry(0, 0, self.width(), 0)  # with nothing to see before it is placed
        widget.show()
        return widget

    def _complete(self, number: int) -> None:
        widget = self._widgets.get(number)
        if isinstance(widget, CodeBlock):
            widget.complete()

    def _fill(self, widget: BlockWidget, block: Block) -> None:
        if isinstance(widget, ProseBlock):
            widget.references = self._references
            widget.number = block.number if isinstance(block, Item) else None
        widget.show_source(block.source)

    def _drop(self, number: int) -> None:
        widget = self._widgets.pop(number)
        widget.hide()
        if isinstance(widget, ProseBlock) and len(self._spare) < SPARE:
            widget.show_selection((0, 0))
            widget.show_found((), None)
            widget.show_tints(())
            self._spare.append(widget)
        else:
            widget.deleteLater()

    def _above(self, number: int) -> int:
        """Pixels between a block and the one before it; they are part of its height here."""
        block = self._blocks[number]
        if number == 0:
            return 0
        return ITEM_GAP if isinstance(block, Item) and not block.is_first else GAP

    def _measure(self, number: int) -> bool:
        """Take the height of a widget; whether it is another than before."""
        height = self._widgets[number].height_for(self.width())
        return self._heights.set_height(number, self._above(number) + height)

    def _heights_changed(self) -> None:
        self._is_placed = False
        self.updateGeometry()

    def _estimate_all(self) -> None:
        self._heights = StackedHeights(0, estimate=0, gap=0)
        for number, block in enumerate(self._blocks):
            widget = self._widgets.get(number)
            height = self._estimate(block) if widget is None else widget.height_for(self.width())
            self._heights.append(self._above(number) + height)
        self._heights_changed()
        self._show_part()

    def _estimate(self, block: Block) -> int:
        size = self._theme.font_size
        lines = block.source.rstrip("\n").count("\n") + 1
        if isinstance(block, Code):
            return round(min(lines, MOST_CODE_LINES) * size * LINE_HEIGHT) + CODE_FRAME
        letters = max(self.width() / (size * LETTER_WIDTH), 1.0)
        return round(max(len(block.source) / letters, lines, 1.0) * size * LINE_HEIGHT)


def _shows(widget: BlockWidget, block: Block) -> bool:
    match widget, block:
        case (ProseBlock(), Prose() | Item()) | (TableBlock(), Table()) | (PlainBlock(), Plain()):
            return True
        case CodeBlock(), Code(language, _):
            return widget.language == language
    return False


def shown_text(block: Block, references: References, theme: Theme, widget: QWidget) -> str:
    """The text of a block as its widget would show it, without making one."""
    match block:
        case Code(source=source) | Plain(source):
            return units(visible(source))
        case Prose(source) | Item(source):
            pictures = FormulaPictures(theme, widget)
            number = block.number if isinstance(block, Item) else None
            document = InertDocument()
            html = prose_html(source, theme, references=references, number=number, renderer=pictures.renderer)
            document.pictures = pictures.images
            document.setHtml(html)
            return text_of(document)
        case Table(source):
            rows = table_rows(source, QtRenderer(theme), references)
            return "\n".join("\t".join(_text_of_html(cell.html) for cell in row) for row in rows)
        case Formula(source):
            return units(source.strip())


def _text_of_html(html: str) -> str:
    document = InertDocument()
    document.setHtml(html)
    return text_of(document)
