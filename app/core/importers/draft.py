"""A conversation while it is being read: takes messages in any order and any state, gives a sound tree.

Every importer fills one. What files get wrong is put right here: ids that are missing or used twice, parents that are
missing or form a circle, times that are missing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import mimetypes
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_to_bytes

from app.core.conversation import Part, PartKind, Status, StoredMessage, text_parts, title_of
from app.core.imported import ImportedAttachment, ImportedConversation
from app.core.importers.importer import Skipped, Source
from app.core.thinking import split_thinking

ATTACHED_BYTES = 128 << 20  # the files of one conversation, which is in memory as a whole

_PICTURES = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
_ROLES = {
    "human": "user",
    "prompter": "user",
    "gpt": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "function_call": "assistant",
    "developer": "system",
    "function": "tool",
    "observation": "tool",
    "tool_response": "tool",
}
_KNOWN_ROLES = ("user", "assistant", "system", "tool")
_REPLY_ROLES = ("assistant", "tool")


def role_of(written: str) -> str:
    """One of user, assistant, system and tool; what no program calls by a name we know is taken for the person."""
    lower = written.strip().lower()
    role = _ROLES.get(lower, lower)
    return role if role in _KNOWN_ROLES else "user"


def tool_part(name: str, content: Mapping[str, Any]) -> Part:
    """A tool's call or result; `content` becomes its JSON."""
    return Part(PartKind.TOOL, json.dumps(content, ensure_ascii=False), name=name)


def thinking_part(text: str, *, duration_s: float | None = None) -> Part:
    """What a model thought before its answer."""
    return Part(PartKind.THINKING, text, duration_s=duration_s)


def said(text: str, *, role: str = "") -> tuple[Part, ...]:
    """The parts of a text: of a reply its thinking apart; one that is only spaces says nothing."""
    if not text.strip():
        return ()
    return split_thinking(text) if role == "assistant" else text_parts(text)


def is_one_reply(first: StoredMessage, second: StoredMessage) -> bool:
    """For `Draft.joins`: a reply that is written in several rows, some of them by tools."""
    return first.role in _REPLY_ROLES and second.role in _REPLY_ROLES


def uses_tools(first: StoredMessage, second: StoredMessage) -> bool:
    """For `Draft.joins`: a reply, the tool that it calls, what that gives, and how the reply goes on."""
    return is_one_reply(first, second) and any(
        one.role == "tool" or any(part.kind is PartKind.TOOL for part in one.parts) for one in (first, second)
    )


