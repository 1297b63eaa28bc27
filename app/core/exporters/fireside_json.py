"""Export to Fireside's own JSON, which loses nothing: every branch, what each reply was made of, every attachment.

docs/formats.md describes it, resources/schemas/fireside-conversations-2.schema.json is its JSON Schema. Each message
is one line, so that files can be compared and large ones are written as they are made.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.core.conversation import Part, StoredMessage
from app.core.exporters.exporter import Document, ExportedConversation, Exporter, ExportOptions

ONE, MANY = "fireside-conversation", "fireside-conversations"  # what `format` says
VERSION = 2


def write(conversations: Iterable[ExportedConversation], options: ExportOptions, document: Document) -> None:
    """One conversation as an object of its own, several as a list inside one."""
    remaining = iter(conversations)
    first = list(itertools.islice(remaining, 2))
    is_one = len(first) == 1
    document.write(f'{{\n"format": "{ONE if is_one else MANY}",\n"version": {VERSION},\n')
    if not is_one:
        document.write('"conversations": [')
    for number, conversation in enumerate(itertools.chain(first, remaining)):
        if not is_one:
            document.write(",\n{\n" if number else "\n{\n")
        for piece in _pieces(conversation, options):
            document.write(piece)
        document.write("}" if is_one else "\n}")
    document.write("\n" if is_one else "]\n}\n")


def _pieces(conversation: ExportedConversation, options: ExportOptions) -> Iterator[str]:
    """The fields of a conversation, without the braces around them."""
    header = conversation.header
    fields: dict[str, Any] = {
        "id": header.id,
        "title": header.title,
        "created_at": header.created_at,
        "updated_at": header.updated_at,
        "folder": conversation.folder,
        "is_pinned": header.is_pinned,
        "tags": header.tags,
        "source": header.source,
        "source_id": header.source_id,
        "extra": header.extra,
        "deleted_at": header.deleted_at,
        "current_message": conversation.tree.leaf_id,
    }
    for name, value in fields.items():
        yield f'"{name}": {to_json(value)},\n'
    yield from _list("messages", (_message(conversation, message) for message in conversation.tree))
    yield ",\n"
    yield from _list("attachments", _attachments(conversation, options))
    yield "\n"


def _list(name: str, items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield f'"{name}": ['
    for number, item in enumerate(items):
        yield ("\n" if number == 0 else ",\n") + to_json(item)
    yield "]"


def _message(conversation: ExportedConversation, message: StoredMessage) -> dict[str, Any]:
    optional = {
        "error": message.error,
        "edited_from": message.edited_from,
        "source_id": message.source_id,
        "extra": dict(message.extra),
        "generation": conversation.records.get(message.id),
    }
    return {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": message.role,
        "parts": [_part(part) for part in message.parts],
        "status": message.status,
        "created_at": message.created_at,
    } | {name: value for name, value in optional.items() if value not in (None, {})}


def _part(part: Part) -> dict[str, Any]:
    optional = {
        "name": part.name,
        "media_type": part.media_type,
        "sha256": part.sha256,
        "duration_s": part.duration_s,
    }
    return {"kind": part.kind, "text": part.text} | {
        name: value for name, value in optional.items() if value not in (None, "")
    }


def _attachments(conversation: ExportedConversation, options: ExportOptions) -> Iterator[dict[str, Any]]:
    """Every attachment once; `data` is missing where only the name is known or attachments are left out."""
    written: set[str] = set()
    for message in conversation.tree:
        for part in message.parts:
            if part.sha256 is None or part.sha256 in written:
                continue
            written.add(part.sha256)
            entry = {"sha256": part.sha256, "name": part.name, "media_type": part.media_type}
            data = conversation.attachment(part.sha256) if options.attachments else None
            yield entry if data is None else entry | {"data": base64.b64encode(data).decode("ascii")}


def to_json(value: Any) -> str:  # Any: whatever JSON holds
    """Compact JSON; NaN and infinities, which JSON lacks, become null."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:  # Any: whatever JSON holds
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


EXPORTER = Exporter(name="json", title="Fireside JSON", ending="json", write=write, is_joint=True, is_whole=True)
