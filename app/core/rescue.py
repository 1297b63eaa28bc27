"""Rescue: reads what is left of a damaged database of any version, and never writes to it.

What comes out is what importers hand to the store, so `Store.add_import(…, source="fireside")` takes it in: ids stay,
and what is there already does not come twice. What lay in the bin inside a conversation is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from app.core.conversation import Status, StoredMessage, text_parts
from app.core.database import StoreError
from app.core.imported import ImportedAttachment, ImportedConversation
from app.core.messages import decode_parts
from app.core.sqlite_pages import Row, SqlitePages, UnreadableError, Value

# How the rows of the tables look, by the kinds of their columns (schema.py); a REAL that is a whole number is stored
# as an integer.
_CONVERSATION_1 = re.compile("TT[IF][IF][NT][NIF]")
_CONVERSATION_2 = re.compile("NTT[IF][IF][NT][NIF][NT]I[NT]{5,6}")  # rows of version 2 end before the settings
_MESSAGE_1 = re.compile("TT[NT]TTT[IF][NT][NT][NIF]")
_MESSAGE_2 = re.compile("NTT[NT]TT[IF][NIF][NT]{4}T[NT][NT]")
_RECORD = re.compile("NT[NB]?")
_FOLDER = re.compile("TT[NT]I[NT]")
_ATTACHMENT = re.compile("TTTIB")

_HEADER_1 = ("id", "title", "created_at", "updated_at", "leaf_id", "deleted_at")
_HEADER_2 = (
    "number",
    *_HEADER_1,
    "folder_id",
    "is_pinned",
    "tags",
    "source",
    "source_id",
    "import_id",
    "extra",
    "settings",
)
_MESSAGE_NAMES_1 = (
    "id",
    "conversation_id",
    "parent_id",
    "role",
    "text",
    "status",
    "created_at",
    "error",
    "record",
    "deleted_at",
)
_MESSAGE_NAMES_2 = (
    "number",
    "id",
    "conversation_id",
    "parent_id",
    "role",
    "status",
    "created_at",
    "deleted_at",
    "edited_from",
    "source_id",
    "import_id",
    "error",
    "text",
    "parts",
    "extra",
)

_Kind = TypeVar("_Kind", dict[str, Any], list[Any])

_STATUSES = frozenset(Status)
_SCHEMA_ROWS = frozenset(["table", "index", "view", "trigger"])  # rows of sqlite_schema look like folders


@dataclass
class _Found:
    """Where the rows of one conversation lie."""

    header: Row | None = None
    messages: list[Row] = field(default_factory=list)


class Rescue:
    """A damaged database that was looked through; `conversations` reads them one by one.

    `unreadable_rows` counts the rows that damage has hit; rows of pages that are lost altogether are in no count.
    """

    def __init__(self, path: Path) -> None:
        """Look through the file. Raises `StoreError` when it cannot be read at all."""
        try:
            self._pages = SqlitePages(path)
        except OSError as error:
            raise StoreError(
                f"“{path.name}” cannot be read: {error.strerror}; check the file and its disk."
            ) from error
        self._found: dict[str, _Found] = {}
        self._records: dict[int, Row] = {}
        self._folders: dict[str, tuple[str, str | None]] = {}
        self._attachments: dict[str, Row] = {}
        self._hit = 0
        for row in self._pages.rows():
            try:
                self._sort(row)
            except UnreadableError:
                self._hit += 1

    def close(self) -> None:
        """Let go of the file."""
        self._pages.close()

    def __len__(self) -> int:
        return len(self._found)

    @property
    def unreadable_rows(self) -> int:
        """How many rows could be seen and not read; complete when all conversations were read."""
        return self._hit + self._pages.unreadable_rows

    def conversations(self) -> Iterator[ImportedConversation]:
        """Every conversation of which something is left."""
        for conversation_id, found in self._found.items():
            yield self._conversation(conversation_id, found)

    def _sort(self, row: Row) -> None:
        """Remember a row under what it is."""
        kinds = row.kinds
        if _CONVERSATION_2.fullmatch(kinds) or _CONVERSATION_1.fullmatch(kinds):
            self._of(self._pages.values(row)[kinds.startswith("N")]).header = row
        elif _MESSAGE_2.fullmatch(kinds) or _MESSAGE_1.fullmatch(kinds):
            self._of(self._pages.values(row)[1 + kinds.startswith("N")]).messages.append(row)
        elif _RECORD.fullmatch(kinds):
            self._records[row.rowid] = row
        elif _ATTACHMENT.fullmatch(kinds):
            self._attachments[str(self._pages.values(row)[0])] = row
        elif _FOLDER.fullmatch(kinds):
            identifier, name, parent_id = map(_text, self._pages.values(row)[:3])
            if identifier and identifier not in _SCHEMA_ROWS:
                self._folders[identifier] = (name or "", parent_id)

    def _of(self, conversation_id: Value) -> _Found:
        return self._found.setdefault(str(conversation_id), _Found())

    def _conversation(self, conversation_id: str, found: _Found) -> ImportedConversation:
        header = self._header(found.header)
        messages: dict[str, StoredMessage] = {}
        records: dict[str, Mapping[str, Any]] = {}
        for row in sorted(found.messages, key=lambda row: row.rowid):
            try:
                message, record = self._message(row)
            except UnreadableError:
                self._hit += 1
                continue
            if message is None:
                continue
            other = messages.get(message.id)
            if other is None or len(other.text) <= len(message.text):  # a lost list of free pages lets old states in
                messages[message.id] = message
                if record:
                    records[message.id] = record
        times = [message.created_at for message in messages.values()] or [0.0]
        source, source_id = header.get("source"), header.get("source_id")
        return ImportedConversation(
            source_id=conversation_id,
            title=header.get("title") or "",
            created_at=header.get("created_at", min(times)),
            updated_at=header.get("updated_at", max(times)),
            messages=tuple(messages.values()),
            leaf_id=header.get("leaf_id"),
            records=records,
            is_pinned=bool(header.get("is_pinned")),
            folder=self._folder(header.get("folder_id")),
            tags=tuple(tag for tag in _json(header.get("tags"), list) if isinstance(tag, str)),
            extra=_json(header.get("extra"), dict),
            attachments=tuple(self._files(messages.values())),
            origin=(source, source_id) if source else None,
            deleted_at=header.get("deleted_at"),
        )

    def _header(self, row: Row | None) -> dict[str, Any]:
        """The columns of a conversation by name; nothing when its row is lost."""
        if row is None:
            return {}
        values = self._pages.values(row)
        names = _HEADER_2 if row.kinds.startswith("N") else _HEADER_1
        return dict(zip(names, values, strict=False))

    def _message(self, row: Row) -> tuple[StoredMessage | None, Mapping[str, Any]]:
        """A message with what it was made of; None for one in the bin. Raises `UnreadableError`."""
        values = self._pages.values(row)
        if row.kinds.startswith("N"):
            named = dict(zip(_MESSAGE_NAMES_2, values, strict=True))
            named["record"] = self._record(row.rowid)
        else:
            named = dict(zip(_MESSAGE_NAMES_1, values, strict=True))
        if named["deleted_at"] is not None:
            return None, {}
        status = named["status"]
        if status not in _STATUSES:
            raise UnreadableError("no status of a message")
        text = str(named["text"])
        try:
            parts = decode_parts(text, _text(named.get("parts")))
        except (ValueError, KeyError, TypeError, RecursionError):
            parts = text_parts(text)
        message = StoredMessage(
            str(named["id"]),
            _text(named["parent_id"]),
            str(named["role"]),
            parts,
            Status(status),
            created_at if isinstance(created_at := named["created_at"], int | float) else 0.0,
            _text(named["error"]),
            _text(named.get("edited_from")),
            _text(named.get("source_id")),
            _json(named.get("extra"), dict),
        )
        return message, _json(named["record"], dict)

    def _record(self, message_number: int) -> Value:
        row = self._records.get(message_number)
        if row is None:
            return None
        try:
            return self._pages.values(row)[1]
        except UnreadableError:
            self._hit += 1
            return None

    def _folder(self, folder_id: str | None) -> tuple[str, ...]:
        """The names of a folder from the root, as far as they are left."""
        names: list[str] = []
        while folder_id in self._folders and len(names) <= len(self._folders):
            name, folder_id = self._folders[folder_id]
            names.insert(0, name)
        return tuple(names)

    def _files(self, messages: Iterable[StoredMessage]) -> Iterator[ImportedAttachment]:
        """The files that messages show, as far as their bytes are whole."""
        for sha256 in {part.sha256: None for message in messages for part in message.parts}:
            row = self._attachments.get(sha256 or "")
            if row is None:
                continue
            try:
                _, name, media_type, _, data = self._pages.values(row)
            except UnreadableError:
                self._hit += 1
                continue
            if isinstance(data, bytes) and hashlib.sha256(data).hexdigest() == sha256:
                yield ImportedAttachment(str(name), str(media_type), data)
            else:
                self._hit += 1


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _json(value: Value, kind: type[_Kind]) -> _Kind:
    """JSON that was stored, if it still is the kind that it was."""
    try:
        content = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        content = None
    return content if isinstance(content, kind) else kind()
