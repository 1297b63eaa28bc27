"""Which letter of a reply's Markdown each letter of a block on the screen is.

Marks are not shown, and bullets, boxes and formulas are not letters of the source: those have no place. Places are in
characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from app.core.block_stream import Block, Code, Formula, Plain
from app.core.markdown import NO_REFERENCES, References, parse

_WORD = re.compile(r"\S+")
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[^\n]*(?:\n|\Z)", re.MULTILINE)
_NEAR = 200  # characters that a piece is looked for in; a piece that is not shown must not be found far behind

Piece = tuple[int, int, int]  # a letter on the screen, its letter of the source, and how many are the same from there


def block_starts(text: str, blocks: Sequence[Block]) -> list[int]:
    """Where the source of each block begins in the text."""
    starts, at = [], 0
    for block in blocks:
        if isinstance(block, Code):
            fence = _FENCE.search(text, at)
            starts.append(at if fence is None else fence.end())
            at = starts[-1] + len(block.source)
            continue
        found = text.find(block.source, at)
        starts.append(at if found < 0 else found)
        at = starts[-1] + len(block.source)
    return starts


class ShownSource:
    """The letters of one block, which looks like `shown` on the screen."""

    def __init__(self, block: Block, shown: str, references: References = NO_REFERENCES) -> None:
        self._pieces = list(_matched(shown, block, references))
        self._shown = [piece[0] for piece in self._pieces]
        self._source = [piece[1] for piece in self._pieces]

    def source_at(self, letter: int) -> int | None:
        """The place in the block's source of a letter on the screen."""
        number = bisect_right(self._shown, letter) - 1
        if number < 0:
            return None
        shown, source, length = self._pieces[number]
        return source + letter - shown if letter < shown + length else None

    def shown_spans(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What of the source from `start` to `end` is on the screen."""
        for shown, source, length in self._pieces[max(bisect_right(self._source, start) - 1, 0) :]:
            if source >= end:
                return
            first, last = max(start, source), min(end, source + length)
            if first < last:
                yield shown + first - source, shown + last - source


def _matched(shown: str, block: Block, references: References) -> Iterator[Piece]:
    at = 0
    for text, source in _spoken(block, references):
        for word, offset in _tries(text, shown, at):
            found = shown.find(word, at, at + len(word) + _NEAR)
            if found >= 0:
                yield found, source + offset, len(word)
                at = found + len(word)


def _tries(text: str, shown: str, at: int) -> Iterator[tuple[str, int]]:
    """A text as a whole where it is shown so, else its words."""
    if shown.find(text, at, at + len(text) + _NEAR) >= 0:
        yield text, 0
    else:
        yield from ((word[0], word.start()) for word in _WORD.finditer(text))


def _spoken(block: Block, references: References) -> Iterator[tuple[str, int]]:
    """The texts of a block that are shown, in order, and where each begins in its source."""
    source = block.source
    if isinstance(block, Code | Plain | Formula):
        yield from _lines(source, source, 0)
        return
    tokens, _ = parse(source, references)
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    at = 0
    for token in tokens:
        if token.map is not None and token.map[0] < len(starts):
            at = max(at, starts[token.map[0]])
        found: Sequence[tuple[str, int]] = ()
        if token.type == "inline":
            found = list(_inline(token, source, at))
        elif token.type in ("fence", "code_block"):
            fence = _FENCE.match(source, at) if token.type == "fence" else None
            found = list(_lines(token.content, source, at if fence is None else fence.end()))
        yield from found
        if found:
            at = found[-1][1] + len(found[-1][0])


def _inline(token: Token, source: str, at: int) -> Iterator[tuple[str, int]]:
    for child in token.children or ():
        if child.type == "link_close":
            at = _behind_target(source, at)
        elif child.type in ("text", "code_inline") and child.content:
            found = source.find(child.content, at)
            if found >= 0:
                yield child.content, found
                at = found + len(child.content)
                continue
            for word in _WORD.finditer(child.content):  # an entity or an escape stands in between
                found = source.find(word[0], at)
                if found >= 0:
                    yield word[0], found
                    at = found + len(word[0])


def _lines(text: str, source: str, at: int) -> Iterator[tuple[str, int]]:
    for line in text.split("\n"):
        found = source.find(line, at) if line else -1
        if found >= 0:
            yield line, found
            at = found + len(line)


def _behind_target(source: str, at: int) -> int:
    """Behind the address of a link whose text ends at `at`."""
    if source[at : at + 2] != "](":
        return at
    depth = 0
    for place in range(at + 1, len(source)):
        depth += {"(": 1, ")": -1}.get(source[place], 0)
        if depth == 0:
            return place + 1
    return at
