"""Store: conversations in one SQLite file, durable when a method returns. Its parts are a module each, by job.

Used by the window's thread and by the command line; knows no Qt. Another thread opens a store of its own on the same
file; writers wait for one another. Deleting only marks; `purge` empties the bin.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

from app.core.attachments import Attachments
from app.core.backup import Backups
from app.core.branches import Branches
from app.core.catalogue import ANY, Attachment, Conversation, Folder, PastImport, SearchHit
from app.core.conversations import BIN_DAYS
from app.core.database import MEMORY, DamagedError, Database, StoreError, store_error
from app.core.drafts import Drafts
from app.core.folders import Folders
from app.core.import_writer import Imports
from app.core.schema import MIGRATIONS, copy_before
from app.core.search import Search
from app.core.sqlite_copy import restore_copy

__all__ = [
    "ANY",
    "BIN_DAYS",
    "MEMORY",
    "Attachment",
    "Conversation",
    "DamagedError",
    "Folder",
    "PastImport",
    "SearchHit",
    "Store",
    "StoreError",
    "open_store",
]


class Store(Branches, Drafts, Folders, Attachments, Search, Imports, Backups):
    """All conversations. Every method may raise `StoreError`, and `DamagedError` where the file is damaged."""

    def __init__(self, path: Path | Literal[":memory:"]) -> None:
        """Open or create the database and bring its tables up to date.

        A store in `MEMORY` never touches the disk: temporary chats live there until it is closed.
        """
        self._db = Database(path)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def check(self) -> tuple[str, ...]:
        """What SQLite finds wrong with the file, in its words; nothing when it is sound. Reads all of it."""
        try:
            findings = [row[0] for row in self._db.rows("PRAGMA integrity_check")]
            orphans = self._db.read("PRAGMA foreign_key_check")
        except DamagedError as error:
            return (str(error),)
        findings += [f"{table} {rowid} belongs to no {parent}" for table, rowid, parent, _ in orphans]
        return tuple(finding for finding in findings if finding != "ok")


def open_store(path: Path) -> tuple[Store, str | None]:
    """The store, and a sentence for the person when a damaged or empty file was met.

    A damaged database is renamed, never overwritten; the copy made before the last update of its tables takes its
    place if there is one. `app.core.rescue` reads what is left of the damaged file. Raises `StoreError` for a
    database that is locked, of a newer version, or in a folder that cannot be written.
    """
    try:
        was_empty = path.is_file() and path.stat().st_size == 0
        store = Store(path)
    except DamagedError:
        return _open_in_place_of_damaged(path)
    except OSError as error:
        raise store_error("The conversations cannot be opened", path, error) from error
    if was_empty:
        return store, f"The file of the conversations, “{path.name}”, was empty; if it held any, restore a backup."
    return store, None


def _open_in_place_of_damaged(path: Path) -> tuple[Store, str]:
    kept = path.with_name(f"{path.name}.damaged-{int(time.time())}")
    copy = copy_before(path, len(MIGRATIONS))
    try:
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.replace(path.with_name(kept.name + ending))
        has_copy = restore_copy(copy, path)
    except OSError as error:
        raise StoreError(f"The damaged database {path} cannot be set aside: {error}.") from error
    instead = f"those in “{copy.name}”, an older copy, took its place" if has_copy else "a new file was begun"
    return Store(path), (
        f"The conversations were damaged and could not be opened; {instead}. "
        f"The damaged file was kept as “{kept.name}”, and a rescue brings back what can be read."
    )
