"""Database: one connection to the SQLite file (WAL, synchronous=FULL), and its errors as sentences for a person.

The parts of the store read and write through it; nobody else does. A thread that needs the store opens its own.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from app.core.schema import MIGRATIONS, NewerSchemaError, migrate
from app.core.sqlite_copy import copy_database, damage
from engine.api import FiresideError

BUSY_TIMEOUT_S = 2.0
_HEADER = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html, section 1.3
MEMORY: Literal[":memory:"] = ":memory:"

_Made = TypeVar("_Made")
_SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)  # the second: its words about damage quote what is no text
_ROW_ERRORS = (ValueError, TypeError, LookupError, AttributeError)  # what a row that was not written so ends in

# Runs one statement inside a transaction. Rows hold whatever the columns hold: Any.
Execute = Callable[..., sqlite3.Cursor]


class StoreError(FiresideError):
    """The database cannot be opened, read or written; the sentence says why and what to do."""


class DamagedError(StoreError):
    """The file is damaged: `app.core.rescue` reads what is left of it."""


class Database:
    """An open database; every method may raise `StoreError`."""

    def __init__(self, path: Path | Literal[":memory:"]) -> None:
        """Open or create it and bring its tables up to date."""
        self.path = path
        try:
            if isinstance(path, Path):
                _refuse_what_is_no_database(path)
            self._connection = sqlite3.connect(
                path,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=path != MEMORY,  # what lies in memory has no second connection
            )
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA foreign_keys = ON")
                if path == MEMORY:
                    self._connection.execute("PRAGMA temp_store = MEMORY")  # no sorting on the disk either
                migrate(self._connection, path if isinstance(path, Path) else None)
            except BaseException:
                self._connection.close()
                raise
        except (*_SQLITE_ERRORS, OSError) as error:
            raise store_error("The conversations cannot be opened", path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def read(self, query: str, *values: object) -> list[Any]:
        """All rows of a query."""
        return list(self.rows(query, *values))

    def read_on_any_thread(self, query: str, *values: object) -> list[Any]:
        """All rows of a query, also on a thread that did not open the database."""
        if not isinstance(self.path, Path):
            return self.read(query, *values)
        try:
            uri = f"{self.path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
                return list(connection.execute(query, values))
        except _SQLITE_ERRORS as error:
            raise store_error("The conversations cannot be read", self.path, error) from error

    def rows(self, query: str, *values: object) -> Iterator[Any]:
        """The rows of a query one by one, for a caller that stops early."""
        try:
            yield from self._connection.execute(query, values)
        except _SQLITE_ERRORS as error:
            raise store_error("The conversations cannot be read", self.path, error) from error

    @contextmanager
    def write(self) -> Iterator[Execute]:
        """A transaction, on the disk when the block ends, undone when it raises; gives what runs a statement."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except _SQLITE_ERRORS as error:
            raise store_error("The conversation cannot be saved", self.path, error) from error

    def made(self, make: Callable[[Any], _Made], rows: Iterable[Any]) -> Iterator[_Made]:
        """What `make` makes of each row. Raises `DamagedError` for a row that does not hold what was written."""
        try:
            yield from map(make, rows)
        except _ROW_ERRORS as error:
            found = damage(f"a row of it cannot be read: {error}")
            raise store_error("The conversations cannot be read", self.path, found) from error

    def update(self, statement: str, *values: object) -> int:
        """Run one statement as a transaction of its own; how many rows it changed."""
        with self.write() as execute:
            return execute(statement, values).rowcount

    @contextmanager
    def attached(self, other: Path) -> Iterator[None]:
        """Let statements name the tables of another database as `other.TABLE`."""
        try:
            self._connection.execute("ATTACH ? AS other", (str(other),))
        except sqlite3.Error as error:
            raise store_error("The conversations cannot be opened", other, error) from error
        try:
            yield
        finally:
            self._connection.execute("DETACH other")

    def copy_to(self, path: Path) -> None:
        """Write everything to another file, see `copy_database`."""
        try:
            copy_database(self._connection, path)
        except (sqlite3.Error, OSError) as error:
            raise store_error("The backup cannot be written", path, error) from error


class OnDatabase:
    """Base of the parts that make up the store; all share one database."""

    _db: Database


def missing(what: str, identifier: str) -> StoreError:
    """The error for an id that nothing has."""
    return StoreError(f"There is no {what} with the id {identifier!r:.60}.")


def storable(text: str) -> str:
    """Without lone surrogates, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def placeholders(values: Iterable[object]) -> str:
    """A question mark for each value, for `IN (…)`."""
    return ", ".join("?" for _ in values)


def store_error(what: str, path: Path | str, error: sqlite3.Error | UnicodeDecodeError | OSError) -> StoreError:
    """The sentence for an error of SQLite or the system."""
    if isinstance(error, UnicodeDecodeError):
        error = damage("what it holds is no text")
    name = getattr(error, "sqlite_errorname", "")
    place = f"“{path.name}” in {path.parent}" if isinstance(path, Path) else "the memory"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return DamagedError(
            f"{what}: {place} is damaged ({error}); a rescue (`python -m app rescue`) saves what can be read."
        )
    if isinstance(error, NewerSchemaError):
        return StoreError(
            f"{what}: {place} was written by a newer Fireside (format {error.version}, this one knows "
            f"{len(MIGRATIONS)}); update Fireside."
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(f"{what}: {place} is used by another program; close it, then try again.")
    if name.startswith("SQLITE_FULL") or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"{what}: the disk that holds {place} is full; free some space, then try again.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")) or isinstance(error, PermissionError):
        return StoreError(f"{what}: {place} cannot be written; check the permissions of the file and the folder.")
    if name.startswith("SQLITE_IOERR"):
        return StoreError(f"{what}: the disk that holds {place} refuses; check its space and its health.")
    if name.startswith("SQLITE_CONSTRAINT_FOREIGNKEY"):
        return StoreError(f"{what}: what it belongs to is not there any more; open another conversation or folder.")
    return StoreError(f"{what}: {place}: {error}.")


def _refuse_what_is_no_database(path: Path) -> None:
    """Raise for a file that is none, before SQLite opens it: closing it again would throw away the log beside it."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        header = file.read(len(_HEADER))
    log = path.with_name(f"{path.name}-wal")
    if not header and log.is_file() and log.stat().st_size > 0:
        raise damage("the file is empty, though it was written to")
    if header and header != _HEADER:
        raise damage("file is not a database")
