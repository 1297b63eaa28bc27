"""TextSurface: what every block of a message can do with its text, so that a selection may run across all of them.

Positions count the letters of `shown_text` as Qt counts them, in UTF-16 units, see `units`. The widget draws its part
of the selection and the places that a search found; the mouse and the clipboard are the transcript's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument

from app.theme import Theme

Span = tuple[int, int]  # start and end of letters


@dataclass(frozen=True, slots=True)
class Tint:
    """A ground below letters, by its name in the theme, with a line below them where the name alone might not do."""

    span: Span
    ground: str
    line: QTextCharFormat.UnderlineStyle = QTextCharFormat.UnderlineStyle.NoUnderline


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

    def show_tints(self, tints: Sequence[Tint]) -> None:
        """Put these grounds below the letters, under all other marks."""


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


def in_units(text: str, tints: Sequence[Tint]) -> Sequence[Tint]:
    """Tints whose spans count the characters of a text, counting its units."""
    if text.isascii() or max(text) < "\U00010000":
        return tints
    at = [0, *accumulate(1 + (letter > "\uffff") for letter in text)]
    return [replace(tint, span=(at[tint.span[0]], at[tint.span[1]])) for tint in tints]


def joined(text: str) -> str:
    """What `units` took apart, put together again."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def text_of(document: QTextDocument) -> str:
    """The document's text with one letter for each of its positions, as `TextSurface` counts them."""
    return units(document.toRawText()).translate(_BREAKS)


_BREAKS = {0x2029: "\n", 0x2028: "\n", 0xA0: " ", 0xFDD0: "\n", 0xFDD1: "\n"}  # the last two frame tables and cells


def layers(tints: Sequence[Tint], found: Sequence[Span], current: int | None, selected: Span) -> list[Tint]:
    """All grounds, the lowest first: tints, what was found, and what is selected."""
    shown = [*tints]
    shown += [Tint(span, "found_current" if number == current else "found") for number, span in enumerate(found)]
    if selected[0] < selected[1]:
        shown.append(Tint(selected, "selection"))
    return shown


def marks(document: QTextDocument, theme: Theme, shown: Sequence[Tint]) -> list[tuple[QTextCursor, QTextCharFormat]]:
    """How to paint grounds below a document's letters."""
    made = []
    last = document.characterCount() - 1
    for tint in shown:
        start, end = tint.span
        cursor = QTextCursor(document)
        cursor.setPosition(min(start, last))
        cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
        form = QTextCharFormat()
        form.setBackground(QColor(theme.colors[tint.ground]))
        form.setForeground(QColor(theme.colors["text"]))
        form.setUnderlineStyle(tint.line)
        made.append((cursor, form))
    return made
