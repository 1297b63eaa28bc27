"""Import Jan's threads: thread.json with the messages.jsonl beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part, Status
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, role_of, said, thinking_part, tool_part
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import records
from app.core.importers.lenient import count, mapping, mappings, number, rest, seconds, sequence, text

MESSAGES = "messages.jsonl"
_STATUSES = {"pending": Status.INTERRUPTED, "error": Status.FAILED, "stopped": Status.STOPPED}


def sniff(sample: Sample) -> bool:
    """A thread; its messages are found from there."""
    return any(one.get("object") == "thread" for one in sample.records)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """One conversation for each thread."""
    for thread in records(source, skipped):
        draft = Draft(source, skipped, seconds(thread.get("created")))
        assistant = next(iter(mappings(thread.get("assistants"))), {})
        model = text(mapping(assistant.get("model")).get("id")) or text(mapping(thread.get("model")).get("id"))
        before: str | None = None
        if text(assistant.get("instructions")).strip():
            before = draft.add("system", None, "system", said(text(assistant.get("instructions"))))
        beside = source.beside(MESSAGES)
        for message in records(beside, skipped) if beside else ():
            before = _add(draft, message, before, model)
        metadata = mapping(thread.get("metadata"))
        conversation = draft.conversation(
            source_id=text(thread.get("id")) or None,
            title=text(thread.get("title")) or text(metadata.get("title")),
            updated_at=seconds(thread.get("updated")),
            leaf_id=before,
            is_pinned=metadata.get("is_favorite") is True,
            extra=rest(thread, "id", "object", "title", "created", "updated"),
        )
        if conversation is not None and len(draft) > (conversation.messages[0].id == "system"):
            yield conversation
        else:
            skipped.add(f"{source.name} has no messages in {MESSAGES} beside it.")


def _add(draft: Draft, message: dict[str, Any], before: str | None, model: str) -> str:
    role = role_of(text(message.get("role")))
    metadata = mapping(message.get("metadata"))
    parts = [part for block in sequence(message.get("content")) for part in _block(draft, mapping(block), role)]
    parts += [_call(mapping(call)) for call in sequence(metadata.get("tool_calls"))]
    status = _STATUSES.get(text(message.get("status")), Status.COMPLETE)
    named = text(mapping(metadata.get("model")).get("id")) or text(metadata.get("modelId")) or model
    error = text(mapping(metadata.get("error")).get("message")) or text(metadata.get("error")) or "It failed in Jan."
    return draft.add(
        text(message.get("id")) or None,
        before,
        role,
        parts,
        created_at=seconds(message.get("created_at")),
        status=status,
        error=error if status is Status.FAILED else None,
        record=rest({"model_name": named, "timings": _timings(metadata)}) if role == "assistant" else {},
        extra=rest(message, "id", "object", "thread_id", "role", "type", "status", "created_at", "content"),
    )


def _block(draft: Draft, block: dict[str, Any], role: str) -> tuple[Part, ...]:
    """One part of a message; a text is an object with `value`, in some versions a plain string."""
    written = text(mapping(block.get("text")).get("value")) or text(block.get("text"))
    match block.get("type"):
        case "reasoning":
            return (thinking_part(written),) if written.strip() else ()
        case "image_url":
            url = text(mapping(block.get("image_url")).get("url"))
            return (draft.file("", media_type="image/png", url=url),)
        case "tool_call":
            return (_call(block),)
    return said(written, role=role)


def _call(block: dict[str, Any]) -> Part:
    """A call with its result; the call itself may lie under `tool` as OpenAI writes it."""
    function = mapping(mapping(block.get("tool")).get("function")) or mapping(block.get("function"))
    call = {
        "id": block.get("tool_call_id") or block.get("id") or mapping(block.get("tool")).get("id"),
        "arguments": function.get("arguments") or block.get("input") or block.get("args"),
        "result": block.get("output") or block.get("response") or block.get("result"),
    }
    return tool_part(text(function.get("name")) or text(block.get("tool_name")), rest(call))


def _timings(metadata: dict[str, Any]) -> dict[str, float]:
    usage, speed = mapping(metadata.get("usage")), mapping(metadata.get("tokenSpeed"))
    tokens = count(usage.get("completion_tokens", speed.get("tokenCount")))
    rate = number(speed.get("averageSpeed", speed.get("tokenSpeed")))
    timings = {
        "prompt_tokens": count(usage.get("prompt_tokens")),
        "generated_tokens": tokens,
        "decode_s": tokens / rate if tokens and rate else None,
    }
    return rest(timings)


IMPORTER = Importer(name="jan", title="Jan", sniff=sniff, read=read)
