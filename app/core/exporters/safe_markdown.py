"""Text of strangers inside a Markdown file: it shows what it says, and nothing in it is run, loaded or left open.

HTML outside of code is escaped, since many readers run it; images become links, since most load them unasked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt

from app.core.exporters.inline_spans import Autolink, Code, Target, inline_spans

LONGEST_PARAGRAPH = 10_000  # letters; of longer ones code is escaped as well, so that no text takes forever

_blocks = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("table").disable("inline")
_TAG = r"<(?!https?:|mailto:)(?=[A-Za-z/!?])"
_TAG_OR_IMAGE = re.compile(rf"(?<!\\)(?P<slashes>(?:\\\\)*)(?P<mark>{_TAG}|!(?=\[))", re.IGNORECASE)
_FIRST_OF_TAG = re.compile(rf"(?<=<){_TAG[1:]}.", re.IGNORECASE)
# What begins an HTML block even inside of a code span; the lines of one can be joined, and it shows the same.
_TAG_AT_LINE = re.compile(r"\n(?:[ \t]*>[ \t]?)*(?P<indent>[ \t]*)(?=<[A-Za-z/!?])")
_ANGLED_ADDRESS = re.compile(r"\][(:][\s>]*<")
_FENCE_AT_LINE = re.compile(r"^[ \t>]*```", re.MULTILINE)
_TICKS = re.compile(r"`+")
_TICK = "&#96;"
_LABEL_WITH_TICK = re.compile(r"[^\[]*\[(?:[^\]\\`]|\\.)*`", re.DOTALL)
_CELL_BORDER = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class _Whole:
    """What holds for every block of a text: the labels that are defined, and how its prose is escaped."""

    references: Container[str]
    escaped: Callable[[str], str]


_Inert = Callable[[str, _Whole], str]


def inert(text: str) -> str:
    """The text with HTML and images outside of code escaped, so that Markdown shows them as they were typed.

    Links stay what they are.
    """
    lines = text.split("\n")
    env: dict[str, Any] = {}
    blocks: dict[int, tuple[int, _Inert]] = {}  # by first line: the line behind it, and how it is read
    for token in _blocks.parse(text, env):
        if token.map is not None and token.type in _READ_AS:
            blocks[token.map[0]] = (token.map[1], _READ_AS[token.type])
    references = env.get("references", {})
    for definition in (*references.values(), *env.get("duplicate_refs", ())):
        first, behind = definition["map"]
        blocks[first] = (behind, _inert_definition)
    whole = _Whole(references, _escaped if _ANGLED_ADDRESS.search(text) is None else _without_letters)
    written: list[str] = []
    at = 0
    while at < len(lines):
        end, read = blocks.get(at, (at + 1, _inert_prose))
        written.append(read("\n".join(lines[at:end]), whole))
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


def _inert_prose(paragraph: str, whole: _Whole) -> str:
    """A paragraph with everything but its code spans and autolinks escaped.

    Behind the text of a link no tick is left: readers may disagree whether it is a link, and where code begins then.
    """
    if _TAG_OR_IMAGE.search(paragraph) is None:
        return paragraph
    if len(paragraph) > LONGEST_PARAGRAPH or _FENCE_AT_LINE.search(paragraph) is not None:
        return whole.escaped(paragraph)  # without one of its ticks a line might begin a fence
    written: list[str] = []
    done = 0
    for span in inline_spans(paragraph, whole.references):
        written.append(whole.escaped(paragraph[done : span.start]))
        source = paragraph[span.start : span.end]
        match span:
            case Code():
                written.append(_TAG_AT_LINE.sub(r" \g<indent>", source))
            case Autolink():
                written.append(source.replace("`", "%60"))
            case Target():
                written.append(whole.escaped(source).replace("`", _TICK))
        done = span.end
    return "".join([*written, whole.escaped(paragraph[done:])])


def _inert_definition(definition: str, whole: _Whole) -> str:
    """What a label stands for; one with ticks in the label is none any more, since readers disagree about them."""
    if _LABEL_WITH_TICK.match(definition) is not None:
        definition = definition.replace("`", _TICK).replace("[", "\\[", 1)
    return whole.escaped(definition)


def _inert_table(table: str, whole: _Whole) -> str:
    """A table cell by cell, since code does not reach over their borders."""
    return "|".join(_inert_prose(cell, whole) for cell in _CELL_BORDER.split(table))


def _escaped(text: str) -> str:
    """Every tag and image with a backslash before it."""
    return _TAG_OR_IMAGE.sub(r"\g<slashes>\\\g<mark>", text)


def _without_letters(text: str) -> str:
    """Every tag with an entity for its first letter, so that an angle bracket still says what is an address."""
    return _escaped(_FIRST_OF_TAG.sub(lambda letter: f"&#{ord(letter[0])};", text))


def _as_it_is(code: str, _whole: _Whole) -> str:
    return code


_READ_AS: dict[str, _Inert] = {
    "fence": _as_it_is,
    "code_block": _as_it_is,
    "paragraph_open": _inert_prose,
    "heading_open": _inert_prose,
    "table_open": _inert_table,
}
