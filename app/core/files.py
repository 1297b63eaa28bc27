"""Writes files so that a crash leaves the old one or the new one, and names them safely on every system."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

LONGEST_STEM = 80  # characters
LONGEST_STEM_BYTES = 180  # systems allow 255 for a name, and an ending or a number may follow
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 `text` beside `path`, flush it to the disk, then rename it. Raises OSError; `path` stays then."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    os.close(handle)
    try:
        with written_through(Path(temporary)) as file:
            file.write(text.encode("utf-8", "replace"))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def written_through(path: Path) -> Iterator[BinaryIO]:
    """Write a file whose bytes lie on the disk when the block ends. Raises OSError."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def safe_file_name(title: str, ending: str) -> str:
    """A file name made of `title`: nothing that a system forbids, reserves or hides; never empty."""
    stem = " ".join(_FORBIDDEN.sub(" ", title).split())[:LONGEST_STEM]
    stem = stem.encode()[:LONGEST_STEM_BYTES].decode("utf-8", "ignore").strip(". ")
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"conversation {stem}".strip()
    return f"{stem}.{ending}"
