"""TextPlaces: between letters of a reply's blocks on the screen and characters of its text, for those who tint it.

Only blocks that have widgets are looked at; each is matched with its source once, in about a millisecond.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from app.core.block_stream import Block
from app.core.markdown import References
from app.core.shown_source import ShownSource, block_starts
from app.views.block_column import BlockColumn
from app.views.text_surface import Tint, joined


class TextPlaces:
    """Each method is given the whole text of the reply, whose blocks `column` shows."""

    def __init__(self, column: BlockColumn) -> None:
        self._column = column
        self._text = ""
        self._starts: Sequence[int] = ()
        self._known: dict[int, tuple[Block, str, _Letters]] = {}

    def text_at(self, text: str, block: int, letter: int) -> int | None:
        """The character of the text that a letter of a block is; None for a bullet, a formula or the like."""
        letters = self._letters(text, block)
        if letters is None:
            return None
        at = letters.source.source_at(letters.character(letter))
        return None if at is None else self._starts[block] + at

    def tint(self, text: str, tints: Sequence[Tint]) -> None:
        """Show tints, whose spans are characters of the text in order, in the blocks that have widgets."""
        for block, widget in self._column.widgets():
            here: list[Tint] = []
            letters = self._letters(text, block) if tints else None
            if letters is not None:
                start = self._starts[block]
                end = self._starts[block + 1] if block + 1 < len(self._starts) else len(text)
                begin = bisect_left(tints, start, key=lambda tint: tint.span[1])
                for tint in tints[begin:]:
                    if tint.span[0] >= end:
                        break
                    spans = letters.source.shown_spans(tint.span[0] - start, tint.span[1] - start)
                    here += [replace(tint, span=(letters.unit(first), letters.unit(last))) for first, last in spans]
            widget.show_tints(here)

    def _letters(self, text: str, number: int) -> _Letters | None:
        widget = self._column.widget_of(number)
        if widget is None:
            return None
        blocks = self._column.blocks
        if text != self._text or len(self._starts) != len(blocks):
            self._text, self._starts, self._known = text, block_starts(text, blocks), {}
        shown = widget.shown_text()
        known = self._known.get(number)
        if known is None or known[0] is not blocks[number] or known[1] != shown:
            known = (blocks[number], shown, _Letters(blocks[number], shown, self._column.references))
            self._known[number] = known
        return known[2]


class _Letters:
    """One block's letters as Qt counts them, in UTF-16 units, beside characters."""

    def __init__(self, block: Block, shown: str, references: References) -> None:
        whole = joined(shown)
        self.source = ShownSource(block, whole, references)
        is_wide = len(whole) != len(shown)
        self._units = [0, *accumulate(1 + (letter > "\uffff") for letter in whole)] if is_wide else None

    def unit(self, character: int) -> int:
        return character if self._units is None else self._units[character]

    def character(self, unit: int) -> int:
        return unit if self._units is None else bisect_left(self._units, unit)
