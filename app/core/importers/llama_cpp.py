"""Import the chats of llama.cpp's web window: `conv` with its `messages`, alone or in an array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, role_of, said, thinking_part, tool_part, uses_tools
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import ParseError, parse, records
from app.core.importers.lenient import count, mapping, mappings, number, rest, seconds, text

_MILLISECONDS = 1000


def sniff(sample: Sample) -> bool:
    """Objects with `conv` and `messages`."""
    return any(isinstance(one.get("conv"), dict) and "messages" in one for one in sample.records)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """One conversation for each `conv`."""
    for entry in records(source, skipped):
        conv = mapping(entry.get("conv"))
        draft = Draft(source, skipped, joins=uses_tools)
        for message in mappings(entry.get("messages")):
            _add(draft, message)
        conversation = draft.conversation(
            source_id=text(conv.get("id")) or None,
            title=text(conv.get("name")),
            updated_at=seconds(conv.get("lastModified")),
            leaf_id=text(conv.get("currNode")),
            is_pinned=conv.get("pinned") is True,
            extra=rest(conv, "id", "name", "lastModified", "currNode", "pinned"),
        )
        if conversation is not None:
            yield conversation
        else:
            skipped.add(f"{source.name}: “{text(conv.get('name')):.60}” has no messages.")


def _add(draft: Draft, message: dict[str, Any]) -> None:
    role = role_of(text(message.get("role")))
    thought = text(message.get("reasoningContent")) or text(message.get("thinking"))
    files = tuple(_file(draft, one) for one in mappings(message.get("extra")))
    draft.add(
        text(message.get("id")) or None,
        text(message.get("parent")) or None,
        role,
        (
            *files,
            *((thinking_part(thought),) if thought.strip() else ()),
            *_calls(message.get("toolCalls")),
            *_spoken(message, role),
        ),
        created_at=seconds(message.get("timestamp")),
        record=rest({"model_name": text(message.get("model")), "timings": _timings(mapping(message.get("timings")))}),
        extra=rest(
            message,
            *("id", "convId", "type", "timestamp", "role", "content", "parent", "children", "extra", "timings"),
            *("model", "reasoningContent", "thinking", "toolCalls", "toolCallId"),
        ),
        is_hidden=message.get("type") == "root",
    )


def _spoken(message: dict[str, Any], role: str) -> tuple[Part, ...]:
    written = text(message.get("content"))
    if role == "tool":
        return (tool_part("", rest({"id": message.get("toolCallId"), "result": written})),)
    return said(written, role=role)


def _calls(written: object) -> Iterator[Part]:
    """Tool calls as OpenAI writes them, in a string."""
    try:
        calls = parse(written.encode("utf-8", "replace")) if isinstance(written, str) and written.strip() else written
    except ParseError:
        calls = [{"function": {"arguments": written}}]
    for call in mappings(calls):
        function = mapping(call.get("function"))
        yield tool_part(
            text(function.get("name")), rest({"id": call.get("id"), "arguments": function.get("arguments")})
        )


def _file(draft: Draft, file: dict[str, Any]) -> Part:
    """A picture as a data: URL, a sound as base64, or a document by its text."""
    kind, media_type = text(file.get("type")), text(file.get("mimeType"))
    url = text(file.get("base64Url"))
    if not url and text(file.get("base64Data")):
        url = f"data:{media_type};base64,{text(file.get('base64Data'))}"
    default = "image/png" if kind == "imageFile" else "application/pdf" if kind == "pdfFile" else ""
    name = text(file.get("name")) or ("context" if kind == "context" else "")
    return draft.file(name, media_type=media_type or default, text=text(file.get("content")), url=url)


def _timings(timings: dict[str, Any]) -> dict[str, float]:
    """The server's counts and milliseconds."""
    found = {
        "prompt_tokens": count(timings.get("prompt_n")),
        "reused_tokens": count(timings.get("cache_n")),
        "generated_tokens": count(timings.get("predicted_n")),
        "prefill_s": _seconds(timings.get("prompt_ms")),
        "decode_s": _seconds(timings.get("predicted_ms")),
    }
    return {key: value for key, value in found.items() if value is not None}


def _seconds(milliseconds: object) -> float | None:
    found = number(milliseconds)
    return None if found is None else found / _MILLISECONDS


IMPORTER = Importer(name="llamacpp", title="llama.cpp", sniff=sniff, read=read)
