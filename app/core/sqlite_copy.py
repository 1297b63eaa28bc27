"""Copies a live SQLite database to one file that is complete and on the disk, or not there at all."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path


def copy_database(database: sqlite3.Connection, path: Path) -> None:
    """Write everything that is committed to `path`, replacing what lies there only when the copy is sound.

    The copy needs no second file beside it. Raises sqlite3.Error (also for damage that the copy shows) and OSError.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        copy = sqlite3.connect(part, isolation_level=None)
        try:
            database.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            finding = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            copy.close()
        if finding != "ok":
            raise damage(finding)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def damage(finding: str) -> sqlite3.DatabaseError:
    """The error that SQLite itself raises when it meets damage, for damage that a check has found."""
    error = sqlite3.DatabaseError(finding)
    error.sqlite_errorname = "SQLITE_CORRUPT"
    return error


def restore_copy(copy: Path, path: Path) -> bool:
    """Put a sound copy of a database at `path`, where nothing lies; False when there is none. Raises OSError."""
    if not copy.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as database:
            copy_database(database, path)
    except sqlite3.Error:
        return False
    return True
