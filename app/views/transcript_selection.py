"""TranscriptSelection: what is selected, from one letter to another across all messages, seen or not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtGui import QGuiApplication

from app.core.block_stream import Block, Plain
from app.core.block_text import block_text, joined_blocks, whole_text
from app.core.markdown import References
from app.views.message_view import THINKING, MessageView, TranscriptMessage
from app.views.text_surface import Span, joined, units

END = sys.maxsize


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """A place between two letters: numbers of message and block, and of the letter in it; `END` is behind all.

    The block `THINKING` is before all others; it is selected while it is unfolded.
    """

    message: int
    block: int
    letter: int


class TranscriptSelection:
    """From `anchor`, where it was begun, to `head`, where it is moved to; either may come first."""

    def __init__(self) -> None:
        self.anchor = self.head = Place(0, 0, 0)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is selected."""
        return self.anchor == self.head

    @property
    def ends(self) -> tuple[Place, Place]:
        """The first and the last place."""
        return min(self.anchor, self.head), max(self.anchor, self.head)

    def span_in(self, message: int, block: int, length: int) -> Span:
        """What of a block is selected."""
        begin, end = self.ends
        first, last = Place(message, block, 0), Place(message, block, length)
        if self.is_empty or end <= first or begin >= last:
            return 0, 0
        return max(begin, first).letter, length if end >= last else end.letter

    def show_in(self, message: int, view: MessageView) -> None:
        """Mark what is selected in the blocks of a message that have widgets."""
        begin, end = self.ends
        is_touched = not self.is_empty and begin.message <= message <= end.message
        for number, surface in view.built_surfaces():
            length = len(surface.shown_text()) if is_touched else 0
            surface.show_selection(self.span_in(message, number, length) if is_touched else (0, 0))

    def copying(
        self,
        message_of: Callable[[int], TranscriptMessage],
        view_of: Callable[[int], MessageView | None],
        shown: Callable[[Block, References], str],
    ) -> Iterator[None]:
        """Put what is selected on the clipboard, message by message; `message_of` gives them as they are seen.

        `shown` gives the text of a block that has no widget, as one would show it.
        """
        begin, end = self.ends
        texts = []
        for number in range(begin.message, end.message + 1):
            texts.append(self._text_in(number, message_of(number), view_of(number), shown))
            yield
        # As text alone: a QMimeData made in Python crashes Qt's clipboard when the process ends (PySide 6.11).
        QGuiApplication.clipboard().setText("\n\n".join(text for text in texts if text))

    def _text_in(
        self,
        number: int,
        message: TranscriptMessage,
        view: MessageView | None,
        shown: Callable[[Block, References], str],
    ) -> str:
        if message.role == "user":
            text = units(message.text)
            start, end = self.span_in(number, 0, len(text))
            return joined(text[start:end])
        begin, last = self.ends
        parts = []
        blocks, references = whole_text(message.text)
        thought: list[tuple[int, Block]] = [(THINKING, Plain(message.thinking))] if message.thinking else []
        for at, block in [*thought, *enumerate(blocks)]:
            if begin <= Place(number, at, 0) and last >= Place(number, at, END):
                parts.append((block, block_text(block, references)))
                continue
            surface = None if view is None else view.surface(at)
            seen = shown(block, references) if surface is None else surface.shown_text()
            start, end = span = self.span_in(number, at, len(seen))
            if (start, end) == (0, len(seen)) and seen:
                parts.append((block, block_text(block, references)))
            elif start < end:
                parts.append((block, joined(seen[start:end] if surface is None else surface.copied_text(span))))
        return joined_blocks(parts)
