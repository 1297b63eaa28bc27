"""Import Claude's conversations.json: branches by `parent_message_uuid`, thinking, tools, what attachments held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, role_of, said, thinking_part, tool_part
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import records
from app.core.importers.lenient import mapping, mappings, rest, seconds, text


def sniff(sample: Sample) -> bool:
    """Conversations with `chat_messages`."""
    return any(isinstance(one.get("chat_messages"), list) for one in sample.records)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """One conversation for each entry of the array."""
    for entry in records(source, skipped):
        draft = Draft(source, skipped, seconds(entry.get("created_at")))
        before: str | None = None
        for message in mappings(entry.get("chat_messages")):
            before = _add(draft, message, before)
        conversation = draft.conversation(
            source_id=text(entry.get("uuid")) or None,
            title=text(entry.get("name")),
            updated_at=seconds(entry.get("updated_at")),
            leaf_id=text(entry.get("current_leaf_message_uuid")),
            is_pinned=entry.get("is_starred") is True,
            folder=(text(mapping(entry.get("project")).get("name")),),
            extra=rest(entry, "uuid", "name", "created_at", "updated_at", "chat_messages", "is_starred"),
        )
        if conversation is not None:
            yield conversation
        else:
            skipped.add(f"{source.name}: “{text(entry.get('name')):.60}” has no messages.")


def _add(draft: Draft, message: dict[str, Any], before: str | None) -> str:
    """Older files name no parent: each message follows the one `before` it."""
    parent = message.get("parent_message_uuid")
    blocks = [part for block in mappings(message.get("content")) for part in _block(draft, block)]
    spoken = blocks or list(said(text(message.get("text"))))
    files = [_file(draft, one) for key in ("attachments", "files", "files_v2") for one in mappings(message.get(key))]
    return draft.add(
        text(message.get("uuid")) or None,
        before if parent is None else text(parent),
        role_of(text(message.get("sender"))),
        (*dict.fromkeys(files), *spoken),
        created_at=seconds(message.get("created_at")),
        extra=rest(
            message,
            *("uuid", "text", "content", "sender", "created_at", "parent_message_uuid"),
            *("attachments", "files", "files_v2"),
        ),
    )


def _block(draft: Draft, block: dict[str, Any]) -> tuple[Part, ...]:
    match block.get("type"):
        case "thinking":
            began, ended = seconds(block.get("start_timestamp")), seconds(block.get("stop_timestamp"))
            lasted = max(ended - began, 0.0) if began and ended else None
            thought = text(block.get("thinking"))
            return (thinking_part(thought, duration_s=lasted),) if thought.strip() else ()
        case "tool_use":
            call = {"id": block.get("id"), "arguments": block.get("input")}
            return (tool_part(text(block.get("name")), rest(call)),)
        case "tool_result":
            told = "\n\n".join(text(one.get("text")) for one in mappings(block.get("content")))
            result = {"id": block.get("tool_use_id"), "result": told or block.get("content")}
            error = {"is_error": True} if block.get("is_error") is True else {}
            return (tool_part(text(block.get("name")), rest(result) | error),)
        case "image":
            image = mapping(block.get("source"))
            url = f"data:{text(image.get('media_type'))};base64,{text(image.get('data'))}"
            return (draft.file(text(block.get("file_name")), media_type="image/png", url=url),)
    return said(text(block.get("text")))


def _file(draft: Draft, file: dict[str, Any]) -> Part:
    declared = text(file.get("file_type"))
    media_type = declared if "/" in declared else "image/png" if file.get("file_kind") == "image" else ""
    return draft.file(text(file.get("file_name")), media_type=media_type, text=text(file.get("extracted_content")))


IMPORTER = Importer(name="claude", title="Claude", sniff=sniff, read=read)
