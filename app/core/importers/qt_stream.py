"""Reads what Qt's QDataStream writes (version Qt 6.2, big-endian), every length checked against what is left.

The encoding of each type: https://doc.qt.io/qt-6/datastreamformat.html. Qt's own reader is not used because this is
core, and because it allocates what a file claims before it finds that the bytes are missing.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from app.core.importers.importer import ImportFileError

_NULL = 0xFFFFFFFF
_INT, _UNSIGNED, _LONG, _UNSIGNED_LONG, _DOUBLE = (struct.Struct(f">{code}") for code in "iIqQd")
_SKIP_BYTES = 1 << 20


class QtStream:
    """A reader over a stream of a known size; each method raises `ImportFileError` when the file ends too early."""

    def __init__(self, stream: BinaryIO, *, size_bytes: int, name: str) -> None:
        self._stream, self._left, self._name = stream, size_bytes, name

    def int32(self) -> int:
        """A qint32, also how an enumeration is written."""
        return int(_INT.unpack(self._take(4))[0])

    def uint32(self) -> int:
        """A quint32."""
        return int(_UNSIGNED.unpack(self._take(4))[0])

    def int64(self) -> int:
        """A qint64, also how the size of a list is written by `<< list.size()`."""
        return int(_LONG.unpack(self._take(8))[0])

    def uint64(self) -> int:
        """A quint64."""
        return int(_UNSIGNED_LONG.unpack(self._take(8))[0])

    def boolean(self) -> bool:
        """A bool."""
        return self._take(1) != b"\0"

    def byte_array(self) -> bytes:
        """A QByteArray, also how a QUrl is written; a null one is empty."""
        size = self.uint32()
        return b"" if size == _NULL else self._take(size)

    def string(self) -> str:
        """A QString: UTF-16, its size in bytes; a null one is empty."""
        return self.byte_array().decode("utf-16-be", "replace")

    def strings(self) -> list[str]:
        """A QList<QString>."""
        return [self.string() for _ in range(self.count(self.uint32(), item_bytes=4))]

    def variant(self) -> str | int | float | bool | None:
        """A QVariant of a simple type."""
        kind, _ = self.uint32(), self.boolean()
        match kind:
            case 0:
                return None
            case 1:
                return self.boolean()
            case 2:
                return self.int32()
            case 3:
                return self.uint32()
            case 4:
                return self.int64()
            case 5:
                return self.uint64()
            case 6:
                return float(_DOUBLE.unpack(self._take(8))[0])
            case 10:
                return self.string()
        raise ImportFileError(f"{self._name} holds a value of a type that cannot be read (QVariant {kind}).")

    def count(self, value: int, *, item_bytes: int) -> int:
        """A number of items that each take at least `item_bytes`, checked."""
        if not 0 <= value <= self._left // item_bytes:
            raise self._ended()
        return value

    def skip(self, size_bytes: int) -> None:
        """Pass over bytes that are not needed."""
        if size_bytes > self._left:
            raise self._ended()
        while size_bytes:
            size_bytes -= len(self._take(min(size_bytes, _SKIP_BYTES)))

    def skip_bytes(self) -> None:
        """Pass over a QByteArray."""
        size = self.uint32()
        self.skip(0 if size == _NULL else size)

    def _take(self, size_bytes: int) -> bytes:
        if size_bytes > self._left:
            raise self._ended()
        found = self._stream.read(size_bytes)
        if len(found) != size_bytes:
            raise self._ended()
        self._left -= size_bytes
        return found

    def _ended(self) -> ImportFileError:
        return ImportFileError(f"{self._name} ends too early or is damaged.")
