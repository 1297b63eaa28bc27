"""Store: conversations in one SQLite file (WAL, synchronous=FULL), durable when a method returns.

Used by the window's thread and by the command line; knows no Qt. Deleting only marks; `purge` empties the bin.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from app.core.catalogue import ANY, Attachment, Conversation, Folder, PastImport, SearchHit
from app.core.conversation import MessageTree, Status, StoredMessage, text_parts
from app.core.schema import migrate
from engine.api import FiresideError

__all__ = [
    "ANY",
    "Attachment",
    "Conversation",
    "Folder",
    "PastImport",
    "SearchHit",
    "Store",
    "StoreError",
    "open_store",
]

BIN_DAYS = 30  # a deleted conversation can be restored for so long
BUSY_TIMEOUT_S = 2.0


class StoreError(FiresideError):
    """The database cannot be opened or written; the sentence says why and what to do."""


class Store:
    """All conversations. Every method may raise `StoreError`."""

    def __init__(self, path: Path) -> None:
        """Open or create the database, bring its tables up to date, and mark replies cut off by a crash."""
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.execute("PRAGMA foreign_keys = ON")
                migrate(self._db, path)
            except BaseException:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The conversations in {path} cannot be opened: {error}.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def mark_interrupted(self) -> None:
        """Replies that were streaming when Fireside ended keep their text and say so."""
        self._write([("UPDATE messages SET status = ? WHERE status = ?", (Status.INTERRUPTED, Status.STREAMING))])

    def conversations(self) -> tuple[Conversation, ...]:
        """All that are not in the bin, the newest first."""
        rows = self._read(
            "SELECT id, title, created_at, updated_at FROM conversations WHERE deleted_at IS NULL "
            "ORDER BY updated_at DESC, rowid DESC"
        )
        return tuple(Conversation(*row) for row in rows)

    def conversation(self, conversation_id: str) -> Conversation:
        """One header, in the bin or not. Raises `StoreError` when there is none."""
        rows = self._read("SELECT id, title, created_at, updated_at FROM conversations WHERE id = ?", conversation_id)
        if not rows:
            raise StoreError(f"There is no conversation with the id {conversation_id!r:.60}.")
        return Conversation(*rows[0])

    def tree(self, conversation_id: str) -> MessageTree:
        """All messages of a conversation and the path that is shown."""
        leaf = self._read("SELECT leaf_id FROM conversations WHERE id = ?", conversation_id)
        rows = self._read(
            "SELECT id, parent_id, role, text, status, created_at, error FROM messages "
            "WHERE conversation_id = ? AND deleted_at IS NULL ORDER BY rowid",
            conversation_id,
        )
        messages = (
            StoredMessage(i, p, role, text_parts(text), Status(s), at, e) for i, p, role, text, s, at, e in rows
        )
        return MessageTree(messages, leaf_id=leaf[0][0] if leaf else None)

    def records(self, conversation_id: str) -> dict[str, dict[str, Any]]:
        """What each reply was made of (model, seed, settings, token ids, timings), by message id."""
        rows = self._read(
            "SELECT id, record FROM messages WHERE conversation_id = ? AND record IS NOT NULL",
            conversation_id,
        )
        return {message_id: json.loads(record) for message_id, record in rows}

    def create_conversation(self, title: str) -> Conversation:
        """A new, empty conversation."""
        now = time.time()
        made = Conversation(uuid.uuid4().hex, _storable(title), now, now)
        insert = "INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)"
        self._write([(insert, (made.id, made.title, now, now))])
        return made

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        self._write([("UPDATE conversations SET title = ? WHERE id = ?", (_storable(title), conversation_id))])

    def delete_conversation(self, conversation_id: str) -> None:
        """Put a conversation into the bin."""
        self._write([("UPDATE conversations SET deleted_at = ? WHERE id = ?", (time.time(), conversation_id))])

    def restore_conversation(self, conversation_id: str) -> None:
        """Take a conversation out of the bin."""
        self._write([("UPDATE conversations SET deleted_at = NULL WHERE id = ?", (conversation_id,))])

    def add_message(
        self,
        conversation_id: str,
        *,
        parent_id: str | None,
        role: str,
        text: str,
        status: Status = Status.COMPLETE,
    ) -> StoredMessage:
        """Add a message and show the path that ends with it; durable when this returns."""
        now = time.time()
        made = StoredMessage(uuid.uuid4().hex, parent_id, role, text_parts(_storable(text)), status, now)
        insert = (
            "INSERT INTO messages (id, conversation_id, parent_id, role, text, status, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        move = "UPDATE conversations SET leaf_id = ?, updated_at = ? WHERE id = ?"
        self._write(
            [
                (insert, (made.id, conversation_id, parent_id, role, made.text, status, now)),
                (move, (made.id, now, conversation_id)),
            ]
        )
        return made

    def save_reply(
        self,
        message_id: str,
        text: str,
        status: Status,
        *,
        error: str | None = None,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        """Replace a reply's text and state, while it streams and when it ends."""
        update = "UPDATE messages SET text = ?, status = ?, error = ?, record = ? WHERE id = ?"
        stored = None if record is None else json.dumps(record, ensure_ascii=False)
        self._write([(update, (_storable(text), status, error, stored, message_id))])

    def set_leaf(self, conversation_id: str, message_id: str | None) -> None:
        """Show the path that ends with this message."""
        self._write([("UPDATE conversations SET leaf_id = ? WHERE id = ?", (message_id, conversation_id))])

    def delete_messages(self, message_ids: Iterable[str]) -> None:
        """Hide messages; `restore_messages` brings them back."""
        now = time.time()
        self._write([("UPDATE messages SET deleted_at = ? WHERE id = ?", (now, one)) for one in message_ids])

    def restore_messages(self, message_ids: Iterable[str]) -> None:
        """Bring hidden messages back."""
        self._write([("UPDATE messages SET deleted_at = NULL WHERE id = ?", (one,)) for one in message_ids])

    def purge(self) -> None:
        """Empty the bin of what has lain there for longer than `BIN_DAYS`."""
        before = time.time() - BIN_DAYS * 86400
        old = "SELECT id FROM conversations WHERE deleted_at < ?"
        self._write(
            [
                (f"DELETE FROM messages WHERE conversation_id IN ({old})", (before,)),
                ("DELETE FROM conversations WHERE deleted_at < ?", (before,)),
            ]
        )

    def _read(self, query: str, *values: object) -> list[Any]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"The conversations cannot be read: {error}.") from error

    def _write(self, statements: list[tuple[str, tuple[object, ...]]]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for statement, values in statements:
                    self._db.execute(statement, values)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(
                f"The conversation cannot be saved: {error}. Free some disk space, then try again."
            ) from error


def open_store(path: Path) -> tuple[Store, str | None]:
    """The store, and a sentence for the person when a damaged file had to be set aside.

    A damaged database is renamed, never overwritten. Raises `StoreError` for one that is locked, of a newer
    version, or in a folder that cannot be written.
    """
    try:
        return Store(path), None
    except StoreError as error:
        if not isinstance(error.__cause__, sqlite3.DatabaseError) or not _is_damage(error.__cause__):
            raise
    kept = path.with_name(f"{path.name}.damaged-{int(time.time())}")
    try:
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.replace(path.with_name(kept.name + ending))
    except OSError as error:
        raise StoreError(f"The damaged database {path} cannot be set aside: {error}.") from error
    return Store(path), f"The conversations were damaged and could not be read; the file was kept as “{kept.name}”."


def _is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _storable(text: str) -> str:
    """Without lone surrogates, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
