"""Import GPT4All's gpt4all-*.chat files, which only GPT4All itself could read.

The order of the fields is that of Chat::serialize, ChatLLM::serialize and ChatItem::serialize in gpt4all-chat/src of
nomic-ai/gpt4all, versions 1 to 12; older files have no magic number. A damaged file gives the messages before the
damage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from app.core.conversation import Part, Status
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, said, thinking_part, tool_part
from app.core.importers.importer import Importer, ImportFileError, Sample, Skipped, Source
from app.core.importers.lenient import rest, seconds
from app.core.importers.qt_stream import QtStream

MAGIC = 0xF5D553CC
NEWEST = 12
_MAGIC_BYTES = MAGIC.to_bytes(4, "big")
_ITEM_BYTES = 20  # the least that an item takes
_DEPTH = 16  # GPT4All nests sub-items two deep
_ROLES = {"System: ": "system", "Prompt: ": "user", "Response: ": "assistant"}
_THINKING_MARKS = ("<think>", "</think>")


@dataclass(slots=True)
class _Item:
    """One message, or one part of a reply."""

    name: str
    value: str = ""
    new_response: str = ""
    was_stopped: bool = False
    thumb: str = ""
    is_error: bool = False
    sources: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[tuple[str, bytes]] = field(default_factory=list)
    tool: dict[str, Any] = field(default_factory=dict)
    thinking_ms: int = 0
    inside: list[_Item] = field(default_factory=list)


def sniff(sample: Sample) -> bool:
    """The magic number."""
    return sample.head.startswith(_MAGIC_BYTES)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """The chat of one file."""
    with source.open() as raw:
        stream = QtStream(raw, size_bytes=source.size_bytes, name=source.name)
        stream.uint32()
        version = stream.int32()
        if not 1 <= version <= NEWEST:
            raise ImportFileError(
                f"{source.name} was written by a newer GPT4All (format {version}, known are 1 to {NEWEST})."
            )
        created_at = seconds(stream.int64())
        chat_id, title = stream.string(), stream.string()
        user_name, model = stream.string(), stream.string()
        collections = stream.strings() if version >= 3 else []
        if version < 11:
            _skip_engine(stream, version)
        draft = Draft(source, skipped, created_at)
        before: str | None = None
        try:
            for _ in range(stream.count(stream.int32(), item_bytes=_ITEM_BYTES)):
                before = _add(draft, _item(stream, version), before, model)
        except ImportFileError as error:
            skipped.add(f"{error} The messages before that were kept.")
    conversation = draft.conversation(
        source_id=chat_id or None,
        title=title,
        leaf_id=before,
        extra=rest({"user_name": user_name, "collections": collections, "model": model}),
    )
    if conversation is not None:
        yield conversation
    else:
        skipped.add(f"{source.name} has no messages.")


def _skip_engine(stream: QtStream, version: int) -> None:
    """ChatLLM's state, which versions 1 to 10 keep before the messages."""
    has_state = stream.boolean() if version >= 6 else True
    if version >= 2:
        stream.int32()  # model type
        stream.int32()  # state version
    stream.string()  # response
    stream.string()  # generated name
    stream.int32()  # prompt and response tokens
    if not has_state:
        return
    if version < 4:
        stream.int32()  # response logits
    stream.int32()  # n_past
    if version >= 7:
        stream.int32()  # n_ctx
    if version < 9:
        stream.skip(4 * stream.uint64())  # logits
    stream.skip(4 * stream.uint64())  # tokens
    stream.skip_bytes()  # the model's state


def _item(stream: QtStream, version: int) -> _Item:
    if version < 12:
        stream.int32()  # an id that was never used
    item = _Item(_name(stream), stream.string())
    if version < 10:
        stream.string()  # the prompt again
    item.new_response = stream.string()
    stream.boolean()  # whether it was the newest reply
    item.was_stopped = stream.boolean()
    up, down = stream.boolean(), stream.boolean()
    item.thumb = "up" if up else "down" if down else ""
    if version >= 11 and item.name == "Response: ":
        item.is_error = stream.boolean()
    if version >= 8:
        item.sources = [_source(stream) for _ in range(stream.count(stream.int64(), item_bytes=40))]
    elif version >= 3:
        item.sources = [rest({"reference": stream.string(), "text": stream.strings()})]
    if version >= 10:
        pairs = range(stream.count(stream.int64(), item_bytes=8))
        item.attachments = [(stream.byte_array().decode("utf-8", "replace"), stream.byte_array()) for _ in pairs]
    if version >= 12:
        item.inside = _inside(stream, depth=1)
    return item


