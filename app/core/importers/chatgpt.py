"""Import ChatGPT's conversations.json: every branch, every part of a message, the model of each reply.

ChatGPT writes one reply as several rows: thoughts, calls of tools, their results, the text. Rows of a reply that
follow each other without a branch become one message. Rows that it hides (custom instructions, empty system rows) are
left out of the tree and kept in the conversation's `extra["hidden"]`. What it says of a row beside its content is in
the message's `extra` under the row's id. Pictures and files are taken from the files beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part, Status
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, is_one_reply, role_of, said, thinking_part, tool_part
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import conversations
from app.core.importers.lenient import mapping, mappings, rest, seconds, sequence, text

_STATUSES = {"in_progress": Status.INTERRUPTED, "finished_partial_completion": Status.STOPPED}
_FINISHES = {"max_tokens": Status.LENGTH, "interrupted": Status.STOPPED}
_STOP_REASONS = {"max_tokens": "max_tokens", "interrupted": "cancelled", "stop": "end_token"}
_ASSET = re.compile(r"\w[\w-]*://([\w-]+)")
_CITATION = re.compile("\ue200[^\ue200\ue201]*\ue201")  # private characters that its window shows as links
_DURATION = re.compile(r"(\d+)\s*(s|m|h)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def sniff(sample: Sample) -> bool:
    """Conversations with a `mapping` of nodes."""
    return any(isinstance(one.get("mapping"), dict) for one in sample.records)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """One conversation for each entry of the array."""
    return conversations(source, skipped, _conversation)


def _conversation(source: Source, entry: dict[str, Any], skipped: Skipped) -> ImportedConversation | None:
    draft = Draft(source, skipped, seconds(entry.get("create_time")), is_one_reply)
    for node_id, node in mapping(entry.get("mapping")).items():
        _add(draft, node_id, mapping(node))
    extra = rest(
        entry,
        *("title", "create_time", "update_time", "mapping", "current_node"),
        *("id", "conversation_id", "is_archived", "is_starred"),
    )
    return draft.conversation(
        source_id=text(entry.get("conversation_id")) or text(entry.get("id")) or None,
        title=text(entry.get("title")),
        updated_at=seconds(entry.get("update_time")),
        leaf_id=text(entry.get("current_node")),
        is_pinned=entry.get("is_starred") is True,
        is_archived=entry.get("is_archived") is True,
        extra=extra,
    )


def _add(draft: Draft, node_id: str, node: dict[str, Any]) -> None:
    message = mapping(node.get("message"))
    metadata = mapping(message.get("metadata"))
    role = role_of(text(mapping(message.get("author")).get("role")))
    parts = _parts(draft, message, role)
    finish = text(mapping(metadata.get("finish_details")).get("type"))
    model = text(metadata.get("model_slug"))
    record = {"model_name": model, "stop_reason": _STOP_REASONS.get(finish)} if role == "assistant" else {}
    extra = rest(message, "id", "content", "create_time", "author", "status", "weight", "end_turn", "recipient")
    extra |= rest(mapping(message.get("author")), "role")
    draft.add(
        node_id,
        text(node.get("parent")) or None,
        "assistant" if role == "tool" else role,
        parts,
        created_at=seconds(message.get("create_time")),
        status=_FINISHES.get(finish, _STATUSES.get(text(message.get("status")), Status.COMPLETE)),
        record=rest(record),
        extra={node_id: extra} if extra else {},
        is_hidden=not parts or metadata.get("is_visually_hidden_from_conversation") is True,
    )


def _parts(draft: Draft, message: dict[str, Any], role: str) -> tuple[Part, ...]:
    """A row's files, then what it says; what is addressed to a tool or comes from one is a tool's."""
    content = mapping(message.get("content"))
    files = tuple(_attached(draft, one) for one in _attachments(message))
    shown = _content(draft, content)
    recipient = text(message.get("recipient")) or "all"
    written = text(content.get("text")) or "\n\n".join(part.text for part in shown if part.text)
    if role == "assistant" and recipient != "all" and written:
        return (*files, tool_part(recipient, {"arguments": written}))
    if role == "tool" and written:
        name = text(mapping(message.get("author")).get("name"))
        return (*files, tool_part(name, {"result": written}), *(part for part in shown if not part.text))
    references = mappings(mapping(message.get("metadata")).get("content_references"))
    return (*files, *(_with_links(part, references) for part in shown))


def _content(draft: Draft, content: dict[str, Any]) -> tuple[Part, ...]:
    """What one row says, by its `content_type`; a type that is not known here gives whatever text it has."""
    match content.get("content_type"):
        case "thoughts":
            thoughts = mappings(content.get("thoughts"))
            told = ("\n\n".join(_told(one.get("summary"), one.get("content"))) for one in thoughts)
            return (thinking_part("\n\n".join(one for one in told if one)),)
        case "reasoning_recap":
            return (thinking_part("", duration_s=_duration_s(text(content.get("content")))),)
        case "code":
            language = text(content.get("language"))
            fence = language if language.isalnum() and language != "unknown" else ""
            code = text(content.get("text"))
            return said(f"```{fence}\n{code}\n```" if code.strip() else "")
        case "user_editable_context":
            return said("\n\n".join(_told(content.get("user_profile"), content.get("user_instructions"))))
    if isinstance(content.get("parts"), list):
        pieces = (_piece(draft, part) for part in sequence(content["parts"]))
        return tuple(part for some in pieces for part in some)
    keys = ("title", "text", "result", "summary", "content", "url", "model_set_context")
    return said("\n\n".join(_told(*(content.get(key) for key in keys))))


def _piece(draft: Draft, piece: object) -> tuple[Part, ...]:
    if isinstance(piece, str):
        return said(piece)
    record = mapping(piece)
    pointer = record.get("asset_pointer") or mapping(record.get("audio_asset_pointer")).get("asset_pointer")
    if isinstance(pointer, str):
        kind = "image/png" if "image" in text(record.get("content_type")) else "audio/wav"
        return (_asset(draft, pointer, media_type=kind),)
    return said(text(record.get("text")))


def _asset(draft: Draft, pointer: str, *, name: str = "", media_type: str = "") -> Part:
    """A picture or file by its pointer or id: exports hold a file whose name begins with that."""
    found = _ASSET.match(pointer)
    file_id = found[1] if found else pointer
    if not file_id.startswith("file"):
        return draft.file(name or pointer, media_type=media_type)
    return draft.file_beside(file_id, name=name, media_type=media_type)


def _attachments(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of a row that its content does not show already."""
    parts = sequence(mapping(message.get("content")).get("parts"))
    pointers = " ".join(text(mapping(part).get("asset_pointer")) for part in parts)
    attached = mappings(mapping(message.get("metadata")).get("attachments"))
    return [one for one in attached if text(one.get("id")) not in pointers or not text(one.get("id"))]


def _attached(draft: Draft, attachment: dict[str, Any]) -> Part:
    media_type = text(attachment.get("mime_type")) or text(attachment.get("mimeType"))
    return _asset(draft, text(attachment.get("id")), name=text(attachment.get("name")), media_type=media_type)


def _with_links(part: Part, references: list[dict[str, Any]]) -> Part:
    """The text with its citation marks replaced by the links that they stand for."""
    if "\ue200" not in part.text:
        return part
    links = {text(one.get("matched_text")): text(one.get("alt")) for one in references}
    return Part(part.kind, _CITATION.sub(lambda mark: links.get(mark[0], ""), part.text))


def _told(*values: object) -> list[str]:
    return [value for value in values if isinstance(value, str) and value.strip()]


def _duration_s(recap: str) -> float | None:
    """From “Thought for 1m 5s”."""
    found = _DURATION.findall(recap)
    return sum(float(amount) * _SECONDS[unit] for amount, unit in found) if found else None


IMPORTER = Importer(name="chatgpt", title="ChatGPT", sniff=sniff, read=read)
