"""Export to Open WebUI's JSON, which its import reads: chats with their tree, tags, pins, pictures and files.

The ids are Fireside's own and stay the same from export to export.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from app.core.conversation import Part, PartKind, Status, StoredMessage
from app.core.exporters.exporter import Document, ExportedConversation, Exporter, ExportOptions
from app.core.exporters.fireside_json import to_json
from app.core.exporters.outline import data_url, kept_parts, message_branches, model_name, shown_path
from app.core.exporters.tool_use import tool_use


def write(conversations: Iterable[ExportedConversation], options: ExportOptions, document: Document) -> None:
    """One JSON array, a line for each chat."""
    separator = "[\n"
    for conversation in conversations:
        document.write(separator + to_json(_chat(conversation, options)))
        separator = ",\n"
    document.write("[]\n" if separator == "[\n" else "\n]\n")


def _chat(conversation: ExportedConversation, options: ExportOptions) -> dict[str, Any]:
    header, tree = conversation.header, conversation.tree
    path = shown_path(tree)
    # Open WebUI keeps the system prompt with the chat's settings; other system messages stay in the tree.
    prompt = path[0] if path and path[0].role == "system" else None
    kept = {message.id for branch in message_branches(tree, options.branches) for message in branch}
    messages = _messages(conversation, kept - {prompt.id if prompt else ""}, options)
    leaf = path[-1].id if path and path[-1] is not prompt else None
    models = dict.fromkeys(entry["model"] for entry in messages.values() if entry.get("model"))
    return {
        "id": header.id,
        "title": header.title,
        "chat": {
            "id": header.id,
            "title": header.title,
            "models": list(models),
            "params": {"system": prompt.text} if prompt else {},
            "history": {"currentId": leaf, "messages": messages},
            "messages": [messages[message.id] for message in path if message.id in messages],
            "tags": list(header.tags),
            "timestamp": int(header.created_at * 1000),
            "files": [],
        },
        "meta": {"tags": list(header.tags)},
        "pinned": header.is_pinned,
        "archived": False,
        "folder_id": None,
        "created_at": int(header.created_at),
        "updated_at": int(header.updated_at),
    }


def _messages(
    conversation: ExportedConversation, kept: set[str], options: ExportOptions
) -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = {}
    for message in conversation.tree:  # in the order of their making, a parent before its children
        if message.id not in kept:
            continue
        parent = message.parent_id if message.parent_id in entries else None
        entries[message.id] = _entry(conversation, message, parent, options)
        if parent is not None:
            entries[parent]["childrenIds"].append(message.id)
    return entries


def _entry(
    conversation: ExportedConversation, message: StoredMessage, parent: str | None, options: ExportOptions
) -> dict[str, Any]:
    parts = kept_parts(message, options)
    record = conversation.records.get(message.id, {})
    entry: dict[str, Any] = {
        "id": message.id,
        "parentId": parent,
        "childrenIds": [],
        "role": message.role,
        "content": "\n\n".join(filter(None, (_content(part, message) for part in parts))),
        "timestamp": int(message.created_at),
    }
    if files := [_file(part, conversation) for part in parts if part.kind in (PartKind.IMAGE, PartKind.FILE)]:
        entry["files"] = files
    if message.role == "assistant":
        model = model_name(record)
        entry |= {"done": message.status is not Status.STREAMING} | ({"model": model} if model else {})
        if options.settings and (usage := _usage(record)):
            entry["usage"] = usage
    if message.status is Status.FAILED:
        entry["error"] = {"content": message.error or "It failed."}
    return entry


def _content(part: Part, message: StoredMessage) -> str:
    """Thinking and tools as Open WebUI writes them into a message's text."""
    match part.kind:
        case PartKind.TEXT:
            return part.text
        case PartKind.THINKING:
            duration = "" if part.duration_s is None else f' duration="{part.duration_s:.0f}"'
            quoted = escape("\n".join(f"> {line}" for line in part.text.split("\n")))
            return (
                f'<details type="reasoning" done="true"{duration}>\n<summary>Thought</summary>\n{quoted}\n</details>'
            )
        case PartKind.TOOL:
            use = tool_use(part, is_result=message.role == "tool")
            named = {"id": use.id, "name": use.name, "arguments": use.arguments, "result": use.result}
            attributes = "".join(f' {name}="{escape(value)}"' for name, value in named.items() if value is not None)
            return f'<details type="tool_calls" done="true"{attributes}>\n<summary>Tool</summary>\n</details>'
        case _:
            return ""


def _file(part: Part, conversation: ExportedConversation) -> dict[str, Any]:
    data = None if part.sha256 is None else conversation.attachment(part.sha256)
    media_type = part.media_type or "application/octet-stream"
    url = {} if data is None else {"url": data_url(media_type, data)}
    if part.kind is PartKind.IMAGE:
        return {"type": "image", "name": part.name, "content_type": media_type} | url
    inner = {"filename": part.name, "meta": {"name": part.name, "content_type": media_type}}
    return {"type": "file", "name": part.name, "file": inner | {"data": {"content": part.text}}} | url


def _usage(record: Any) -> dict[str, int]:  # Any: records come from other programs too
    timings = record.get("timings")
    named = {"prompt_tokens": "prompt_tokens", "generated_tokens": "completion_tokens"}
    found = timings if isinstance(timings, dict) else {}
    return {theirs: found[ours] for ours, theirs in named.items() if isinstance(found.get(ours), int)}


EXPORTER = Exporter(name="openwebui", title="Open WebUI", ending="json", write=write, is_joint=True)
