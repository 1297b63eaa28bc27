"""What an importer hands to the store, and what the store says of it. Importers, rescue and the store share this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.conversation import StoredMessage


@dataclass(frozen=True, slots=True)
class ImportedAttachment:
    """A file's bytes; the `Part` that shows it names their SHA-256 (hexadecimal)."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ImportedConversation:
    """One conversation as its source has it; times in seconds since 1970 (UTC).

    The ids of `messages`, their parents and `leaf_id` are the source's, unique within the conversation; the store
    gives its own and remembers these, so that the same conversation is known when it comes again. Without a
    `source_id` it is known by its text. Parents may be missing or follow their children.
    """

    source_id: str | None
    title: str
    created_at: float
    updated_at: float
    messages: tuple[StoredMessage, ...]
    leaf_id: str | None
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by message id, see reply_record.py
    is_pinned: bool = False
    folder: tuple[str, ...] = ()  # names from the root; made if missing
    tags: tuple[str, ...] = ()
    is_archived: bool = False  # kept in `extra`
    extra: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[ImportedAttachment, ...] = ()
    # Only Fireside's own files know these: where it was imported from at first (source and id), and since when it
    # lies in the bin.
    origin: tuple[str, str | None] | None = None
    deleted_at: float | None = None


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of an import: conversations `added`, `merged` (they had new messages), `unchanged`; new messages.

    `skipped` says in sentences what was left out and why, the first hundred of them.
    """

    import_id: str
    added: int
    merged: int
    unchanged: int
    messages: int
    skipped: tuple[str, ...]
