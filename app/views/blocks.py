"""The blocks that scroll inside: code with its language and a copy button, and text that is too long for Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.highlighting import highlighted
from app.core.markdown import visible
from app.theme import Theme, code_font, tinted_icon
from app.views.language import in_every_language
from app.views.text_block import reading_font
from app.views.text_surface import Span, Tint, layers, marks, text_of, units
from app.views.waiting_text import WaitingText

LONGEST_LINE = 2_000  # characters; one line of a megabyte would be laid out as a whole
MOST_CODE_LINES = 28  # shown at once; more scroll inside the block, or show when it is unfolded
LETTERS_AT_ONCE = 20_000  # laid out in one go, in about 10 ms
MOST_UNFOLDED_LINES = 2_000  # QPlainTextEdit asks every line above the visible ones for its height
COPIED_MS = 1500
CODE_MARGINS = (12, 2, 12, 10)  # pixels around the lines of code


class FittedText(QPlainTextEdit):
    """Read-only text as high as its lines up to a limit, a `TextSurface`; grows by `append_text` in constant time."""

    def __init__(self, theme: Theme, parent: QWidget, *, wraps: bool) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)  # the transcript selects
        self.setUndoRedoEnabled(False)
        self.setLineWrapMode(self.LineWrapMode.WidgetWidth if wraps else self.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        if wraps:  # a line that ends in a space is wider than the text, by that space
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.most_lines = MOST_CODE_LINES
        self._theme = theme
        self._line_length = 0
        self._selected: Span = (0, 0)
        self._found: Sequence[Span] = ()
        self._current: int | None = None
        self._tints: Sequence[Tint] = ()

    def append_text(self, text: str) -> None:
        """Add text at the end, cutting endless lines."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(self._cut(visible(text)))

    def remove_last(self, count: int) -> None:
        """Take letters away from the end."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, count)
        cursor.removeSelectedText()

    def height_for(self, width: int) -> int:
        """The height of the lines that are shown at a width, and of the scroll bar below them."""
        if width != self.width():
            self.resize(width, self.height())
        lines = max(round(self.document().size().height()), 1)  # Qt counts them where other documents have pixels
        never, always = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(never if lines <= self.most_lines else always)
        of_lines = math.ceil(self._height_of_lines(min(lines, self.most_lines)))
        room = width - (0 if lines <= self.most_lines else self.verticalScrollBar().sizeHint().width())
        is_sideways = self.document().size().width() > room and self.horizontalScrollBarPolicy() != never
        extra = self.horizontalScrollBar().sizeHint().height() if is_sideways else 0  # its range is set too late
        height = of_lines + extra + 2
        if height != self.height() or height != self.maximumHeight():
            self.setFixedHeight(height)
        return height

    def shown_text(self) -> str:
        """The text as it is shown."""
        return text_of(self.document())

    def position_at(self, point: QPoint) -> int:
        """The place between two letters that is nearest to a point."""
        return self.cursorForPosition(self.viewport().mapFrom(self, point)).position()

    def rect_at(self, position: int) -> QRect:
        """Where the letter at a position stands, once the lines are scrolled there."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(position, self.document().characterCount() - 1))
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        return self.cursorRect(cursor)

    def link_at(self, _point: QPoint) -> str:
        """There are no links."""
        return ""

    def show_selection(self, selected: Span) -> None:
        """Mark these letters as selected."""
        if selected != self._selected:
            self._selected = selected
            self._mark()

    def show_found(self, found: Sequence[Span], current: int | None) -> None:
        """Mark what a search found."""
        if (found, current) != (self._found, self._current):
            self._found, self._current = found, current
            self._mark()

    def show_tints(self, tints: Sequence[Tint]) -> None:
        """Put grounds below the letters."""
        if tints != self._tints:
            self._tints = tints
            self._mark()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self._mark()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """At the end of its own text, let the transcript scroll on."""
        bar = self.verticalScrollBar()
        towards_end = event.angleDelta().y() < 0
        is_at_end = bar.value() >= bar.maximum() if towards_end else bar.value() <= bar.minimum()
        is_sideways = abs(event.angleDelta().x()) > abs(event.angleDelta().y())
        if is_at_end and not is_sideways:
            event.ignore()
        else:
            super().wheelEvent(event)

    def _cut(self, text: str) -> str:
        parts = []
        for number, line in enumerate(text.split("\n")):
            if number:
                parts.append("\n")
                self._line_length = 0
            while self._line_length + len(line) > LONGEST_LINE:
                room = LONGEST_LINE - self._line_length
                parts += [line[:room], "\n"]
                line = line[room:]  # noqa: PLW2901 - consumed from the left
                self._line_length = 0
            parts.append(line)
            self._line_length += len(line)
        return "".join(parts)

    def _height_of_lines(self, most: int) -> float:
        """Of the first lines; those of some scripts are higher than others."""
        height, lines = 0.0, 0
        block = self.document().begin()
        while block.isValid() and lines < most:
            height += self.blockBoundingRect(block).height()
            lines += block.lineCount()
            block = block.next()
        return height

    def _mark(self) -> None:
        extra = []
        shown = layers(self._tints, self._found, self._current, self._selected)
        for cursor, form in marks(self.document(), self._theme, shown):
            selection = QTextEdit.ExtraSelection()
            selection.cursor, selection.format = cursor, form
            extra.append(selection)
        self.setExtraSelections(extra)


