"""JSON objects of a file of any size, one at a time: an array of them, one alone, one a line, or one after another.

The items of an array are cut out by their brackets and parsed each by itself, so that memory is bounded by the
largest of them, and one that is broken or too large is skipped and told while the others are read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from app.core.imported import ImportedConversation
from app.core.importers.importer import Sample, Skipped, Source
from app.core.importers.lenient import text

HEAD_BYTES = 256 << 10  # enough for the keys by which formats are told
RECORD_BYTES = 256 << 20  # one conversation; with pictures inside it may be large
RECORD_VALUES = 4_000_000  # strings, objects and arrays of one conversation: about 1 GB of Python objects at worst
_CHUNK_BYTES = 1 << 20
_SAMPLED = 5

_BETWEEN_BRACKETS = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_NOT_SPACE = re.compile(rb"[^\s]")
_CUT = re.compile(rb'["{}\[\],]')
_OPENING, _CLOSING, _QUOTE, _BACKSLASH = b"{[", b"}]", ord('"'), ord("\\")
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


class ParseError(ValueError):
    """A text is not JSON that can be read; the message ends the sentence “it is …”."""


def conversations(
    source: Source,
    skipped: Skipped,
    conversation: Callable[[Source, dict[str, Any], Skipped], ImportedConversation | None],
) -> Iterator[ImportedConversation]:
    """What `conversation` makes of every object of the file; it tells those of which it makes nothing."""
    for entry in records(source, skipped):
        made = conversation(source, entry, skipped)
        if made is not None:
            yield made
        else:
            skipped.add(f"{source.name}: “{text(entry.get('title')):.60}” has no messages.")


def records(source: Source, skipped: Skipped, *, within: str | None = None) -> Iterator[dict[str, Any]]:
    """Every JSON object of the file; `within` names the key of a surrounding object whose array holds them."""
    raw = _lines(source, skipped) if within is None and _has_lines(source) else _items(source, skipped, within)
    for number, item in enumerate(raw, 1):
        try:
            value = parse(item)
        except ParseError as error:
            skipped.add(f"{source.name}: entry {number} was skipped because it is {error}.")
            continue
        if isinstance(value, dict):
            yield value
        else:
            skipped.add(f"{source.name}: entry {number} was skipped because it is not an object.")


def parse(raw: bytes) -> Any:
    """One JSON value; broken UTF-8 and lone surrogates become “\N{REPLACEMENT CHARACTER}”, infinities and NaN None.

    Raises `ParseError`.
    """
    written = raw.decode("utf-8", "replace")
    if (b"\\ud" in raw or b"\\uD" in raw) and _LONE_SURROGATE.search(raw):
        written = _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], written)
    try:
        return json.loads(written, parse_constant=lambda _: None, parse_float=_finite)
    except RecursionError as error:
        raise ParseError("nested too deeply") from error
    except ValueError as error:
        raise ParseError(f"not valid JSON ({error})") from error


def sample(head: bytes) -> Sample:
    """What the first bytes of a file show: values that are cut off are left out, so that the rest can be parsed."""
    start = _start(head)
    if head[start : start + 1] not in (b"{", b"["):
        return Sample(head, ())
    line, newline, _ = head[start:].partition(b"\n")
    shown = [_parsed(line)] if newline else [None]
    if not isinstance(shown[0], dict):
        shown = [_parsed(_closed(head[start:]))]
    if isinstance(shown[0], list):
        shown = shown[0]
    return Sample(head, tuple(one for one in shown if isinstance(one, dict))[:_SAMPLED])


def _finite(written: str) -> float | None:
    found = float(written)
    return found if math.isfinite(found) else None


def _parsed(raw: bytes) -> Any:
    try:
        return parse(raw)
    except ParseError:
        return None


def _closed(head: bytes) -> bytes:
    """JSON that was cut off, shortened to its last whole value and closed; what follows a first value is dropped."""
    stack: list[int] = []
    whole, at = 0, 0
    while found := _CUT.search(head, at):
        at, mark = found.end(), head[found.start()]
        if mark == _QUOTE:
            at = _end_of(_STRING_REST, head, at) + 1
            continue
        if mark in _OPENING:
            stack.append(mark + 2)  # "{" and "}", "[" and "]" are two apart
        elif mark in _CLOSING and stack:
            stack.pop()
        whole = found.start() if mark == ord(",") else at
        if not stack:
            break
    return head[:whole] + bytes(reversed(stack))


def _start(head: bytes) -> int:
    """Where the first value begins: behind a byte order mark and spaces."""
    mark = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    found = _NOT_SPACE.search(head, mark)
    return found.start() if found else len(head)


def _has_lines(source: Source) -> bool:
    """Whether the first line is an object of its own and not all of the file."""
    with source.open() as stream:
        line = stream.readline(HEAD_BYTES)
        return line.endswith(b"\n") and isinstance(_parsed(line[_start(line) :]), dict) and bool(stream.read(1))


def _lines(source: Source, skipped: Skipped) -> Iterator[bytes]:
    with source.open() as stream:
        first = True
        while line := stream.readline(RECORD_BYTES + 1):
            if len(line) > RECORD_BYTES:
                while line and not line.endswith(b"\n"):
                    line = stream.readline(_CHUNK_BYTES)
                skipped.add(_too_large(source))
            elif written := line[_start(line) :].strip() if first else line.strip():
                yield written
            first = False


def _items(source: Source, skipped: Skipped, within: str | None) -> Iterator[bytes]:
    """The raw objects and arrays inside the file's array, inside the array under the key `within`, or at its top."""
    with source.open() as stream:
        chunk = stream.read(_CHUNK_BYTES)
        start = _start(chunk)
        if within is not None:
            array = re.search(rb'"%s"\s*:\s*\[' % re.escape(within.encode()), chunk)
            if array is None:
                return
            start = array.end() - 1
        cutter = _Cutter(base=1 if chunk[start : start + 1] == b"[" else 0)
        chunk = chunk[start:]
        while chunk and not cutter.is_done:
            for item in cutter.items(chunk):
                if item is None:
                    skipped.add(_too_large(source))
                else:
                    yield item
            chunk = stream.read(_CHUNK_BYTES)
        if cutter.is_done and within is None and _says_more(cutter.left, chunk, stream=stream):
            skipped.add(f"{source.name} goes on behind the end of its array; that was skipped.")
        if cutter.is_inside:
            skipped.add(f"{source.name} ends in the middle of an entry, which was skipped.")


