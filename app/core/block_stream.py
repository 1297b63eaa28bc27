"""Markdown as it streams: finished blocks are handed out once, only the last one is looked at again.

A block is what stands at the top level; a list is handed out item by item, so that what is shown while it streams
does not grow with it. Splitting changes nothing about what is read: the sources, one behind the other, are the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from app.core.added_words import only_adds_words
from app.core.markdown import SPLITTER, References

LONGEST_PROSE = 12_000  # characters of one block; a longer one is shown as plain text (parsing it takes > 10 ms)
MOST_BRACKETS = 500  # of one block; each costs markdown-it 25 us when none of them is a link
LONGEST_TABLE = 20_000  # characters; the rows behind them are shown as plain text
CHUNK = 4_000  # characters parsed at once, so that many blocks in one push stay linear
_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})([^\n]*)(?:\n|$)")
_FORMULA = re.compile(r"^ {0,3}(\$\$|\\\[)", re.MULTILINE)
_CLOSES = {"$$": "$$", "\\[": "\\]"}
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs, headings, quotes, ..., as Markdown."""

    source: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list at the top level, as Markdown; `number` is None where the list has bullets."""

    source: str
    number: int | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table at the top level, as Markdown."""

    source: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula on lines of its own; `latex` is what stands between its signs."""

    source: str
    latex: str


@dataclass(frozen=True, slots=True)
class Code:
    """A fenced code block."""

    language: str
    source: str


@dataclass(frozen=True, slots=True)
class Plain:
    """Text that is too long for Markdown."""

    source: str


Block = Prose | Item | Table | Formula | Code | Plain


@dataclass(frozen=True, slots=True)
class Change:
    """What a push did: `finished` blocks replace the open one of before, `open` is the new open one.

    When the open block is the same as before and only grew, by `appended`, `open` is None. `has_references` tells
    that links or notes have been defined by now that earlier blocks may name.
    """

    finished: tuple[Block, ...]
    open: Block | None
    appended: str | None = None
    has_references: bool = False


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a block begins in the text that is looked at; `fence` and where its code begins for code."""

    at: int
    token: Token
    number: int | None = None
    is_first: bool = True
    fence: _OpenFence | None = None
    code_at: int = 0