def _name(stream: QtStream) -> str:
    name = stream.string()
    if name not in (*_ROLES, "Text: ", "ToolCall: ", "ToolResponse: ", "Think: "):
        raise ImportFileError(f"GPT4All's file holds an unknown kind of message, {name!r:.40}.")
    return name


def _source(stream: QtStream) -> dict[str, Any]:
    """An excerpt from a document that the reply was based on."""
    keys = ("collection", "path", "file", "title", "author", "date", "text")
    excerpt: dict[str, Any] = {key: stream.string() for key in keys}
    lines = {key: stream.int32() for key in ("page", "from", "to")}
    return rest(excerpt) | {key: value for key, value in lines.items() if value != -1}


def _inside(stream: QtStream, *, depth: int) -> list[_Item]:
    if depth > _DEPTH:
        raise ImportFileError("GPT4All's file nests its messages too deeply.")
    items = []
    for _ in range(stream.count(stream.int64(), item_bytes=16)):
        item = _Item(_name(stream), stream.string())
        if item.name == "ToolCall: ":
            item.tool = _tool(stream)
        elif item.name == "Think: ":
            item.thinking_ms = stream.int32()
        item.inside = _inside(stream, depth=depth + 1)
        items.append(item)
    return items


def _tool(stream: QtStream) -> dict[str, Any]:
    tool: dict[str, Any] = {"name": stream.string(), "arguments": {}}
    for _ in range(stream.count(stream.int64(), item_bytes=13)):
        name, _ = stream.string(), stream.int32()
        tool["arguments"][name] = stream.variant()
    tool["result"] = stream.string()
    if error := stream.int32():
        tool["error"] = error
    tool["error_text"] = stream.string()
    return rest(tool)


def _add(draft: Draft, item: _Item, before: str | None, model: str) -> str:
    role = _ROLES.get(item.name, "assistant")
    files = [_file(draft, url, data) for url, data in item.attachments]
    parts = [*files, *(part for one in item.inside for part in _parts(one)), *said(item.value, role=role)]
    status = Status.FAILED if item.is_error else Status.STOPPED if item.was_stopped else Status.COMPLETE
    return draft.add(
        None,
        before,
        role,
        parts,
        status=status,
        error="It failed in GPT4All." if item.is_error else None,
        record={"model_name": model} if role == "assistant" and model else {},
        extra=rest({"sources": item.sources, "new_response": item.new_response, "thumb": item.thumb}),
    )


def _parts(item: _Item) -> Iterator[Part]:
    """A part of a reply; a “Response: ” inside one only holds others."""
    for one in item.inside:
        yield from _parts(one)
    match item.name:
        case "Think: ":
            began, ended = _THINKING_MARKS
            thought = item.value.strip().removeprefix(began).removesuffix(ended).strip()
            if thought:
                yield thinking_part(thought, duration_s=item.thinking_ms / 1000 if item.thinking_ms > 0 else None)
        case "ToolCall: ":
            yield tool_part(item.tool.get("name", ""), rest(item.tool, "name") | rest({"call": item.value}))
        case "ToolResponse: ":
            yield tool_part("", {"result": item.value})
        case _:
            yield from said(item.value)


def _file(draft: Draft, url: str, data: bytes) -> Part:
    """A text is read by the model; anything else, such as a table, is only kept."""
    name = unquote(url).rpartition("/")[2]
    try:
        written = data.decode()
    except UnicodeDecodeError:
        written = ""
    return draft.file(name, text="" if "\0" in written else written, data=data)


IMPORTER = Importer(name="gpt4all", title="GPT4All", sniff=sniff, read=read)
