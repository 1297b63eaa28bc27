"""Where code, autolinks and addresses of links stand in a paragraph: what comes first counts (CommonMark 0.31, 6).

One pass over the source as it stands in a document, with the signs of quotes at the beginnings of lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass

from markdown_it.common.utils import normalizeReference

DEEPEST = 32  # brackets in an address without angle brackets

_SPECIAL = re.compile(r"[\\`<\[\]]")
_TICKS = re.compile(r"`+")
_AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^\s<>]*>", re.IGNORECASE)
_GAP = re.compile(r"[ \t]*(?:\n[ \t>]*)?")
_ANGLED = re.compile(r"<(?:[^<>\\\n]|\\.)*>", re.DOTALL)
_LABEL = re.compile(r"\[(?:[^\[\]\\]|\\.){0,999}\]", re.DOTALL)
_TITLE = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\((?:[^()\\]|\\.)*\)', re.DOTALL)
_IN_ADDRESS = re.compile(r"\\[!-~]|[()\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Code:
    """A code span with its ticks."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Autolink:
    """An address with the angle brackets that make it a link."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Target:
    """What stands behind the text of a link: round brackets, an address (perhaps in angle brackets), a title."""

    start: int
    end: int


Span = Code | Autolink | Target


def inline_spans(paragraph: str, references: Container[str]) -> Iterator[Span]:
    """The spans in order; `references` are the labels that are defined, normalised."""
    ticks: dict[int, list[int]] = defaultdict(list)  # by length: where runs begin
    for run in _TICKS.finditer(paragraph):
        ticks[run.end() - run.start()].append(run.start())
    openers: list[int] = []  # brackets that are open
    texts = 0  # of the openers, those around a link: no link can begin there
    at = 0
    while (found := _SPECIAL.search(paragraph, at)) is not None:
        start, at = found.start(), found.end()
        match found[0]:
            case "\\":
                at += 1
            case "`":
                at = _TICKS.match(paragraph, start).end()  # type: ignore[union-attr]  # there is one at least
                closing = ticks[at - start]
                number = bisect_left(closing, at)
                if number < len(closing):
                    at = closing[number] + at - start
                    yield Code(start, at)
            case "<":
                if (link := _AUTOLINK.match(paragraph, start)) is not None:
                    at = link.end()
                    yield Autolink(start, at)
            case "[":
                openers.append(start)
            case _ if openers:
                opener = openers.pop()
                if len(openers) < texts:
                    texts = len(openers)
                elif (target := _target(paragraph, at)) is not None:
                    texts, at = len(openers), target.end
                    yield target
                elif (end := _referred(paragraph, opener, at, references)) is not None:
                    texts, at = len(openers), end


def _target(paragraph: str, at: int) -> Target | None:
    """What begins at `at`, if it makes the text before it a link."""
    if not paragraph.startswith("(", at):
        return None
    begin = _GAP.match(paragraph, at + 1).end()  # type: ignore[union-attr]  # it matches nothing as well
    if paragraph.startswith("<", begin):
        angled = _ANGLED.match(paragraph, begin)
        end = None if angled is None else angled.end()
    else:
        end = _end_of_address(paragraph, begin)
    if end is None:
        return None
    close = _GAP.match(paragraph, end).end()  # type: ignore[union-attr]
    if close > end and (title := _TITLE.match(paragraph, close)) is not None:
        close = _GAP.match(paragraph, title.end()).end()  # type: ignore[union-attr]
    return Target(at, close + 1) if paragraph.startswith(")", close) else None


def _end_of_address(paragraph: str, begin: int) -> int | None:
    depth = 0
    for found in _IN_ADDRESS.finditer(paragraph, begin):
        if found[0] == "(":
            depth += 1
            if depth > DEEPEST:
                return None
        elif found[0] == ")" and depth:
            depth -= 1
        elif len(found[0]) == 1:
            return found.start() if depth == 0 else None
    return None


def _referred(paragraph: str, opener: int, at: int, references: Container[str]) -> int | None:
    """Where a link ends whose address is defined elsewhere; None: the brackets before `at` make none."""
    label = _LABEL.match(paragraph, at)
    name = paragraph[opener + 1 : at - 1] if label is None or label[0] == "[]" else label[0][1:-1]
    if len(name) > 999 or normalizeReference(name) not in references:
        return None
    return at if label is None else label.end()
