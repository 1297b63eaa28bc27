"""The store's conversations: their headers, titles, pins, tags and the bin."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from app.core.attachments import remove_unused_attachments
from app.core.catalogue import ANY, AnyFolder, Conversation
from app.core.database import Execute, OnDatabase, missing, placeholders, storable

BIN_DAYS = 30  # what was deleted can be restored for so long

_COLUMNS = "id, title, created_at, updated_at, folder_id, is_pinned, tags, source, source_id, extra, deleted_at"


class Conversations(OnDatabase):
    """The part of the store that keeps headers."""

    def conversations(
        self, folder_id: str | AnyFolder | None = ANY, *, limit: int | None = None, offset: int = 0
    ) -> tuple[Conversation, ...]:
        """Those that are not in the bin, the newest first; of one folder, of none (None), or all."""
        where, values = "", []
        if folder_id is not ANY:
            where, values = "AND folder_id IS ? ", [folder_id]
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM conversations WHERE deleted_at IS NULL {where}"
            "ORDER BY updated_at DESC, number DESC LIMIT ? OFFSET ?",
            *values,
            -1 if limit is None else limit,
            offset,
        )
        return tuple(self._db.made(_header, rows))

    def binned(self) -> tuple[Conversation, ...]:
        """Those in the bin, the last deleted first."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM conversations WHERE deleted_at IS NOT NULL ORDER BY deleted_at DESC, number DESC"
        )
        return tuple(self._db.made(_header, rows))

    def conversation(self, conversation_id: str) -> Conversation:
        """One header, in the bin or not. Raises `StoreError` when there is none."""
        rows = self._db.read(f"SELECT {_COLUMNS} FROM conversations WHERE id = ?", conversation_id)
        if not rows:
            raise missing("conversation", conversation_id)
        return next(self._db.made(_header, rows))

    def create_conversation(self, title: str, *, folder_id: str | None = None) -> Conversation:
        """A new, empty conversation."""
        now = time.time()
        made = Conversation(uuid.uuid4().hex, storable(title), now, now, folder_id)
        self._db.update(
            "INSERT INTO conversations (id, title, created_at, updated_at, folder_id) VALUES (?, ?, ?, ?, ?)",
            made.id,
            made.title,
            now,
            now,
            folder_id,
        )
        return made

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        self._set(conversation_id, "title", storable(title))

    def set_pinned(self, conversation_id: str, is_pinned: bool) -> None:
        """Pin a conversation, or let go of it."""
        self._set(conversation_id, "is_pinned", is_pinned)

    def set_tags(self, conversation_id: str, tags: Iterable[str]) -> None:
        """Give a conversation these tags and no others."""
        self._set(conversation_id, "tags", encode_tags(tags))

    def move_to_folder(self, conversation_id: str, folder_id: str | None) -> None:
        """Put a conversation into a folder, or out of all."""
        self._set(conversation_id, "folder_id", folder_id)

    def settings(self, conversation_id: str) -> Mapping[str, Any]:
        """What was set for the replies of a conversation; empty when nothing was. Raises `StoreError` without one."""
        rows = self._db.read("SELECT settings FROM conversations WHERE id = ?", conversation_id)
        if not rows:
            raise missing("conversation", conversation_id)
        return _decoded(rows[0][0])

    def set_settings(self, conversation_id: str, settings: Mapping[str, Any]) -> None:
        """Keep what was set for the replies of a conversation, as JSON."""
        stored = storable(json.dumps(settings, ensure_ascii=False)) if settings else None
        self._set(conversation_id, "settings", stored)

    def tags(self) -> tuple[tuple[str, int], ...]:
        """Every tag with the number of conversations that have it, those in the bin left out."""
        rows = self._db.rows("SELECT tags FROM conversations WHERE tags IS NOT NULL AND deleted_at IS NULL")
        tagged = self._db.made(lambda row: json.loads(row[0]), rows)
        return tuple(sorted(Counter(tag for tags in tagged for tag in tags).items()))

    def delete_conversation(self, conversation_id: str) -> None:
        """Put a conversation into the bin."""
        self._set(conversation_id, "deleted_at", time.time())

    def restore_conversation(self, conversation_id: str) -> None:
        """Take a conversation out of the bin."""
        self._set(conversation_id, "deleted_at", None)

    def delete_forever(self, conversation_id: str) -> None:
        """Remove a conversation with everything in it; nothing brings it back."""
        with self._db.write() as execute:
            remove_conversations(execute, [conversation_id])
            remove_unused_attachments(execute)

    def purge(self) -> None:
        """Empty the bin of conversations and messages that have lain there for longer than `BIN_DAYS`."""
        before = time.time() - BIN_DAYS * 86400
        with self._db.write() as execute:
            old = [row[0] for row in execute("SELECT id FROM conversations WHERE deleted_at < ?", (before,))]
            remove_conversations(execute, old)
            messages = execute("DELETE FROM messages WHERE deleted_at < ?", (before,)).rowcount
            if old or messages:
                remove_unused_attachments(execute)

    def _set(self, conversation_id: str, column: str, value: object) -> None:
        changed = self._db.update(f"UPDATE conversations SET {column} = ? WHERE id = ?", value, conversation_id)
        if not changed:
            raise missing("conversation", conversation_id)


def remove_conversations(execute: Execute, conversation_ids: list[str]) -> None:
    """Remove conversations with their messages, inside a transaction."""
    for start in range(0, len(conversation_ids), 500):
        some = conversation_ids[start : start + 500]
        execute(f"DELETE FROM messages WHERE conversation_id IN ({placeholders(some)})", some)
        execute(f"DELETE FROM conversations WHERE id IN ({placeholders(some)})", some)


def encode_tags(tags: Iterable[str]) -> str | None:
    """Tags as they are stored: sorted JSON without duplicates and empty ones, NULL for none."""
    kept = sorted({tag for tag in (storable(" ".join(tag.split())) for tag in tags) if tag})
    return json.dumps(kept, ensure_ascii=False) if kept else None


def _decoded(stored: str | None) -> Mapping[str, Any]:
    """A JSON object; an empty one where there is none."""
    try:
        decoded = json.loads(stored) if stored else {}
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _header(row: tuple[Any, ...]) -> Conversation:
    identifier, title, created_at, updated_at, folder_id, is_pinned, tags, source, source_id, extra, deleted_at = row
    return Conversation(
        identifier,
        title,
        created_at,
        updated_at,
        folder_id,
        bool(is_pinned),
        tuple(json.loads(tags)) if tags else (),
        source,
        source_id,
        json.loads(extra) if extra else {},
        deleted_at,
    )