class BlockStream:
    """Splits a text that arrives in parts into blocks."""

    def __init__(self) -> None:
        self.references = References()
        self._tail = ""  # since the last finished block
        self._tail_starts: list[_Start] | None = None  # of blocks in the tail, where they are known
        self._list: tuple[str, int | None] | None = None  # sign and number of the item that the tail begins with
        self._fence: _OpenFence | None = None
        self._table: _OpenTable | None = None
        self._plain: str | None = None

    def push(self, text: str) -> Change:
        """Take more text; returns which blocks are finished now and which one is open."""
        if self._only_adds_words(text):
            self._tail += text
            return Change((), None, text)
        finished: list[Block] = []
        was = self._growing()
        for start in range(0, len(text), CHUNK):
            self._take(text[start : start + CHUNK], finished)
        if not finished and was is not None and self._growing() is was:
            return Change((), None, text)
        has_references = self._take_references(finished)
        return Change(tuple(finished), self._open_block(), has_references=has_references)

    def finish(self) -> Change:
        """The last blocks, now that no more text will come."""
        finished: list[Block] = []
        open_block = self._open_block()
        if isinstance(open_block, Code):
            finished.append(Code(open_block.language, open_block.source.removesuffix("\n")))
        elif isinstance(open_block, Table | Plain):
            finished.append(open_block)
        else:
            finished += self._cut(self._tail, self._starts(self._tail))
        self._tail, self._list, self._fence, self._table, self._plain = "", None, None, None, None
        self._tail_starts = None
        return Change(tuple(finished), None, has_references=self._take_references(finished))

    def _take_references(self, finished: list[Block]) -> bool:
        new = [self.references.take(block.source) for block in finished if isinstance(block, Prose | Item)]
        return any(new)

    def _only_adds_words(self, text: str) -> bool:
        """Whether the open block is prose that just shows more words with this text: its lines need no look."""
        is_prose = self._plain is None and self._fence is None and self._table is None
        is_short = len(self._tail) + len(text) <= LONGEST_PROSE
        return is_prose and is_short and only_adds_words(self._tail, text)

    def _growing(self) -> object | None:
        """The same thing before and after a push when the open block can just be appended to."""
        if self._plain is not None:
            return BlockStream
        if self._table is not None:
            return self._table
        return None if self._fence is None or self._fence.partial_close else self._fence

    def _open_block(self) -> Block | None:
        if self._plain is not None:
            return Plain(self._plain)
        if self._fence is not None:
            return Code(self._fence.language, self._fence.shown())
        if self._table is not None:
            return Table(self._table.source)
        if not self._tail.strip():
            return None
        if self._list is not None:
            return Item(self._tail, self._list[1], is_first=False)
        starts = self._starts(self._tail) if self._tail_starts is None else self._tail_starts
        if starts and starts[0].token.type == "list_item_open":
            return Item(self._tail, starts[0].number, is_first=True)
        return Prose(self._tail)

    def _take(self, text: str, finished: list[Block]) -> None:
        while text:
            if self._plain is not None:
                text = self._take_plain(text, finished)
            elif self._fence is not None:
                text = self._take_code(self._fence, text, finished)
            elif self._table is not None:
                text = self._take_rows(self._table, text, finished)
            else:
                self._tail += text
                text = self._take_prose(finished)

    def _take_plain(self, text: str, finished: list[Block]) -> str:
        """Plain text goes on to the next empty line."""
        assert self._plain is not None
        joined = self._plain[-1:] + text
        end = joined.find("\n\n")
        if end < 0:
            self._plain += text
            return ""
        taken = end + 2 - len(self._plain[-1:])
        finished.append(Plain((self._plain + text[:taken]).rstrip("\n")))
        self._plain = None
        return text[taken:]

    def _take_code(self, fence: _OpenFence, text: str, finished: list[Block]) -> str:
        rest = fence.take(text)
        if rest is None:
            return ""
        finished.append(Code(fence.language, fence.shown()))
        self._fence = None
        return rest

    def _take_rows(self, table: _OpenTable, text: str, finished: list[Block]) -> str:
        rest = table.take(text)
        if rest is not None:
            finished.append(Table(table.source))
            self._table = None
            return rest
        if len(table.source) > LONGEST_TABLE and table.is_between_rows:
            finished.append(Table(table.source))
            self._table, self._plain = None, ""
        return ""

    def _take_prose(self, finished: list[Block]) -> str:
        """Cut finished blocks off the tail; returns text that belongs to a block of lines that has just opened."""
        starts = self._starts(self._tail)
        self._tail_starts = None
        fence = next((start for start in starts if start.fence is not None), None)
        if fence is not None:
            finished += self._cut(self._tail[: fence.at], starts[: starts.index(fence)])
            code, self._tail, self._list, self._fence = self._tail[fence.code_at :], "", None, fence.fence
            return code
        kept = [start for start in starts if self._is_settled(start)]
        table = next((start for start in kept if _is_open_table(start, self._tail)), None)
        if table is not None:
            finished += self._cut(self._tail[: table.at], starts[: starts.index(table)])
            head_end = self._tail.index("\n", self._tail.index("\n", table.at) + 1) + 1
            self._table = _OpenTable(self._tail[table.at : head_end])
            rows, self._tail, self._list = self._tail[head_end:], "", None
            return rows
        if len(kept) > 1:
            last = kept[-1]
            finished += self._cut(self._tail[: last.at], kept[:-1])
            self._tail = self._tail[last.at :]
            is_item = last.token.type == "list_item_open" and not last.is_first
            self._list = (last.token.markup, last.number) if is_item else None
        else:
            self._tail_starts = starts
        if _is_too_much(self._tail):
            self._plain, self._tail, self._list = self._tail, "", None
        return ""

    def _is_settled(self, start: _Start) -> bool:
        """Whether nothing that may come can make this start part of the block before it.

        Lines are what Markdown goes by; what stands before the first letter of a line says what the line is. A
        formula whose end is missing may take everything behind it in, up to an empty line.
        """
        end = self._tail.find("\n", start.at)
        line = self._tail[start.at :] if end < 0 else self._tail[start.at : end]
        if end < 0 and (not _LETTER.search(line) or line.lstrip().startswith(("`", "~", "$", "\\"))):
            return False
        before = self._tail[self._tail.rfind("\n\n", 0, start.at) + 1 : start.at]
        opened = _FORMULA.search(before)
        return opened is None or _CLOSES[opened[1]] in before[opened.end() :]

    def _starts(self, text: str) -> list[_Start]:
        """Where blocks begin, in order, up to the first code block whose first line is whole."""
        offsets = [0]
        for line in text.split("\n"):
            offsets.append(offsets[-1] + len(line) + 1)
        found: list[_Start] = []
        number: int | None = None
        is_first = True
        for token in SPLITTER.parse(text):
            if token.nesting < 0 or token.map is None or token.level > 1:
                continue
            at = offsets[token.map[0]]
            if token.level == 1 and token.type == "list_item_open":
                found.append(_Start(at, token, number, is_first))
                number, is_first = None if number is None else number + 1, False
            elif token.level == 0 and token.type in ("bullet_list_open", "ordered_list_open"):
                continues = not found and self._list is not None and self._list[0] == token.markup
                is_first = not continues
                number = None
                if token.type == "ordered_list_open":
                    number = (
                        self._list[1] if continues and self._list is not None else int(token.attrGet("start") or 1)
                    )
                    number = int(token.attrGet("start") or 0) if number is None else number
            elif token.level == 0 and token.type == "fence" and text.find("\n", at) >= 0:
                opening = _FENCE.match(text, at)
                if opening is not None:
                    language = unescapeAll((opening[3].split() or [""])[0])
                    fence = _OpenFence(len(opening[1]), opening[2], language)
                    found.append(_Start(at, token, fence=fence, code_at=opening.end()))
                    return found
                found.append(_Start(at, token))
            elif token.level == 0:
                found.append(_Start(at, token))
        return found

    def _cut(self, text: str, starts: list[_Start]) -> Iterator[Block]:
        """The text cut where its blocks begin; what stands before the first belongs to it."""
        ends = [*(start.at for start in starts[1:]), len(text)]
        begins = [0, *ends[:-1]]
        if not starts:
            if text.strip():
                yield Prose(text)
            return
        for start, begin, end in zip(starts, begins, ends, strict=True):
            part = text[begin:end]
            if _is_too_much(part):
                yield Plain(part.rstrip("\n"))
                continue
            match start.token.type:
                case "list_item_open":
                    yield Item(part, start.number, start.is_first)
                case "table_open":
                    yield Table(part)
                case "math_block":
                    yield Formula(part, start.token.content)
                case _ if part.strip():
                    yield Prose(part)