def _says_more(*parts: bytes, stream: BinaryIO) -> bool:
    """Whether there is anything but spaces in the parts and in what is left of the file, all of which is read."""
    more = any(part.strip() for part in parts)
    while chunk := stream.read(_CHUNK_BYTES):
        more = more or bool(chunk.strip())
    return more


class _Cutter:
    """Finds where items begin and end by counting brackets outside of strings; `base` is the depth around them."""

    def __init__(self, *, base: int) -> None:
        self.is_inside = False  # of an item
        self.is_done = False  # the array around the items was closed
        self.left = b""  # what lies behind it in the same piece
        self._base, self._depth = base, 0
        self._in_string = False
        self._carried = b""
        self._parts: list[bytes] = []
        self._size_bytes = self._values = 0

    def items(self, chunk: bytes) -> Iterator[bytes | None]:
        """The items that end in the next piece of the file; None for one past the limits."""
        data = self._carried + chunk
        at = begin = 0
        while at < len(data):
            if self._in_string:
                at = _end_of(_STRING_REST, data, at)
                if data[at : at + 1] != b'"':  # the piece ends here, or with a backslash that the next one explains
                    break
                self._in_string, at = False, at + 1
                continue
            at = _end_of(_BETWEEN_BRACKETS, data, at)
            mark = data[at : at + 1]
            if mark == b'"':
                self._in_string = True
            elif mark in (b"{", b"["):
                if self._depth == self._base:
                    self.is_inside, begin = True, at
                self._depth += 1
            elif mark:
                self._depth -= 1
                if self._depth < self._base:
                    self.is_done, self.left = True, data[at + 1 :]
                    return
                if self._depth == self._base:
                    self._take(data[begin : at + 1])
                    yield self._finished()
            at += len(mark)
        if self.is_inside:
            self._take(data[begin:at])
        self._carried = data[at:]

    def _take(self, part: bytes) -> None:
        self._size_bytes += len(part)
        self._values += part.count(b'"') // 2 + part.count(b"{") + part.count(b"[")
        self._parts.append(part)
        if self._is_too_large():
            self._parts.clear()

    def _finished(self) -> bytes | None:
        item = None if self._is_too_large() else b"".join(self._parts)
        self._parts, self._size_bytes, self._values, self.is_inside = [], 0, 0, False
        return item

    def _is_too_large(self) -> bool:
        return self._size_bytes > RECORD_BYTES or self._values > RECORD_VALUES


def _end_of(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Where a pattern that also matches nothing stops matching."""
    found = pattern.match(data, at)
    return found.end() if found else at


def _too_large(source: Source) -> str:
    return f"{source.name}: an entry of more than {RECORD_BYTES >> 20} MB or {RECORD_VALUES} values was skipped."
