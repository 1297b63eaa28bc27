"""Import ShareGPT's JSON, an array or a line a conversation: turns `from` somebody with a `value`.

Ids in such files often count from zero, so a conversation is known again by its id and its first turn together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.conversation import Part
from app.core.imported import ImportedConversation
from app.core.importers.draft import Draft, role_of, said, tool_part, uses_tools
from app.core.importers.importer import Importer, Sample, Skipped, Source
from app.core.importers.json_records import ParseError, parse, records
from app.core.importers.lenient import mapping, mappings, rest, text


def sniff(sample: Sample) -> bool:
    """Conversations whose turns have `from` and `value`."""
    turns = (turn for one in sample.records for turn in mappings(one.get("conversations")))
    return any("from" in turn and "value" in turn for turn in turns)


def read(source: Source, skipped: Skipped) -> Iterator[ImportedConversation]:
    """One conversation for each entry."""
    for entry in records(source, skipped):
        draft = Draft(source, skipped, joins=uses_tools)
        before: str | None = None
        if text(entry.get("system")).strip():
            before = draft.add(None, None, "system", said(text(entry["system"])))
        for turn in mappings(entry.get("conversations")):
            before = _add(draft, turn, before)
        given = entry.get("id")
        has_id = isinstance(given, str | int) and given != ""
        conversation = draft.conversation(
            source_id=f"{given}:{draft.first_id()}" if has_id else before,
            title=text(entry.get("title")),
            leaf_id=before,
            extra=rest(entry, "id", "title", "system", "conversations"),
        )
        if conversation is not None:
            yield conversation
        else:
            skipped.add(f"{source.name}: an entry has no turns.")


def _add(draft: Draft, turn: dict[str, Any], before: str | None) -> str:
    spoken_by, value = text(turn.get("from")), text(turn.get("value"))
    role = role_of(spoken_by)
    extra = rest(turn, "from", "value")
    return draft.add(None, before, role, _parts(spoken_by, role, value), extra=extra)


def _parts(spoken_by: str, role: str, value: str) -> tuple[Part, ...]:
    if role == "tool":
        return (tool_part("", {"result": value}),)
    if spoken_by == "function_call":
        try:
            call = mapping(parse(value.encode("utf-8", "replace")))
        except ParseError:
            call = {}
        return (tool_part(text(call.get("name")), {"arguments": call.get("arguments", value)}),)
    return said(value, role=role)


IMPORTER = Importer(name="sharegpt", title="ShareGPT", sniff=sniff, read=read)
