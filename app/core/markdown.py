"""Markdown as it streams: finished top-level blocks are handed out once, only the last one is parsed again.

Blocks become HTML of the small subset that Qt's labels show. HTML in the text stays text, images are never loaded.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

LONGEST_PROSE = 12_000  # characters of one block; a longer one is shown as plain text (parsing it takes > 10 ms)
_HEADING_SIZES = {"h1": 22, "h2": 19, "h3": 17, "h4": 16, "h5": 15, "h6": 15}
CHUNK = 4_000  # characters parsed at once, so that many blocks in one push stay linear
SAFE_SCHEMES = ("http://", "https://", "mailto:")
_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})([^\n]*)(?:\n|$)")


@dataclass(frozen=True, slots=True)
class Prose:
    """Anything but code: paragraphs, lists, tables, ..., as Markdown."""

    source: str


@dataclass(frozen=True, slots=True)
class Code:
    """A fenced code block."""

    language: str
    source: str


@dataclass(frozen=True, slots=True)
class Plain:
    """Text that is too long for Markdown."""

    source: str


Block = Prose | Code | Plain


@dataclass(frozen=True, slots=True)
class Change:
    """What a push did: `finished` blocks replace the open one of before, `open` is the new open one.

    When the open block is the same as before and only grew, by `appended`, `open` is None.
    """

    finished: tuple[Block, ...]
    open: Block | None
    appended: str | None = None


class BlockStream:
    """Splits a text that arrives in parts into top-level Markdown blocks."""

    def __init__(self) -> None:
        self._tail = ""  # prose since the last finished block
        self._fence: _OpenFence | None = None
        self._plain: str | None = None

    def push(self, text: str) -> Change:
        """Take more text; returns which blocks are finished now and which one is open."""
        finished: list[Block] = []
        was = self._identity()
        for start in range(0, len(text), CHUNK):
            self._take(text[start : start + CHUNK], finished)
        if not finished and was is not None and self._identity() == was:
            return Change((), None, text)
        return Change(tuple(finished), self._open_block())

    def finish(self) -> Block | None:
        """The last block, now that no more text will come."""
        block = self._open_block()
        self._tail, self._fence, self._plain = "", None, None
        return block

    def _identity(self) -> object:
        """Something equal before and after a push when the open block can just be appended to."""
        if self._plain is not None:
            return "plain"
        return None if self._fence is None or self._fence.partial_close else self._fence.key

    def _open_block(self) -> Block | None:
        if self._plain is not None:
            return Plain(self._plain)
        if self._fence is not None:
            return Code(self._fence.language, self._fence.shown())
        return Prose(self._tail) if self._tail.strip() else None

    def _take(self, text: str, finished: list[Block]) -> None:
        while text:
            if self._plain is not None:
                text = self._take_plain(text, finished)
            elif self._fence is not None:
                text = self._take_code(text, finished)
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

    def _take_code(self, text: str, finished: list[Block]) -> str:
        assert self._fence is not None
        rest = self._fence.take(text)
        if rest is None:
            return ""
        finished.append(Code(self._fence.language, self._fence.shown()))
        self._fence = None
        return rest

    def _take_prose(self, finished: list[Block]) -> str:
        """Cut finished blocks off the tail; returns text that belongs to a code block that has just opened."""
        starts = _block_starts(self._tail)
        for start, end, fence in starts:
            if fence is not None:
                finished += [Prose(part) for part in _cut(self._tail[:start], starts[:-1])]
                code, self._tail, self._fence = self._tail[end:], "", fence
                return code
        if len(starts) > 1:
            last = starts[-1][0]
            finished += [Prose(part) for part in _cut(self._tail[:last], starts[:-1])]
            self._tail = self._tail[last:]
        if len(self._tail) > LONGEST_PROSE:
            self._plain, self._tail = self._tail, ""
        return ""


class _OpenFence:
    """A code block whose end has not come; its lines are looked at once."""

    def __init__(self, indent: int, fence: str, language: str) -> None:
        self.language = language
        self.key = object()
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


_parser = MarkdownIt("gfm-like", {"html": False, "linkify": True, "maxNesting": 20})
_splitter = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("table").disable("inline")


def _block_starts(text: str) -> list[tuple[int, int, _OpenFence | None]]:
    """Start and end of each top-level block, up to the first fence, whose end is where its code begins."""
    offsets = [0]
    for line in text.split("\n"):
        offsets.append(offsets[-1] + len(line) + 1)
    found: list[tuple[int, int, _OpenFence | None]] = []
    for token in _splitter.parse(text):
        if token.level != 0 or token.map is None or token.nesting < 0:
            continue
        start, end = offsets[token.map[0]], min(offsets[token.map[1]], len(text))
        if token.type == "fence":
            opening = _FENCE.match(text, start)
            if opening is not None and text.find("\n", start) >= 0:
                language = (opening[3].split() or [""])[0]
                fence = _OpenFence(len(opening[1]), opening[2], language)
                found.append((start, opening.end(), fence))
                return found
        found.append((start, end, None))
    return found


def _cut(text: str, starts: Sequence[tuple[int, int, object]]) -> list[str]:
    """The text cut where its blocks begin; what stands before the first belongs to it."""
    bounds = [0, *(start for start, _, _ in starts[1:]), len(text)]
    parts = [text[a:b] for a, b in itertools.pairwise(bounds)]
    return [part for part in parts if part.strip()]


def prose_html(source: str, colors: Mapping[str, str]) -> str:
    """Markdown prose as HTML for a Qt label, in a theme's colours."""
    tokens = _parser.parse(source)
    return str(QtRenderer(colors).render(tokens, _parser.options, {}))


