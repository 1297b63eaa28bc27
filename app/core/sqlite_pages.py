"""Reads the rows of an SQLite file from its pages, without SQLite, so that damage costs only the rows it has hit.

Follows https://www.sqlite.org/fileformat.html (sections 1.3 to 2.1 and 4.1). Every leaf page of every table is looked
at, so that neither a lost header nor a lost inner page hides rows. Changes that lie in the log beside the file count.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"SQLite format 3\0"
PAGE_BYTES = 4096  # SQLite's default, which Fireside leaves as it is
MOST_COLUMNS = 64
TABLE_LEAF = 0x0D

Value = int | float | str | bytes | None


class UnreadableError(ValueError):
    """A row whose bytes make no sense."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row lies, its number, and the kinds of its columns: N null, I integer, F float, T text, B bytes."""

    page: int
    cell: int
    rowid: int
    kinds: str


class SqlitePages:
    """An SQLite file and its log, open for reading. Raises OSError when the file cannot be read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        log = path.with_name(f"{path.name}-wal")
        self._log = log.open("rb") if log.is_file() else None
        self._size_bytes = self._file.seek(0, 2)
        self._file.seek(0)
        header = self._file.read(100)
        log_header = self._log.read(32) if self._log else b""
        has_header = header.startswith(MAGIC) and len(header) == 100
        self.page_bytes = _page_bytes(struct.unpack_from(">H", header, 16)[0] if has_header else 0, log_header)
        self._usable = self.page_bytes - (header[20] if has_header and header[20] < 64 else 0)
        self._in_log = self._logged_pages(log_header)
        self.pages = max([self._size_bytes // self.page_bytes, *self._in_log])
        self._free = self._free_pages()
        self.unreadable_rows = 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        if self._log is not None:
            self._log.close()

    def rows(self) -> Iterator[Row]:
        """Every row of every table that can be made out, by page."""
        for number in range(1, self.pages + 1):
            if number in self._free:
                continue
            page = self._page(number)
            start = 100 if number == 1 else 0
            if len(page) < self.page_bytes or page[start] != TABLE_LEAF:
                continue
            (count,) = struct.unpack_from(">H", page, start + 3)
            for cell in range(min(count, (self.page_bytes - start - 8) // 2)):
                try:
                    (at,) = struct.unpack_from(">H", page, start + 8 + 2 * cell)
                    rowid, payload, _ = self._payload(page, at, whole=False)
                    types, _ = _column_types(payload)
                    yield Row(number, at, rowid, "".join(map(_kind, types)))
                except (UnreadableError, IndexError, struct.error):
                    self.unreadable_rows += 1

    def values(self, row: Row) -> list[Value]:
        """The columns of a row. Raises `UnreadableError` where damage has hit them."""
        try:
            _, payload, is_whole = self._payload(self._page(row.page), row.cell, whole=True)
            types, at = _column_types(payload)
            if not is_whole:
                raise UnreadableError("the chain of its pages is broken")
            values: list[Value] = []
            for one in types:
                value, at = _value(one, payload, at)
                values.append(value)
        except (IndexError, struct.error) as error:
            raise UnreadableError(str(error)) from error
        return values

    def _page(self, number: int) -> bytes:
        if number in self._in_log and self._log is not None:
            self._log.seek(self._in_log[number])
            return self._log.read(self.page_bytes)
        self._file.seek((number - 1) * self.page_bytes)
        return self._file.read(self.page_bytes)

    def _payload(self, page: bytes, at: int, *, whole: bool) -> tuple[int, bytes, bool]:
        """A cell's rowid, its bytes with (`whole`) those of its overflow pages, and whether all are there."""
        size, at = _varint(page, at)
        rowid, at = _varint(page, at)
        rowid -= (rowid & 1 << 63) << 1
        usable = self._usable
        local = size
        if size > usable - 35:
            least = (usable - 12) * 32 // 255 - 23
            local = least + (size - least) % (usable - 4)
            local = local if local <= usable - 35 else least
        if size > self._size_bytes + len(self._in_log) * self.page_bytes or at + local > len(page):
            raise UnreadableError("longer than the file")
        content = page[at : at + local]
        if local == size or not whole:
            return rowid, content, local == size
        pieces, missing = [content], size - local
        (following,) = struct.unpack_from(">I", page, at + local)
        while missing > 0:
            if not 0 < following <= self.pages:
                return rowid, b"".join(pieces), False
            overflow = self._page(following)
            (following,) = struct.unpack_from(">I", overflow, 0)
            pieces.append(overflow[4 : 4 + min(missing, usable - 4)])
            missing -= usable - 4
        return rowid, b"".join(pieces), True

    def _logged_pages(self, header: bytes) -> dict[int, int]:
        """Where the newest committed state of each page lies in the log."""
        if self._log is None or len(header) < 32 or header[:4] not in (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"):
            return {}
        committed: dict[int, int] = {}
        pending: dict[int, int] = {}
        at = 32
        while True:
            self._log.seek(at)
            frame = self._log.read(24)
            if len(frame) < 24 or frame[8:16] != header[16:24]:
                return committed
            number, database_pages = struct.unpack_from(">II", frame)
            pending[number] = at + 24
            at += 24 + self.page_bytes
            if database_pages and self._log.seek(0, 2) >= at:
                committed.update(pending)
                pending.clear()

    def _free_pages(self) -> set[int]:
        """The pages that hold nothing any more: what was deleted must not come back."""
        first = self._page(1)
        if not first.startswith(MAGIC) or len(first) < 100:
            return set()
        (trunk,) = struct.unpack_from(">I", first, 32)
        free: set[int] = set()
        while 0 < trunk <= self.pages and trunk not in free:
            page = self._page(trunk)
            if len(page) < self.page_bytes:
                break
            following, count = struct.unpack_from(">II", page)
            if count > self.page_bytes // 4 - 2:
                break
            free.add(trunk)
            free.update(struct.unpack_from(f">{count}I", page, 8))
            trunk = following
        return free


def _page_bytes(in_header: int, log_header: bytes) -> int:
    """The size of a page as the file says (1 means 65,536), else as its log says, else as it always is."""
    in_log = struct.unpack_from(">I", log_header, 8)[0] if len(log_header) == 32 else 0
    for said in (65536 if in_header == 1 else in_header, in_log):
        if 512 <= said <= 65536 and said & (said - 1) == 0:
            return int(said)
    return PAGE_BYTES


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = content[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | content[at + 8], at + 9


def _column_types(payload: bytes) -> tuple[list[int], int]:
    """The serial types at the start of a record, and where its values begin."""
    end, at = _varint(payload, 0)
    types: list[int] = []
    while at < end:
        one, at = _varint(payload, at)
        types.append(one)
        if len(types) > MOST_COLUMNS:
            raise UnreadableError("too many columns")
    if at != end:
        raise UnreadableError("a header of another length")
    return types, end


def _kind(serial_type: int) -> str:
    if serial_type >= 12:
        return "BT"[serial_type % 2]
    if serial_type in (10, 11):
        raise UnreadableError("a type that SQLite keeps for itself")
    return "NIIIIIIFII"[serial_type]


def _value(serial_type: int, payload: bytes, at: int) -> tuple[Value, int]:
    if serial_type == 0:
        return None, at
    if serial_type in (8, 9):
        return serial_type - 8, at
    size = (serial_type - 12) // 2 if serial_type >= 12 else (0, 1, 2, 3, 4, 6, 8, 8)[serial_type]
    content = payload[at : at + size]
    if len(content) < size:
        raise UnreadableError("it ends too early")
    if serial_type >= 12:
        return content.decode("utf-8", "replace") if serial_type % 2 else content, at + size
    if serial_type == 7:
        return struct.unpack(">d", content)[0], at + size
    return int.from_bytes(content, "big", signed=True), at + size
