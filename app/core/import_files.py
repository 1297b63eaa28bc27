"""The files that a person gave to import: one file, a folder or a zip, read in place; nothing is unpacked to disk.

What a zip claims is bounded before it is read; its names are only shown and compared, never used as paths.
"""

from __future__ import annotations

import bisect
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import IO, BinaryIO

from app.core.importers.importer import ImportFileError, Skipped, Source

ZIP_MAGIC = b"PK\x03\x04"
MOST_FILES = 200_000
ZIP_BYTES = 32 << 30  # unpacked, all files together
ZIP_RATIO = 500  # unpacked to packed: repetitive JSON reaches about 100, deflate's limit is 1032
_RATIO_FROM_BYTES = 16 << 20  # a smaller file may be packed as tightly as it likes
_BUFFER_BYTES = 64 << 10
_ENCRYPTED = 0x1  # bit of a member's flags
# What zipfile raises for damaged, encrypted and unusually packed files.
_READ_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@contextmanager
def import_files(path: Path, skipped: Skipped) -> Iterator[tuple[Source, ...]]:
    """All files below a path, ordered by name, usable until the block ends.

    Raises `ImportFileError` when there is nothing to read.
    """
    with ExitStack() as opened:
        try:
            sources = _sources(path, skipped, opened)
        except _READ_ERRORS as error:
            raise ImportFileError(f"{path.name} cannot be read: {_reason(error)}.") from error
        yield sources


def _sources(path: Path, skipped: Skipped, opened: ExitStack) -> tuple[Source, ...]:
    if path.is_dir():
        return _Shelf(_below(path, skipped)).sources()
    if not path.is_file():
        raise ImportFileError(f"There is no file or folder {path}.")
    if _is_zip(path):
        archive = opened.enter_context(zipfile.ZipFile(path))
        return _Shelf(_members(archive, path.name, skipped)).sources()
    beside = (_on_disk(one, one.name) for one in path.parent.iterdir() if one.is_file())
    return (_Shelf(beside).connected(_on_disk(path, path.name)),)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ZIP_MAGIC)) == ZIP_MAGIC


def metered(source: Source, on_read: Callable[[int], None]) -> Source:
    """The same file, telling the number of bytes each time some are read."""
    return replace(source, open=lambda: _stream(source.open(), source.name, on_read))


class _Shelf:
    """Files that know each other; which there are is found out when that is asked."""

    def __init__(self, files: Iterable[Source]) -> None:
        self._files = files

    def sources(self) -> tuple[Source, ...]:
        return tuple(self.connected(source) for source in self._by_name.values())

    def connected(self, source: Source) -> Source:
        folder = source.name[: len(source.name) - len(source.base_name)]
        return replace(source, beside=partial(self._find, folder))

    @cached_property
    def _by_name(self) -> dict[str, Source]:
        return {source.name: source for source in self._files}

    @cached_property
    def _by_beginning(self) -> list[tuple[str, str]]:
        return sorted((source.base_name, name) for name, source in self._by_name.items())

    def _find(self, folder: str, name: str) -> Source | None:
        if not name:
            return None
        if folder + name in self._by_name:
            return self._by_name[folder + name]
        at = bisect.bisect_left(self._by_beginning, (name, ""))
        if at < len(self._by_beginning) and self._by_beginning[at][0].startswith(name):
            return self._by_name[self._by_beginning[at][1]]
        return None


def _below(folder: Path, skipped: Skipped) -> Iterator[Source]:
    """The files of a folder and of those inside it; links to folders are not followed."""

    def tell(error: OSError) -> None:
        skipped.add(f"{error.filename} cannot be read: {_reason(error)}.")

    count = 0
    for inner, folders, names in os.walk(folder, onerror=tell):
        folders.sort()
        for name in sorted(names):
            count += 1
            if count > MOST_FILES:
                skipped.add(f"{folder.name} holds more than {MOST_FILES} files; the others were skipped.")
                return
            path = Path(inner, name)
            try:
                if path.is_file():
                    yield _on_disk(path, path.relative_to(folder).as_posix())
            except OSError as error:
                tell(error)


def _on_disk(path: Path, name: str) -> Source:
    found = path.stat()
    return Source(name, found.st_size, found.st_mtime, partial(_open, path, name))


def _open(path: Path, name: str) -> BinaryIO:
    try:
        return _stream(path.open("rb"), name)
    except OSError as error:
        raise ImportFileError(f"{name} cannot be read: {_reason(error)}.") from error


def _members(archive: zipfile.ZipFile, name: str, skipped: Skipped) -> Iterator[Source]:
    named = [member for member in archive.infolist() if member.filename]  # `is_dir` stumbles over others
    if len(named) < len(archive.infolist()):
        skipped.add(f"{name} holds files without a name, which were skipped.")
    members = [member for member in named if not member.is_dir()]
    if len(members) > MOST_FILES:
        raise ImportFileError(f"{name} holds more than {MOST_FILES} files; unpack it and import a part of it.")
    if sum(member.file_size for member in members) > ZIP_BYTES:
        raise ImportFileError(f"{name} would unpack to more than {ZIP_BYTES >> 30} GB; import a part of it.")
    for member in members:
        shown = member.filename.replace("\\", "/")
        if member.flag_bits & _ENCRYPTED:
            skipped.add(f"{shown} is encrypted; unpack {name} with its password and import the folder.")
        elif member.file_size > max(_RATIO_FROM_BYTES, ZIP_RATIO * member.compress_size):
            skipped.add(f"{shown} is packed far too tightly to be what it claims to be, so it was skipped.")
        else:
            yield Source(shown, member.file_size, _member_time(member), partial(_open_member, archive, member, shown))


def _member_time(member: zipfile.ZipInfo) -> float:
    try:
        return max(datetime(*member.date_time).timestamp(), 0.0)
    except (ValueError, OverflowError, OSError):
        return 0.0


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> BinaryIO:
    try:
        return _stream(archive.open(member), name)
    except _READ_ERRORS as error:
        raise ImportFileError(f"{name} cannot be read: {_reason(error)}.") from error


def _stream(inner: BinaryIO | IO[bytes], name: str, on_read: Callable[[int], None] = lambda _: None) -> BinaryIO:
    return io.BufferedReader(_Told(inner, name, on_read), _BUFFER_BYTES)


class _Told(io.RawIOBase):
    """A stream whose errors are sentences."""

    def __init__(self, inner: BinaryIO | IO[bytes], name: str, on_read: Callable[[int], None]) -> None:
        self._inner, self._name, self._on_read = inner, name, on_read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader passes a memoryview
        try:
            found = self._inner.read(len(buffer))
        except ImportFileError:
            raise
        except _READ_ERRORS as error:
            raise ImportFileError(f"{self._name} cannot be read further: {_reason(error)}.") from error
        buffer[: len(found)] = found
        self._on_read(len(found))
        return len(found)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _reason(error: BaseException) -> str:
    """The system's or the library's words, without the path that the sentence names already."""
    strerror = error.strerror if isinstance(error, OSError) else None
    return (strerror or str(error) or type(error).__name__).rstrip(".")