def visible(text: str) -> str:
    """The text with direction overrides and other invisible characters spelt out, for code and link targets."""
    return "".join(
        f"⟨U+{ord(letter):04X}⟩" if unicodedata.category(letter) in ("Cf", "Co", "Cn") else letter for letter in text
    )


class SafeRenderer(RendererHTML):
    """What every rendering of a stranger's Markdown keeps: nothing is loaded, only safe addresses are links."""

    link_attributes = ""  # of every link, behind its address

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Never loaded: the description and the address as text."""
        token = tokens[idx]
        described = token.content or "image"
        return escape(f"[{described}] ({visible(str(token.attrGet('src') or ''))})")

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Only addresses that a browser or mail program opens."""
        target = str(tokens[idx].attrGet("href") or "")
        if not target.lower().startswith(SAFE_SCHEMES):
            return "<span>"
        return f'<a href="{escape(visible(target))}"{self.link_attributes}>'

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Closes what `link_open` opened."""
        opened = next(t for t in reversed(tokens[:idx]) if t.type == "link_open" and t.level == tokens[idx].level)
        is_safe = str(opened.attrGet("href") or "").lower().startswith(SAFE_SCHEMES)
        return "</a>" if is_safe else "</span>"

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Text, with the box of a task-list item drawn."""
        content = tokens[idx].content
        if idx == 0 and content[:4] in ("[ ] ", "[x] ", "[X] "):
            content = ("☐ " if content[1] == " " else "☑ ") + content[4:]
        return escape(content)


class QtRenderer(SafeRenderer):
    """HTML of Qt's subset (doc.qt.io, Supported HTML Subset) in a theme's colours."""

    def __init__(self, colors: Mapping[str, str]) -> None:
        super().__init__()
        self._colors = colors
        self.link_attributes = f' style="color: {colors["link"]}; text-decoration: underline;"'

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """On the code ground, invisible characters shown."""
        ground = self._colors["code_background"]
        style = f"font-family: monospace; background-color: {ground};"
        return f'<span style="{style}">{escape(visible(tokens[idx].content))}</span>'

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Indented code, and fences inside lists and quotes."""
        ground = self._colors["code_background"]
        code = escape(visible(tokens[idx].content.rstrip("\n")))
        return (
            f'<table width="100%" cellpadding="8" bgcolor="{ground}"><tr><td>'
            f'<pre style="font-family: monospace;">{code}</pre></td></tr></table>'
        )

    fence = code_block

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Thin lines around the cells."""
        line = self._colors["border"]
        style = f"border-collapse: collapse; border-color: {line};"
        return f'<table border="1" cellspacing="0" cellpadding="6" style="{style}">'

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A cell with a border of its own, aligned as its column is."""
        token = tokens[idx]
        style = f"{token.attrGet('style') or ''}; border: 1px solid {self._colors['border']}; padding: 6px 10px;"
        return f'<{token.tag} style="{escape(style)}">'

    th_open = td_open

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A little larger than the text; Qt's own sizes shout."""
        return f'<p style="font-size: {_HEADING_SIZES[tokens[idx].tag]}px; font-weight: 600;">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Closes what `heading_open` opened."""
        return "</p>"

    def bullet_list_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Nearer to the margin than Qt would put it."""
        return f'<{tokens[idx].tag}{self.renderAttrs(tokens[idx])} style="margin-left: -14px;">'

    ordered_list_open = bullet_list_open

    def blockquote_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A bar at the left; Qt knows no border on one side of a block."""
        return (
            f'<table cellspacing="0" cellpadding="0"><tr><td width="3" bgcolor="{self._colors["border"]}"></td>'
            f'<td style="padding-left: 12px; color: {self._colors["text_muted"]};">'
        )

    def blockquote_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Closes what `blockquote_open` opened."""
        return "</td></tr></table>"
