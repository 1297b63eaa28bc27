"""Text of strangers inside a Markdown file: it shows what it says, and nothing in it is run, loaded or left open.

HTML outside of code is escaped, since many readers run it; images become links, since most load them unasked.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it import MarkdownIt

_blocks = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("table").disable("inline")
_TAG_OR_IMAGE = re.compile(r"(?<!\\)(?P<slashes>(?:\\\\)*)(?P<mark><(?=[A-Za-z/!?])|!(?=\[))")
# What begins an HTML block even inside of a code span; the lines of one can be joined, and it shows the same.
_TAG_AT_LINE = re.compile(r"\n(?:[ \t]*>[ \t]?)*(?P<indent>[ \t]*)(?=<[A-Za-z/!?])")
_AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^\s<>]*>", re.IGNORECASE)
_TICKS = re.compile(r"`+")


def inert(text: str) -> str:
    """The text with HTML and images outside of code escaped, so that Markdown shows them as they were typed."""
    lines = text.split("\n")
    blocks: dict[int, tuple[int, Callable[[str], str]]] = {}  # by first line: the line behind it, and how it is read
    for token in _blocks.parse(text):
        if token.map is not None and token.type in _READ_AS:
            blocks[token.map[0]] = (token.map[1], _READ_AS[token.type])
    written: list[str] = []
    at = 0
    while at < len(lines):
        end, read = blocks.get(at, (at + 1, _escaped))
        written.append(read("\n".join(lines[at:end])))
        at = max(end, at + 1)
    return "\n".join(written)


def fenced(code: str, language: str) -> str:
    """Code in a fence that is longer than any inside."""
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(code)), default=0))
    return f"{fence}{language}\n{code.rstrip(chr(10))}\n{fence}"


def closed(text: str) -> str:
    """The text with a fence that was left open closed, so that it cannot swallow what follows."""
    fence = ""
    for line in text.splitlines():
        stripped = line.lstrip(" ")
        mark = stripped[:1]
        if mark not in ("`", "~") or len(line) - len(stripped) > 3:
            continue
        run = stripped[: len(stripped) - len(stripped.lstrip(mark))]
        if not fence and len(run) >= 3 and not (mark == "`" and "`" in stripped[len(run) :]):
            fence = run
        elif fence and mark == fence[0] and len(run) >= len(fence) and not stripped[len(run) :].strip():
            fence = ""
    return f"{text}\n{fence}" if fence else text


def _inert_prose(paragraph: str) -> str:
    """A paragraph with everything but its code spans escaped (CommonMark 0.31, section 6.1)."""
    runs = [(found.start(), found.end()) for found in _TICKS.finditer(paragraph)]
    last = {end - start: start for start, end in runs}  # where the last run of each length begins
    written: list[str] = []
    done = number = 0
    while number < len(runs):
        start, end = runs[number]
        number += 1
        if _is_escaped(paragraph, start):
            start += 1
        length = end - start
        if length and last.get(length, -1) >= end:
            while runs[number][1] - runs[number][0] != length:
                number += 1
            closing = runs[number][1]
            code = _TAG_AT_LINE.sub(r" \g<indent>", paragraph[start:closing])
            written += [_escaped(paragraph[done:start]), code]
            done, number = closing, number + 1
    return "".join([*written, _escaped(paragraph[done:])])


def _is_escaped(text: str, at: int) -> bool:
    before = at
    while before and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _inert_table(table: str) -> str:
    """A table cell by cell, since code does not reach over their borders."""
    return "|".join(_inert_prose(cell) for cell in table.split("|"))


def _escaped(text: str) -> str:
    """Every tag and image with a backslash before it; addresses in angle brackets stay links."""
    written: list[str] = []
    done = 0
    for link in _AUTOLINK.finditer(text):
        written += [_TAG_OR_IMAGE.sub(r"\g<slashes>\\\g<mark>", text[done : link.start()]), link[0]]
        done = link.end()
    return "".join([*written, _TAG_OR_IMAGE.sub(r"\g<slashes>\\\g<mark>", text[done:])])


_READ_AS: dict[str, Callable[[str], str]] = {
    "fence": str,
    "code_block": str,
    "paragraph_open": _inert_prose,
    "heading_open": _inert_prose,
    "table_open": _inert_table,
}
