"""Import Open WebUI's chats: the tree of `history`, several models side by side, tags, pins, pictures, files."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part, Status
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, role_of, said, thinking_part, tool_part
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import conversations
from app.core.importers.lenient import count, mapping, mappings, number, rest, seconds, sequence, text

_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_SUMMARY = re.compile(r"\s*<summary>[^<]*</summary>")
_NANOSECONDS = 1e9
_SAMPLER = {
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "repeat_penalty": "repetition_penalty",
    "seed": "seed",
}


def sniff(sample: Sample) -> bool:
    """Chats with a `history` of messages, alone or under `chat`."""
    return any(_is_chat(mapping(one.get("chat")) or one) for one in sample.records)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """One conversation for each entry of the array."""
    return conversations(source, skipped, _conversation)


def _is_chat(chat: dict[str, Any]) -> bool:
    return isinstance(mapping(chat.get("history")).get("messages"), dict)


def _conversation(source: Source, entry: dict[str, Any], skipped: Skipped) -> ImportedConversation | None:
    chat = mapping(entry.get("chat")) or entry
    history = mapping(chat.get("history"))
    params = mapping(chat.get("params"))
    draft = Draft(source, skipped, seconds(entry.get("created_at")) or seconds(chat.get("timestamp")))
    system = text(params.get("system")) or text(chat.get("system"))
    root = draft.add("system", None, "system", said(system)) if system.strip() else None
    sampler = {ours: found for key, ours in _SAMPLER.items() if (found := number(params.get(key))) is not None}
    before = root
    listed = {str(place): one for place, one in enumerate(mappings(chat.get("messages")))}
    for key, message in (mapping(history.get("messages")) or listed).items():
        before = _add(draft, key, mapping(message), before=root if history else before, sampler=sampler)
    meta = mapping(entry.get("meta"))
    tags = [text(tag) or text(mapping(tag).get("name")) for key in (meta, chat) for tag in sequence(key.get("tags"))]
    extra = rest(
        entry, "title", "chat", "pinned", "archived", "created_at", "updated_at", "history", "messages", "id"
    )
    extra |= rest(chat, *extra, "title", "history", "messages", "params", "timestamp", "tags", "id", "system")
    return draft.conversation(
        source_id=text(entry.get("id")) or text(chat.get("id")) or None,
        title=text(entry.get("title")) or text(chat.get("title")),
        updated_at=seconds(entry.get("updated_at")),
        leaf_id=text(history.get("currentId")),
        is_pinned=entry.get("pinned") is True,
        is_archived=entry.get("archived") is True,
        folder=(text(mapping(entry.get("folder")).get("name")),),
        tags=tags,
        extra=extra | ({"params": params} if params else {}),
    )


def _add(draft: Draft, key: str, message: dict[str, Any], *, before: str | None, sampler: dict[str, float]) -> str:
    """One message, behind its parent or else behind `before`."""
    role = role_of(text(message.get("role")))
    files = tuple(_file(draft, one) for one in mappings(message.get("files")))
    parts = (*files, *_content(text(message.get("content")), role))
    complaint = message.get("error")
    failed = text(complaint) or text(mapping(complaint).get("content")) or ("It failed." if complaint else "")
    status = Status.FAILED if failed else Status.INTERRUPTED if message.get("done") is False else Status.COMPLETE
    record: dict[str, Any] = {}
    if role == "assistant":
        usage = mapping(message.get("usage")) or mapping(message.get("info"))
        record = {"model_name": text(message.get("model")), "sampler": sampler, "timings": _timings(usage)}
    extra = rest(
        message,
        *("id", "parentId", "childrenIds", "role", "content", "timestamp", "model", "done", "error"),
        *("usage", "info", "files"),
    )
    return draft.add(
        text(message.get("id")) or key,
        text(message.get("parentId")) or before,
        role,
        parts,
        created_at=seconds(message.get("timestamp")),
        status=status,
        error=failed or None,
        record=rest(record),
        extra=extra,
    )


def _content(written: str, role: str) -> Iterator[Part]:
    """The text with its <details> blocks, in which thinking and tools are stored, as parts of their own."""
    at = 0
    while (begin := written.find('<details type="', at)) >= 0:
        inside, end = written.find(">", begin) + 1, written.find("</details>", begin)
        if not 0 < inside <= end:
            break
        yield from said(written[at:begin].strip("\n"))
        yield from _details(dict(_ATTRIBUTE.findall(written[begin:inside])), written[inside:end])
        at = end + len("</details>")
    yield from said(written[at:].strip("\n")) if at else said(written, role=role)


def _details(attributes: dict[str, str], body: str) -> tuple[Part, ...]:
    if attributes.get("type") == "tool_calls":
        call = {key: html.unescape(attributes.get(key, "")) for key in ("id", "arguments", "result")}
        return (tool_part(attributes.get("name", ""), rest(call)),)
    lines = html.unescape(_SUMMARY.sub("", body, count=1)).strip("\n").split("\n")
    shown = "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
    if attributes.get("type") == "reasoning":
        lasted = attributes.get("duration", "")
        return (thinking_part(shown, duration_s=float(lasted) if lasted.isdecimal() else None),)
    return said(shown)


def _timings(usage: dict[str, Any]) -> dict[str, float]:
    """Counts as OpenAI or Ollama name them, times as Ollama gives them (nanoseconds)."""
    found = {
        "prompt_tokens": count(usage.get("prompt_tokens", usage.get("prompt_eval_count"))),
        "generated_tokens": count(usage.get("completion_tokens", usage.get("eval_count"))),
        "prefill_s": _nanoseconds(usage.get("prompt_eval_duration")),
        "decode_s": _nanoseconds(usage.get("eval_duration")),
    }
    return {key: value for key, value in found.items() if value is not None}


def _nanoseconds(value: object) -> float | None:
    found = number(value)
    return None if found is None else found / _NANOSECONDS


def _file(draft: Draft, file: dict[str, Any]) -> Part:
    inner = mapping(file.get("file"))
    meta = mapping(inner.get("meta"))
    is_picture = file.get("type") == "image"
    media_type = text(meta.get("content_type")) or text(file.get("content_type"))
    return draft.file(
        text(file.get("name")) or text(inner.get("filename")) or text(meta.get("name")),
        media_type=media_type or ("image/png" if is_picture else ""),
        text=text(mapping(inner.get("data")).get("content")),
        url=text(file.get("url")),
    )


IMPORTER = Importer(name="openwebui", title="Open WebUI", sniff=sniff, read=read)