def digest(*words: str) -> str:
    """A short stand-in for an id, the same for the same words."""
    return hashlib.sha256(repr(words).encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(slots=True)
class Draft:
    """One conversation; without a `created_at` it began with its first message, or when its file was written.

    `joins` says of a message and its only child whether both are one message here.
    """

    source: Source
    skipped: Skipped
    created_at: float | None = None
    joins: Callable[[StoredMessage, StoredMessage], bool] = lambda _, __: False
    _attached_bytes: int = 0
    _messages: dict[str, StoredMessage] = field(default_factory=dict)
    _uses: Counter[str] = field(default_factory=Counter)  # of ids that were taken
    _undated: set[str] = field(default_factory=set)
    _hidden: set[str] = field(default_factory=set)
    _records: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _attachments: dict[str, ImportedAttachment] = field(default_factory=dict)
    _beside: dict[str, Part] = field(default_factory=dict)  # by how their names begin

    def __len__(self) -> int:
        return len(self._messages)

    def add(
        self,
        message_id: str | None,
        parent_id: str | None,
        role: str,
        parts: Iterable[Part],
        *,
        created_at: float | None = None,
        status: Status = Status.COMPLETE,
        error: str | None = None,
        record: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        edited_from: str | None = None,
        source_id: str | None = None,
        is_hidden: bool = False,
    ) -> str:
        """Add a message and return its id.

        Without an id of its own it gets one made of its parent, role and parts: the same file gives the same ids, and
        what was changed in it becomes another branch. An id that is taken by another message gets a number.

        A hidden one is left out of the tree, what is below it moves up, and what it says goes to the conversation's
        `extra["hidden"]`.
        """
        shown = tuple(parts)
        wanted = made = message_id or _content_id(parent_id, role, shown)
        there = self._messages.get(wanted)
        if there is not None and (there.parent_id, there.role, there.parts) == (parent_id, role, shown):
            return wanted
        while made in self._messages:
            self._uses[wanted] += 1
            made = f"{wanted}#{self._uses[wanted] + 1}"
        self._messages[made] = StoredMessage(
            made, parent_id, role, shown, status, created_at or 0.0, error, edited_from, source_id, dict(extra or {})
        )
        if created_at is None:
            self._undated.add(made)
        if record:
            self._records[made] = record
        if is_hidden:
            self._hidden.add(made)
        return made

    def file(
        self, name: str, *, media_type: str = "", text: str = "", data: bytes | None = None, url: str = ""
    ) -> Part:
        """The part for a file or picture: with its bytes where they are given or lie in a data: URL."""
        if data is None and url.startswith("data:"):
            media_type, data = _data_url(url, media_type)
        if data is not None and self._attached_bytes + len(data) > ATTACHED_BYTES:
            self.skipped.add(f"“{name or 'A picture'}” is kept by its name alone: its chat holds too much beside it.")
            data = None
        media_type = _picture_type(data or b"") or media_type or mimetypes.guess_type(name)[0] or ""
        name = name or (url if url and not url.startswith("data:") else "")
        kind = PartKind.IMAGE if media_type.startswith("image/") else PartKind.FILE
        if data is None:
            return Part(kind, text, name=name, media_type=media_type)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._attachments:
            self._attached_bytes += len(data)
            self._attachments[sha256] = ImportedAttachment(name, media_type, data)
        return Part(kind, text, name=name, media_type=media_type, sha256=sha256)

    def file_beside(self, beginning: str, *, name: str = "", media_type: str = "") -> Part:
        """The part for a file next to the source, found by how its name begins; read once."""
        if beginning not in self._beside:
            found = self.source.beside(beginning)
            fits = found is not None and self._attached_bytes + found.size_bytes <= ATTACHED_BYTES
            data = found.data() if found is not None and fits else None
            shown = name or (found.base_name if found else beginning)
            self._beside[beginning] = self.file(shown, media_type=media_type, data=data)
        return self._beside[beginning]

    def first_id(self) -> str:
        """The id of the first message that is not a system prompt; what it says, where ids are made of that."""
        return next((one.id for one in self._messages.values() if one.role != "system"), "")

    def conversation(
        self,
        *,
        source_id: str | None,
        title: str = "",
        updated_at: float | None = None,
        leaf_id: str | None = None,
        is_pinned: bool = False,
        is_archived: bool = False,
        folder: Iterable[str] = (),
        tags: Iterable[str] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> ImportedConversation | None:
        """The conversation with every message behind its parent, or None when it has no messages.

        A title that is missing is made from the first words; a shown path that is missing ends with the newest
        message.
        """
        created_at = self._began_at()
        ordered = self._ordered(created_at)
        messages, place = self._condensed(ordered)
        if not messages:
            return None
        hidden = [_told(one) for one in ordered if one.id in self._hidden and one.parts]
        newest = max(messages, key=lambda message: message.created_at)
        if all(message.created_at == newest.created_at for message in messages):
            newest = messages[-1]
        speaks = next((m for m in messages if m.role == "user" and m.text.strip()), messages[0])
        return ImportedConversation(
            source_id=source_id,
            title=" ".join(title.split()) or title_of(speaks.text) or "Untitled",
            created_at=created_at,
            updated_at=max(updated_at or 0.0, newest.created_at, created_at),
            messages=messages,
            leaf_id=place.get(leaf_id or "") or newest.id,
            records={message.id: self._records[message.id] for message in messages if message.id in self._records},
            is_pinned=is_pinned,
            folder=tuple(name for name in (" ".join(one.split()) for one in folder) if name),
            tags=tuple(sorted({" ".join(tag.split()) for tag in tags} - {""})),
            is_archived=is_archived,
            extra=dict(extra or {}) | ({"hidden": hidden} if hidden else {}),
            attachments=tuple(self._attachments.values()),
        )

    def messages(self) -> tuple[tuple[StoredMessage, ...], Mapping[str, Mapping[str, Any]]]:
        """The messages alone, every parent before its children, and the records of the replies."""
        messages, _ = self._condensed(self._ordered(self._began_at()))
        return messages, {one.id: self._records[one.id] for one in messages if one.id in self._records}

    def _began_at(self) -> float:
        dated = (one.created_at for one in self._messages.values() if one.id not in self._undated)
        return self.created_at or min(dated, default=self.source.modified_at)

    def _ordered(self, created_at: float) -> list[StoredMessage]:
        """Parents before children; a missing parent and a circle's first message make a root.

        The file's order is kept where parents come first in it; otherwise siblings are ordered by time.
        """
        ordered: dict[str, StoredMessage] = {}
        for message_id, parent_id in self._parents_first():
            message = self._messages[message_id]
            moment = message.created_at
            if message_id in self._undated:
                moment = ordered[parent_id].created_at if parent_id else created_at
            if (message.parent_id, message.created_at) != (parent_id, moment):
                message = replace(message, parent_id=parent_id, created_at=moment)
            ordered[message_id] = message
        return list(ordered.values())

    def _parents_first(self) -> Iterator[tuple[str, str | None]]:
        """Every id with the parent that it has in a sound tree."""
        parents = {
            one.id: one.parent_id if one.parent_id in self._messages else None for one in self._messages.values()
        }
        place = {message_id: number for number, message_id in enumerate(parents)}
        if all(parent is None or place[parent] < place[message_id] for message_id, parent in parents.items()):
            yield from parents.items()
            return
        children: dict[str | None, list[str]] = {}
        for message_id, parent in parents.items():
            children.setdefault(parent, []).append(message_id)
        reached: set[str] = set()
        for root in (*children.get(None, ()), *parents):  # what the roots do not reach is a circle
            waiting: list[tuple[str, str | None]] = [(root, None)]
            while waiting:
                message_id, parent = waiting.pop()
                if message_id not in reached:
                    reached.add(message_id)
                    yield message_id, parent
                    below = sorted(children.get(message_id, ()), key=lambda one: self._messages[one].created_at)
                    waiting.extend((one, message_id) for one in reversed(below))

    def _condensed(self, ordered: Iterable[StoredMessage]) -> tuple[tuple[StoredMessage, ...], dict[str, str | None]]:
        """The messages that are shown, and for every id the message that it became part of or lies below of."""
        kept: dict[str, list[StoredMessage]] = {}  # the rows of each message, the first with its id
        place: dict[str, str | None] = {}
        above: dict[str, str | None] = {}  # the nearest shown row above
        followers: Counter[str | None] = Counter()
        for message in ordered:
            parent = message.parent_id
            above[message.id] = above[parent] if parent in self._hidden else parent
            if message.id not in self._hidden:
                followers[above[message.id]] += 1
        for message in ordered:
            row = above[message.id]
            head = place[row] if row else None
            if message.id in self._hidden:
                place[message.id] = head
            elif head and row and followers[row] == 1 and self.joins(self._messages[row], message):
                place[message.id] = head
                kept[head].append(message)
            else:
                place[message.id] = message.id
                kept[message.id] = [message if message.parent_id == head else replace(message, parent_id=head)]
        for head, rows in kept.items():
            record = {key: value for row in rows for key, value in self._records.get(row.id, {}).items()}
            if record:
                self._records[head] = record
        return tuple(_joined(rows) for rows in kept.values()), place


def _joined(rows: list[StoredMessage]) -> StoredMessage:
    """One message of several rows; a thinking without text tells how long the one before it took."""
    if len(rows) == 1:
        return rows[0]
    parts: list[Part] = []
    for part in (part for row in rows for part in row.parts):
        if parts and parts[-1].kind is part.kind is PartKind.THINKING and not part.text:
            parts[-1] = replace(parts[-1], duration_s=part.duration_s)
        else:
            parts.append(part)
    extra = {key: value for row in rows for key, value in row.extra.items()}
    return replace(rows[0], parts=tuple(parts), status=rows[-1].status, error=rows[-1].error, extra=extra)


def _told(message: StoredMessage) -> dict[str, Any]:
    """A hidden message as JSON."""
    said = "\n\n".join(part.text for part in message.parts if part.text)
    return {"id": message.id, "role": message.role, "text": said, **message.extra}


def _content_id(parent_id: str | None, role: str, parts: tuple[Part, ...]) -> str:
    said = (word for part in parts for word in (part.kind.value, part.text, part.name, part.sha256 or ""))
    return digest(parent_id or "", role, *said)


def _picture_type(data: bytes) -> str:
    """The media type of a picture by its first bytes; exports name them wrongly."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _PICTURES.items() if data.startswith(magic)), "")


def _data_url(url: str, media_type: str) -> tuple[str, bytes | None]:
    """The media type and bytes of a data: URL (RFC 2397); None for one that is broken."""
    header, _, written = url[5:].partition(",")
    declared, *parameters = header.split(";")
    try:
        raw = unquote_to_bytes(written)
        return declared or media_type, base64.b64decode(raw, validate=True) if "base64" in parameters else raw
    except (binascii.Error, ValueError):
        return declared or media_type, None
