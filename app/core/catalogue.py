"""What the store gives besides messages: headers of conversations, folders, attachments, search hits, imports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class AnyFolder(Enum):
    """The type of `ANY`."""

    ANY = "any"


ANY = AnyFolder.ANY  # conversations of every folder and of none, where None means of none


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation's header; times in seconds since 1970 (UTC).

    `source` names the importer that brought it and `source_id` the id it had there, None for one begun here. `extra`
    is what the source said of it and Fireside has no place for. `deleted_at` is set while it lies in the bin.
    """

    id: str
    title: str
    created_at: float
    updated_at: float
    folder_id: str | None = None
    is_pinned: bool = False
    tags: tuple[str, ...] = ()  # sorted, without duplicates
    source: str | None = None
    source_id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    deleted_at: float | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of conversations; `position` orders the folders of one parent."""

    id: str
    name: str
    parent_id: str | None
    position: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that messages refer to by its SHA-256; the store keeps one copy of its bytes."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that holds every word of a query, or a conversation whose title does (`message_id` None).

    `snippet` is the text around the first match in pieces; a piece that is True matched.
    """

    conversation_id: str
    title: str
    message_id: str | None
    role: str
    created_at: float
    snippet: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import that can be undone: where it came from, when, and how many conversations are still here."""

    id: str
    source: str
    created_at: float
    conversations: int