class _OpenFence:
    """A code block whose end has not come; its lines are looked at once."""

    def __init__(self, indent: int, fence: str, language: str) -> None:
        self.language = language
        self._indent, self._fence = indent, fence
        self._is_closed = False
        self._lines: list[str] = []
        self._partial = ""

    @property
    def partial_close(self) -> bool:
        """Whether the unfinished line may become the closing fence."""
        stripped = self._partial.strip()
        return bool(stripped) and set(stripped) == {self._fence[0]}

    def take(self, text: str) -> str | None:
        """Take lines; the text behind the closing fence once it came, else None."""
        self._partial += text
        *lines, rest = self._partial.split("\n")
        for number, line in enumerate(lines):
            if self._closes(line):
                self._partial, self._is_closed = "", True
                return "\n".join([*lines[number + 1 :], rest])
            self._lines.append(self._unindented(line))
        self._partial = rest
        return None

    def shown(self) -> str:
        """The code so far, without a line that looks like the beginning of the closing fence."""
        lines = (
            self._lines if self.partial_close or self._is_closed else [*self._lines, self._unindented(self._partial)]
        )
        return "\n".join(lines)

    def _closes(self, line: str) -> bool:
        stripped = line.strip()
        is_fence = len(stripped) >= len(self._fence) and set(stripped) == {self._fence[0]}
        return is_fence and len(line) - len(line.lstrip(" ")) <= 3

    def _unindented(self, line: str) -> str:
        spaces = len(line) - len(line.lstrip(" "))
        return line[min(spaces, self._indent) :]


class _OpenTable:
    """A table whose end has not come; each row is looked at once."""

    def __init__(self, head: str) -> None:
        self._head, self.source = head, head
        self._partial = ""

    @property
    def is_between_rows(self) -> bool:
        """Whether the last row is whole."""
        return not self._partial

    def take(self, text: str) -> str | None:
        """Take rows; the text behind the last one once something else came, else None."""
        whole = self.source[: len(self.source) - len(self._partial)]
        *lines, rest = (self._partial + text).split("\n")
        for number, line in enumerate(lines):
            if not self._is_row(line):
                self.source, self._partial = whole, ""
                return "\n".join([*lines[number:], rest])
            whole += line + "\n"
        self.source, self._partial = whole + rest, rest
        return None

    def _is_row(self, line: str) -> bool:
        tokens = SPLITTER.parse(self._head + line)
        return tokens[0].map == [0, 3] and tokens[-1].type == "table_close"


def _is_too_much(source: str) -> bool:
    return len(source) > LONGEST_PROSE or source.count("[") > MOST_BRACKETS


def _is_open_table(start: _Start, text: str) -> bool:
    return start.token.type == "table_open" and text.count("\n", start.at) >= 2


def blocks(text: str) -> Iterator[Prose | Code | Plain]:
    """The top-level blocks of a whole text, lists and tables among the prose."""
    stream = BlockStream()
    listed: list[str] = []
    for block in (*stream.push(text).finished, *stream.finish().finished):
        if listed and not (isinstance(block, Item) and not block.is_first):
            yield Prose("".join(listed))
            listed.clear()
        match block:
            case Item(source):
                listed.append(source)
            case Table(source) | Formula(source):
                yield Prose(source)
            case _:
                yield block
    if listed:
        yield Prose("".join(listed))
