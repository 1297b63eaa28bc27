"""The store's messages: adding, saving a reply as it streams, deleting and bringing back.

A message is on the disk when the method that adds it returns. Nothing here overwrites what was said, except that a
reply grows until it ends.
"""

from __future__ import annotations

import json
import time
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.core.conversation import MessageTree, Part, PartKind, Status, StoredMessage, text_parts
from app.core.database import Execute, OnDatabase, StoreError, missing, storable
from app.core.reply_record import recorded_token_ids
from app.core.thinking import split_thinking

_COLUMNS = (
    "id, parent_id, role, status, created_at, error, edited_from, source_id, text, parts, extra"  # as _message reads
)


class Messages(OnDatabase):
    """The part of the store that keeps messages."""

    def tree(self, conversation_id: str) -> MessageTree:
        """All messages of a conversation and the path that is shown."""
        leaf = self._db.read("SELECT leaf_id FROM conversations WHERE id = ?", conversation_id)
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM messages WHERE conversation_id = ? AND deleted_at IS NULL ORDER BY number",
            conversation_id,
        )
        return MessageTree(self._db.made(_message, rows), leaf_id=leaf[0][0] if leaf else None)

    def records(self, conversation_id: str) -> dict[str, dict[str, Any]]:
        """What each reply was made of (model, seed, settings, token ids, timings), by message id."""
        rows = self._db.rows(
            "SELECT id, record FROM messages JOIN records ON message_number = number WHERE conversation_id = ?",
            conversation_id,
        )
        return dict(self._db.made(lambda row: (row[0], json.loads(row[1])), rows))

    def last_model(self, conversation_id: str) -> tuple[str, str] | None:
        """Path and name of the model that made the newest reply; None where that is not known."""
        rows = self._db.read(
            "SELECT json_extract(record, '$.model_path'), json_extract(record, '$.model_name') FROM messages "
            "JOIN records ON message_number = number WHERE conversation_id = ? AND deleted_at IS NULL "
            "ORDER BY number DESC LIMIT 1",
            conversation_id,
        )
        path, name = rows[0] if rows else (None, None)
        return (path, name) if isinstance(path, str) and isinstance(name, str) else None

    def alternatives(self, message_id: str) -> bytes:
        """What each token of a reply could have been, see `engine.alternatives`; empty where it is not known."""
        rows = self._db.read(
            "SELECT alternatives FROM messages JOIN records ON message_number = number WHERE id = ?", message_id
        )
        return decode_alternatives(rows[0][0]) if rows else b""

    def record(self, message_id: str) -> dict[str, Any]:
        """What one reply was made of; empty where nothing was kept."""
        rows = self._db.read(
            "SELECT record FROM records JOIN messages ON message_number = number WHERE id = ?", message_id
        )
        found: dict[str, Any] = next(self._db.made(lambda row: json.loads(row[0]), rows), {})
        return found

    def binned_messages(self, conversation_id: str) -> tuple[StoredMessage, ...]:
        """The messages of a conversation that were deleted and can be restored, in the order of their making."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM messages WHERE conversation_id = ? AND deleted_at IS NOT NULL ORDER BY number",
            conversation_id,
        )
        return tuple(self._db.made(_message, rows))

    def add_message(
        self,
        conversation_id: str,
        *,
        parent_id: str | None,
        role: str,
        text: str = "",
        parts: Iterable[Part] | None = None,
        status: Status = Status.COMPLETE,
        edited_from: str | None = None,
        record: Mapping[str, Any] | None = None,
    ) -> StoredMessage:
        """Add a message and show the path that ends with it; durable when this returns.

        `parts` is used instead of `text` where there is more than text. Another wording of a message is a sibling:
        same parent, `edited_from` the old one. So is a reply that is continued: it begins with the old one's text.
        """
        now = time.time()
        made = StoredMessage(
            uuid.uuid4().hex,
            parent_id,
            role,
            text_parts(storable(text)) if parts is None else tuple(map(storable_part, parts)),
            status,
            now,
            edited_from=edited_from,
        )
        with self._db.write() as execute:
            number = insert_message(execute, conversation_id, made)
            put_record(execute, number, record)
            execute(
                "UPDATE conversations SET leaf_id = ?, updated_at = ? WHERE id = ?", (made.id, now, conversation_id)
            )
        return made

    def save_reply(
        self,
        message_id: str,
        text: str,
        status: Status,
        *,
        parts: Iterable[Part] | None = None,
        error: str | None = None,
        record: Mapping[str, Any] | None = None,
        alternatives: bytes = b"",
    ) -> None:
        """Replace a reply's text and state, while it streams and when it ends.

        At its end the thinking at its start becomes a part of its own, unless `parts` says what the parts are.
        `record` is kept when given, and with it the `alternatives` of its tokens.
        """
        if parts is None:
            parts = text_parts(text) if status is Status.STREAMING else split_thinking(text)
        stored_text, stored_parts = encode_parts(map(storable_part, parts))
        with self._db.write() as execute:
            row = execute("SELECT number FROM messages WHERE id = ?", (message_id,)).fetchone()
            if row is None:
                raise missing("message", message_id)
            execute(
                "UPDATE messages SET text = ?, parts = ?, status = ?, error = ? WHERE number = ?",
                (stored_text, stored_parts, status, error and storable(error), row[0]),
            )
            put_record(execute, row[0], record, alternatives)

    def save_scores(self, message_id: str, scores: Mapping[str, Any], alternatives: bytes) -> None:
        """Keep what a model that read a reply would have said itself, as `scores` in its record (`scored`).

        What was kept when the reply was made stays as it is; scores are then not kept, and neither are those of other
        tokens than its own.
        """
        with self._db.write() as execute:
            row = execute(
                "SELECT number, record, alternatives FROM messages LEFT JOIN records ON message_number = number "
                "WHERE id = ?",
                (message_id,),
            ).fetchone()
            if row is None:
                raise missing("message", message_id)
            record: dict[str, Any] = json.loads(row[1] or "{}")
            is_alike = recorded_token_ids(record) in {(), tuple(scores["token_ids"])}
            if is_alike and (row[2] is None or "scored" in record):
                put_record(execute, row[0], record | {"scored": scores}, alternatives)

    def mark_interrupted(self) -> None:
        """Replies that were streaming when Fireside ended keep their text and say so."""
        for message_id, text in self._db.read("SELECT id, text FROM messages WHERE status = ?", Status.STREAMING):
            self.save_reply(message_id, text, Status.INTERRUPTED)

    def set_leaf(self, conversation_id: str, message_id: str | None) -> None:
        """Show the path that ends with this message."""
        self._db.update("UPDATE conversations SET leaf_id = ? WHERE id = ?", message_id, conversation_id)

    def delete_messages(self, message_ids: Iterable[str]) -> None:
        """Put messages into the bin; `restore_messages` brings them back."""
        now = time.time()
        with self._db.write() as execute:
            for message_id in message_ids:
                execute("UPDATE messages SET deleted_at = ? WHERE id = ?", (now, message_id))

    def restore_messages(self, message_ids: Iterable[str]) -> None:
        """Bring deleted messages back."""
        with self._db.write() as execute:
            for message_id in message_ids:
                execute("UPDATE messages SET deleted_at = NULL WHERE id = ?", (message_id,))


def insert_message(
    execute: Execute, conversation_id: str, message: StoredMessage, *, import_id: str | None = None
) -> int:
    """Insert a message inside a transaction; its number."""
    text, parts = encode_parts(message.parts)
    cursor = execute(
        f"INSERT INTO messages ({_COLUMNS}, conversation_id, import_id) VALUES ({', '.join('?' * 13)})",
        (
            message.id,
            message.parent_id,
            message.role,
            message.status,
            message.created_at,
            message.error,
            message.edited_from,
            message.source_id,
            text,
            parts,
            encode_extra(message.extra),
            conversation_id,
            import_id,
        ),
    )
    number = cursor.lastrowid
    assert number is not None  # an INSERT gives one
    return number


def put_record(
    execute: Execute, message_number: int, record: Mapping[str, Any] | None, alternatives: bytes = b""
) -> None:
    """Keep what a reply was made of, inside a transaction; None leaves what is there."""
    if record is not None:
        packed = (
            zlib.compress(alternatives, level=1) if alternatives else None
        )  # a third less, in 6 ms for 2,000 tokens
        execute(
            "INSERT OR REPLACE INTO records (message_number, record, alternatives) VALUES (?, ?, ?)",
            (message_number, storable(json.dumps(record, ensure_ascii=False)), packed),
        )


def decode_alternatives(stored: bytes | None) -> bytes:
    """What `put_record` made the column of. Raises `StoreError` where it is damaged."""
    try:
        return zlib.decompress(stored) if stored else b""
    except zlib.error as error:
        raise StoreError("What the words of this reply could have been is damaged, and cannot be shown.") from error


def encode_parts(parts: Iterable[Part]) -> tuple[str, str | None]:
    """The columns `text` and `parts`: what a search finds, and JSON where there is more than that text.

    The JSON leaves out default values, and the text of the only text part, which `text` holds.
    """
    kept = [part for part in parts if part != Part(PartKind.TEXT)]
    texts = [part.text for part in kept if part.kind is PartKind.TEXT]
    text = "\n\n".join(texts)
    if not kept or (len(kept) == 1 and kept[0] == Part(PartKind.TEXT, text)):
        return text, None
    encoded: list[dict[str, Any]] = []
    for part in kept:
        entry: dict[str, Any] = {"kind": part.kind}
        if part.text and not (part.kind is PartKind.TEXT and len(texts) == 1):
            entry["text"] = part.text
        for name in ("name", "media_type", "sha256", "duration_s"):
            if getattr(part, name):
                entry[name] = getattr(part, name)
        encoded.append(entry)
    return text, json.dumps(encoded, ensure_ascii=False)


def decode_parts(text: str, parts: str | None) -> tuple[Part, ...]:
    """The parts that `encode_parts` made the two columns of."""
    if parts is None:
        return text_parts(text)
    entries = json.loads(parts)
    has_one_text = sum(entry["kind"] == PartKind.TEXT for entry in entries) == 1
    return tuple(
        Part(
            kind=(kind := PartKind(entry["kind"])),
            text=text if kind is PartKind.TEXT and has_one_text else entry.get("text", ""),
            name=entry.get("name", ""),
            media_type=entry.get("media_type", ""),
            sha256=entry.get("sha256"),
            duration_s=entry.get("duration_s"),
        )
        for entry in entries
    )


def encode_extra(extra: Mapping[str, Any]) -> str | None:
    """What a foreign program said, as JSON; NULL for nothing."""
    return storable(json.dumps(extra, ensure_ascii=False)) if extra else None


def storable_part(part: Part) -> Part:
    """A part without lone surrogates."""
    return replace(part, text=storable(part.text), name=storable(part.name), media_type=storable(part.media_type))


def _message(row: tuple[Any, ...]) -> StoredMessage:
    identifier, parent_id, role, status, created_at, error, edited_from, source_id, text, parts, extra = row
    return StoredMessage(
        identifier,
        parent_id,
        role,
        decode_parts(text, parts),
        Status(status),
        created_at,
        error,
        edited_from,
        source_id,
        json.loads(extra) if extra else {},
    )