class ScrolledBlock(QFrame):
    """Base of what shows a `FittedText`; hands everything about letters on to it."""

    def __init__(self, theme: Theme, parent: QWidget, *, wraps: bool) -> None:
        super().__init__(parent)
        self.theme = theme
        self.source = ""
        self.edit = FittedText(theme, self, wraps=wraps)
        self._waiting = WaitingText(self._lay_out_letters, self)
        self._waiting.grew.connect(self.updateGeometry)

    def append_text(self, text: str) -> None:
        """Add text at the end; of very much, the beginning at once and the rest later."""
        self.source += text
        self._waiting.add(text)

    def _lay_out_letters(self, waiting: str) -> str:
        self.edit.append_text(waiting[:LETTERS_AT_ONCE])
        return waiting[LETTERS_AT_ONCE:]

    def show_source(self, source: str) -> None:
        """Replace the text; what it begins with already stays as it is."""
        surplus = self.source[len(source) :]
        if surplus and self._waiting.is_empty and self.source.startswith(source) and not surplus.strip("`~\n"):
            self.edit.remove_last(len(surplus))  # the end of a code block, seen before it was whole
            self.source = source
        elif not source.startswith(self.source):
            self.edit.clear()
            self._waiting.clear()
            self.source = ""
        self.append_text(source[len(self.source) :])

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self.theme = theme
        self.edit.apply_theme(theme)

    def shown_text(self) -> str:
        """The text as it is shown."""
        return self.edit.shown_text()

    def copied_text(self, span: Span) -> str:
        """What is copied of it: what was written, if it is all."""
        shown = self.shown_text()
        return units(self.source) if span == (0, len(shown)) else shown[span[0] : span[1]]

    def position_at(self, point: QPoint) -> int:
        """The place between two letters that is nearest to a point."""
        return self.edit.position_at(self.edit.mapFrom(self, point))

    def rect_at(self, position: int) -> QRect:
        """Where the letter at a position stands."""
        return self.edit.rect_at(position).translated(self.edit.pos())

    def link_at(self, point: QPoint) -> str:
        """There are no links."""
        return self.edit.link_at(point)

    def show_selection(self, selected: Span) -> None:
        """Mark these letters as selected."""
        self.edit.show_selection(selected)

    def show_found(self, found: Sequence[Span], current: int | None) -> None:
        """Mark what a search found."""
        self.edit.show_found(found, current)

    def show_tints(self, tints: Sequence[Tint]) -> None:
        """Put grounds below the letters."""
        self.edit.show_tints(tints)


