"""TextSurface: what every block of a message can do with its text, so that a selection may run across all of them.

Positions count the letters of `shown_text` as Qt counts them, in UTF-16 units, see `units`. The widget draws its part
of the selection and the places that a search found; the mouse and the clipboard are the transcript's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument

from app.theme import Theme

Span = tuple[int, int]  # start and end of letters


class TextSurface(Protocol):
    """A widget with text. Points are in its own coordinates."""

    def shown_text(self) -> str:
        """The text as it is shown, without markup."""

    def copied_text(self, span: Span) -> str:
        """What is copied of these letters."""

    def position_at(self, point: QPoint) -> int:
        """The place between two letters that is nearest to a point."""

    def rect_at(self, position: int) -> QRect:
        """Where the letter at a position stands; a thin line behind the last one."""

    def link_at(self, point: QPoint) -> str:
        """The address of the link under a point, or nothing."""

    def show_selection(self, selected: Span) -> None:
        """Mark these letters as selected; an empty span marks none."""

    def show_found(self, found: Sequence[Span], current: int | None) -> None:
        """Mark what a search found, the one numbered `current` more strongly."""


def word_at(text: str, position: int) -> Span:
    """Start and end of the word around a position, as a double click selects it."""
    document = QTextDocument(text)
    cursor = QTextCursor(document)
    cursor.setPosition(min(position, document.characterCount() - 1))
    cursor.select(QTextCursor.SelectionType.WordUnderCursor)
    return cursor.selectionStart(), cursor.selectionEnd()


def units(text: str) -> str:
    """The text with a letter for each UTF-16 unit, so that Qt's positions are its indices."""
    if text.isascii() or max(text) < "\U00010000":
        return text
    coded = memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(map(chr, coded))


def joined(text: str) -> str:
    """What `units` took apart, put together again."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def text_of(document: QTextDocument) -> str:
    """The document's text with one letter for each of its positions, as `TextSurface` counts them."""
    return units(document.toRawText()).translate(_BREAKS)


_BREAKS = {0x2029: "\n", 0x2028: "\n", 0xA0: " ", 0xFDD0: "\n", 0xFDD1: "\n"}  # the last two frame tables and cells


def marks(
    document: QTextDocument, theme: Theme, selected: Span, found: Sequence[Span], current: int | None
) -> list[tuple[QTextCursor, QTextCharFormat]]:
    """What to paint over a document's letters: what was found, and above it what is selected."""
    shown = [(span, "found_current" if number == current else "found") for number, span in enumerate(found)]
    if selected[0] < selected[1]:
        shown.append((selected, "selection"))
    made = []
    last = document.characterCount() - 1
    for (start, end), token in shown:
        cursor = QTextCursor(document)
        cursor.setPosition(min(start, last))
        cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
        form = QTextCharFormat()
        form.setBackground(QColor(theme.colors[token]))
        form.setForeground(QColor(theme.colors["text"]))
        made.append((cursor, form))
    return made
