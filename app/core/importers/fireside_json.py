"""Import Fireside's own JSON, versions 1 and 2: everything as it was exported, with the ids that it had."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part, PartKind, Status, text_parts
from app.core.imported import ImportedAttachment, ImportedConversation
from app.core.importers.draft import Draft
from app.core.importers.importer import Importer, ImportFileError, Sample, Skipped, Source
from app.core.importers.json_records import HEAD_BYTES, records, sample
from app.core.importers.lenient import LATEST_S, mapping, mappings, number, sequence, text

ONE, MANY = "fireside-conversation", "fireside-conversations"
NEWEST = 2
_STATUSES, _KINDS = set(Status), set(PartKind)


def sniff(shown: Sample) -> bool:
    """What `format` says."""
    return any(one.get("format") in (ONE, MANY) for one in shown.records)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """One conversation, or those of the list that the object holds."""
    with source.open() as stream:
        header = next(iter(sample(stream.read(HEAD_BYTES)).records), {})
    within = "conversations" if header.get("format") == MANY else None
    if _is_newer(header):
        raise ImportFileError(f"{source.name} was written by a newer Fireside; update this one to read it.")
    for entry in records(source, skipped, within=within):
        if _is_newer(entry):
            skipped.add(f"{source.name} holds a conversation of a newer Fireside; update this one to read it.")
        else:
            yield _conversation(source, entry, skipped)


def _is_newer(entry: dict[str, Any]) -> bool:
    version = number(entry.get("version"))
    return version is not None and version > NEWEST


def _conversation(source: Source, entry: dict[str, Any], skipped: Skipped) -> ImportedConversation:
    created_at = _moment(entry.get("created_at"))
    draft = Draft(source, skipped, created_at)
    for message in mappings(entry.get("messages")):
        _add(draft, message)
    messages, records_of = draft.messages()
    newest = max((message.created_at for message in messages), default=source.modified_at)
    origin, origin_id = text(entry.get("source")), text(entry.get("source_id"))
    return ImportedConversation(
        source_id=text(entry.get("id")) or None,
        title=text(entry.get("title")),
        created_at=newest if created_at is None else created_at,
        updated_at=newest if (updated_at := _moment(entry.get("updated_at"))) is None else updated_at,
        messages=messages,
        leaf_id=text(entry.get("current_message")) or None,
        records=records_of,
        is_pinned=entry.get("is_pinned") is True,
        folder=tuple(name for one in sequence(entry.get("folder")) if (name := text(one))),
        tags=tuple(tag for one in sequence(entry.get("tags")) if (tag := text(one))),
        extra=mapping(entry.get("extra")),
        attachments=tuple(_attachments(entry, skipped)),
        origin=(origin, origin_id or None) if origin else None,
        deleted_at=_moment(entry.get("deleted_at")),
    )


def _add(draft: Draft, message: dict[str, Any]) -> None:
    """Version 1 had a `text` where there are `parts` now."""
    parts = message.get("parts")
    status = text(message.get("status"))
    draft.add(
        text(message.get("id")) or None,
        text(message.get("parent_id")) or None,
        text(message.get("role")) or "user",
        map(_part, mappings(parts)) if isinstance(parts, list) else text_parts(text(message.get("text"))),
        created_at=_moment(message.get("created_at")),
        status=Status(status) if status in _STATUSES else Status.COMPLETE,
        error=text(message.get("error")) or None,
        record=mapping(message.get("generation")),
        extra=mapping(message.get("extra")),
        edited_from=text(message.get("edited_from")) or None,
        source_id=text(message.get("source_id")) or None,
    )


def _part(part: dict[str, Any]) -> Part:
    kind = text(part.get("kind"))
    return Part(
        PartKind(kind) if kind in _KINDS else PartKind.TEXT,
        text(part.get("text")),
        name=text(part.get("name")),
        media_type=text(part.get("media_type")),
        sha256=text(part.get("sha256")) or None,
        duration_s=number(part.get("duration_s")),
    )


def _attachments(entry: dict[str, Any], skipped: Skipped) -> Iterator[ImportedAttachment]:
    """Those whose bytes are there and are the ones that they claim to be."""
    for attachment in mappings(entry.get("attachments")):
        written = attachment.get("data")
        if not isinstance(written, str):
            continue
        name = text(attachment.get("name"))
        try:
            data = base64.b64decode(written, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if hashlib.sha256(data).hexdigest() == attachment.get("sha256"):
            yield ImportedAttachment(name, text(attachment.get("media_type")), data)
        else:
            skipped.add(f"The attachment “{name:.60}” is damaged, so it was skipped.")


def _moment(value: object) -> float | None:
    found = number(value)
    return found if found is not None and 0 <= found <= LATEST_S else None


IMPORTER = Importer(name="fireside", title="Fireside JSON", sniff=sniff, read=read)