class CodeBlock(ScrolledBlock):
    """Code with its language and a copy button; highlighted when it is complete."""

    def __init__(self, language: str, source: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, wraps=False)
        self.setObjectName("codeBlock")
        self.language = language
        self._is_complete = False
        self._label = QLabel(self)
        self._label.setObjectName("codeLanguage")
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._unfold = QToolButton(self)
        self._unfold.setObjectName("unfoldCode")
        self._unfold.setCheckable(True)
        self._unfold.setIconSize(QSize(16, 16))
        self._unfold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._unfold.toggled.connect(self._fold)
        self._unfold.hide()
        self._copy = CopyButton(lambda: self.source, theme, self)
        self.edit.setObjectName("codeText")
        self.edit.setFont(code_font(theme))
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 4, 0)
        head.setSpacing(0)
        head.addWidget(self._label, 1)
        head.addWidget(self._unfold)
        head.addWidget(self._copy)
        self._inner = QVBoxLayout()
        self._inner.setContentsMargins(*CODE_MARGINS)
        self._inner.addWidget(self.edit)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(head)
        self._column.addLayout(self._inner)
        self._show_fold()
        in_every_language(self, self._say_texts)
        self.append_text(source)

    def height_for(self, width: int) -> int:
        """The height of head and lines at a width."""
        before = self.edit.height()
        if self.edit.height_for(width - CODE_MARGINS[0] - CODE_MARGINS[2]) != before:
            for layout in (self._inner, self._column):  # one in another hears of it when the event loop comes round
                layout.invalidate()
        if self._unfold.isHidden() and self.edit.document().blockCount() > MOST_CODE_LINES:
            self._unfold.show()
        return self.sizeHint().height()

    def complete(self) -> None:
        """No more code will come: colour it."""
        self._is_complete = True
        self._highlight()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        super().apply_theme(theme)
        self._copy.apply_theme(theme)
        self._show_fold()
        self.edit.setFont(code_font(theme))
        if self._is_complete:
            self._highlight()

    def _say_texts(self) -> None:
        self._label.setText(visible(self.language) or self.tr("Code"))
        self._unfold.setAccessibleName(self.tr("Show all lines"))
        self._unfold.setToolTip(self.tr("Show all lines"))
        self.edit.setAccessibleName(self.tr("Code"))

    def _fold(self, is_unfolded: bool) -> None:
        self.edit.most_lines = MOST_UNFOLDED_LINES if is_unfolded else MOST_CODE_LINES
        self._show_fold()
        self.updateGeometry()

    def _show_fold(self) -> None:
        icon = "chevron-down" if self._unfold.isChecked() else "chevron-right"
        self._unfold.setIcon(tinted_icon(icon, self.theme.colors["text_muted"], size=16))

    def _highlight(self) -> None:
        document = self.edit.document()
        if document.toPlainText() != self.source:
            return  # lines were cut or invisible characters spelt out: the positions differ
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.setCharFormat(QTextCharFormat())
        for start, length, color in highlighted(units(self.source), self.language, is_dark=self.theme.dark):
            form = QTextCharFormat()
            form.setForeground(QColor(color))
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(form)
        cursor.endEditBlock()


class PlainBlock(ScrolledBlock):
    """Text past the limit for Markdown, as it stands."""

    def __init__(self, source: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, wraps=True)
        self.setObjectName("plainBlock")
        self.edit.setObjectName("plainText")
        self.edit.setFont(reading_font(theme, self))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.edit)
        self.append_text(source)

    def height_for(self, width: int) -> int:
        """The height of the lines at a width."""
        margins = self.contentsMargins()
        self.edit.height_for(width - margins.left() - margins.right())
        return self.sizeHint().height()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        super().apply_theme(theme)
        self.edit.setFont(reading_font(theme, self))


class CopyButton(QToolButton):
    """Copies what `text` returns, and shows for a moment that it did."""

    copied = Signal()

    def __init__(self, text: Callable[[], str], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("copyButton")
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._text = text
        self._theme = theme
        self._back = QTimer(self)
        self._back.setSingleShot(True)
        self._back.setInterval(COPIED_MS)
        self._back.timeout.connect(lambda: self._show("copy"))
        self.clicked.connect(self._copy)
        in_every_language(self, self._say_texts)
        self._show("copy")

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icon."""
        self._theme = theme
        self._show("copy")

    def _say_texts(self) -> None:
        self.setAccessibleName(self.tr("Copy"))
        self.setToolTip(self.tr("Copy"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text())
        self._show("check")
        self._back.start()
        self.copied.emit()

    def _show(self, icon: str) -> None:
        self.setIcon(tinted_icon(icon, self._theme.colors["text_muted"], size=16))
