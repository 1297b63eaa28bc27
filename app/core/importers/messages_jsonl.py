"""Import OpenAI's chat messages: a line or an entry a conversation, or one bare array of messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, role_of, said, thinking_part, tool_part, uses_tools
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import records
from app.core.importers.lenient import mapping, mappings, rest, seconds, sequence, text

_KEYS = {"content", "tool_calls", "function_call"}


def sniff(sample: Sample) -> bool:
    """Objects with `messages` of roles, or such messages themselves; Jan's belong to its thread."""
    nested = (message for one in sample.records for message in mappings(one.get("messages")))
    spoken = (one for one in (*nested, *sample.records) if one.get("object") != "thread.message")
    return any("role" in message and _KEYS & message.keys() for message in spoken)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """One conversation for each object with `messages`; messages that stand alone are one together."""
    bare: list[dict[str, Any]] = []
    for entry in records(source, skipped):
        if "messages" not in entry and "role" in entry:
            bare.append(entry)
            continue
        conversation = _conversation(source, skipped, entry)
        if conversation is not None:
            yield conversation
        else:
            skipped.add(f"{source.name}: an entry has no messages.")
    conversation = _conversation(source, skipped, {"messages": bare})
    if conversation is not None:
        yield conversation


def _conversation(source: Source, skipped: Skipped, entry: dict[str, Any]) -> ImportedConversation | None:
    created = seconds(entry.get("created_at")) or seconds(entry.get("created"))
    draft = Draft(source, skipped, created, uses_tools)
    model = text(entry.get("model"))
    before: str | None = None
    for message in mappings(entry.get("messages")):
        before = _add(draft, message, before, model)
    given = text(entry.get("id"))
    return draft.conversation(
        source_id=f"{given}:{draft.first_id()}" if given else before,
        title=text(entry.get("title")),
        leaf_id=before,
        extra=rest(entry, "id", "title", "messages", "model", "created_at", "created"),
    )


def _add(draft: Draft, message: dict[str, Any], before: str | None, model: str) -> str:
    role = role_of(text(message.get("role")))
    thought = text(message.get("reasoning_content")) or text(message.get("reasoning"))
    parts = [*((thinking_part(thought),) if thought.strip() else ())]
    content = message.get("content")
    if role == "tool":
        told = content if isinstance(content, str) else _joined(content)
        parts.append(
            tool_part(text(message.get("name")), rest({"id": message.get("tool_call_id")}) | {"result": told})
        )
    elif isinstance(content, str):
        parts += said(content, role=role)
    else:
        parts += [part for block in mappings(content) for part in _block(draft, block, role)]
    parts += [_call(call) for call in mappings(message.get("tool_calls"))]
    if isinstance(message.get("function_call"), dict):
        parts.append(_call({"function": message["function_call"]}))
    named = text(message.get("model")) or model
    return draft.add(
        None,
        before,
        role,
        parts,
        created_at=seconds(message.get("created_at")),
        record={"model_name": named} if role == "assistant" and named else {},
        extra=rest(
            message,
            *("role", "content", "tool_calls", "function_call", "tool_call_id", "reasoning_content", "reasoning"),
            *("model", "created_at"),
        ),
    )


def _joined(content: object) -> str:
    return "\n\n".join(text(mapping(block).get("text")) for block in sequence(content))


def _block(draft: Draft, block: dict[str, Any], role: str) -> tuple[Part, ...]:
    match block.get("type"):
        case "image_url" | "input_image":
            image = block.get("image_url")
            url = text(mapping(image).get("url")) or text(image)
            return (draft.file("", media_type="image/png", url=url),)
        case "input_audio":
            audio = mapping(block.get("input_audio"))
            media_type = f"audio/{text(audio.get('format')) or 'wav'}"
            return (draft.file("", url=f"data:{media_type};base64,{text(audio.get('data'))}"),)
        case "file":
            file = mapping(block.get("file"))
            return (draft.file(text(file.get("filename")), url=text(file.get("file_data"))),)
    return said(text(block.get("text")) or text(block.get("refusal")), role=role)


def _call(call: dict[str, Any]) -> Part:
    function = mapping(call.get("function"))
    return tool_part(text(function.get("name")), rest({"id": call.get("id"), "arguments": function.get("arguments")}))


IMPORTER = Importer(name="messages", title="OpenAI messages", sniff=sniff, read=read)
