"""Backups of the store: one file with everything in it, and taking back what a backup has and the store has not."""

from __future__ import annotations

import sqlite3
import tempfile
import time
import uuid
from contextlib import closing
from pathlib import Path

from app.core.database import Database, OnDatabase, StoreError, store_error
from app.core.import_writer import OWN_SOURCE
from app.core.imported import ImportOutcome
from app.core.sqlite_copy import copy_database

GROUP_CONVERSATIONS = 20  # taken back in one transaction, so that a reply can be saved in between

_FOLDER = "id, name, parent_id, position"
_CONVERSATION = (
    "id, title, created_at, updated_at, leaf_id, deleted_at, folder_id, is_pinned, tags, source, source_id, extra, "
    "settings"
)
_MESSAGE = (
    "id, conversation_id, parent_id, role, status, created_at, deleted_at, edited_from, source_id, error, text, "
    "parts, extra"
)
_ADD_CONVERSATION = f"""
    INSERT INTO main.conversations ({_CONVERSATION}, import_id)
    SELECT {_CONVERSATION}, ? FROM other.conversations AS theirs
    WHERE id = ? AND NOT EXISTS (SELECT 1 FROM main.conversations WHERE id = theirs.id)
"""
_ADD_MESSAGES = f"""
    INSERT INTO main.messages ({_MESSAGE}, import_id)
    SELECT {_MESSAGE}, ? FROM other.messages AS theirs
    WHERE conversation_id = ? AND NOT EXISTS (SELECT 1 FROM main.messages WHERE id = theirs.id)
    ORDER BY number
"""
_ADD_RECORDS = """
    INSERT OR IGNORE INTO main.records (message_number, record, alternatives)
    SELECT ours.number, record, alternatives FROM other.messages AS theirs
    JOIN other.records ON message_number = theirs.number
    JOIN main.messages AS ours ON ours.id = theirs.id
    WHERE theirs.conversation_id = ?
"""
_SHOW_NEWER_PATH = """
    UPDATE main.conversations SET (updated_at, leaf_id) = (theirs.updated_at, theirs.leaf_id)
    FROM other.conversations AS theirs
    WHERE main.conversations.id = ? AND theirs.id = main.conversations.id
    AND theirs.updated_at > main.conversations.updated_at
"""


class Backups(OnDatabase):
    """The part of the store that copies it and merges copies."""

    def backup(self, path: Path) -> None:
        """Write everything to one file that is checked before it gets its name; replaces what lies at `path`."""
        if isinstance(self._db.path, Path) and path.exists() and path.samefile(self._db.path):
            raise StoreError(f"“{path.name}” is the database itself; name another file for its backup.")
        self._db.copy_to(path)

    def merge_from(self, path: Path) -> ImportOutcome:
        """Take in every conversation, message, record, attachment and folder of another database that is not here.

        Nothing here is changed or removed. What is in the bin there comes into the bin. `undo_import` takes it out.
        Raises `StoreError` for a file that is no database of Fireside, is damaged, or is of a newer version; one of
        an older version is brought up to date in a copy.
        """
        with tempfile.TemporaryDirectory(prefix="fireside-") as folder:
            copy = Path(folder) / "copy.sqlite3"
            _copy_from(path, copy)
            with self._db.attached(copy):
                return self._merge()

    def _merge(self) -> ImportOutcome:
        import_id = uuid.uuid4().hex
        with self._db.write() as execute:
            execute("INSERT INTO imports VALUES (?, ?, ?)", (import_id, OWN_SOURCE, time.time()))
            execute(
                f"INSERT INTO main.folders ({_FOLDER}, import_id) SELECT {_FOLDER}, ? FROM other.folders "
                "WHERE id NOT IN (SELECT id FROM main.folders)",
                (import_id,),
            )
        missing_files = "SELECT sha256 FROM other.attachments EXCEPT SELECT sha256 FROM main.attachments"
        for (sha256,) in self._db.read(missing_files):
            self._db.update("INSERT INTO main.attachments SELECT * FROM other.attachments WHERE sha256 = ?", sha256)
        added = merged = unchanged = messages = 0
        theirs = [row[0] for row in self._db.rows("SELECT id FROM other.conversations ORDER BY number")]
        for start in range(0, len(theirs), GROUP_CONVERSATIONS):
            with self._db.write() as execute:
                for conversation_id in theirs[start : start + GROUP_CONVERSATIONS]:
                    is_new = execute(_ADD_CONVERSATION, (import_id, conversation_id)).rowcount
                    new_messages = execute(_ADD_MESSAGES, (import_id, conversation_id)).rowcount
                    execute(_ADD_RECORDS, (conversation_id,))
                    if new_messages and not is_new:
                        execute(_SHOW_NEWER_PATH, (conversation_id,))
                    added += is_new
                    merged += bool(new_messages and not is_new)
                    unchanged += not (new_messages or is_new)
                    messages += new_messages
        return ImportOutcome(import_id, added, merged, unchanged, messages, ())


def _copy_from(path: Path, copy: Path) -> None:
    """A copy of a Fireside database that this version can read; the database itself is only read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            if database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'conversations'").fetchone() is None:
                raise StoreError(f"“{path.name}” holds no conversations of Fireside; choose a backup that it made.")
            copy_database(database, copy)
    except (sqlite3.Error, OSError) as error:
        raise store_error("The backup cannot be read", path, error) from error
    Database(copy).close()
