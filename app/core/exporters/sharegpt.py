"""Export to ShareGPT's JSON: turns `from` somebody with a `value`; for training and for other programs.

With every branch there is an entry for each end of the tree. Thinking stands in <think> marks before its answer, a
text file in a fence; pictures have no place in this format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.core.conversation import PartKind, StoredMessage
from app.core.exporters.exporter import Document, ExportedConversation, Exporter, ExportOptions
from app.core.exporters.fireside_json import to_json
from app.core.exporters.outline import kept_parts, paths
from app.core.exporters.safe_markdown import fenced
from app.core.exporters.tool_use import tool_use

_SPEAKERS = {"system": "system", "assistant": "gpt", "tool": "observation"}


def write(conversations: Iterable[ExportedConversation], options: ExportOptions, document: Document) -> None:
    """One JSON array, a line for each entry; nothing for a conversation that says nothing."""
    separator = "[\n"
    for conversation in conversations:
        header = conversation.header
        for number, path in enumerate(paths(conversation.tree, options.branches), 1):
            turns = [turn for message in path for turn in _turns(message, options)]
            if turns:
                entry_id = header.id if number == 1 else f"{header.id}-{number}"
                entry = {"id": entry_id, "title": header.title, "conversations": turns}
                document.write(separator + to_json(entry))
                separator = ",\n"
    document.write("[]\n" if separator == "[\n" else "\n]\n")


def _turns(message: StoredMessage, options: ExportOptions) -> Iterator[dict[str, Any]]:
    """What a message says; a tool's call and result are turns of their own."""
    speaker = _SPEAKERS.get(message.role, "human")
    said: list[str] = []
    for part in kept_parts(message, options):
        match part.kind:
            case PartKind.TEXT:
                said.append(part.text)
            case PartKind.THINKING:
                said.append(f"<think>\n{part.text}\n</think>")
            case PartKind.FILE if part.text:
                said.append(f"{part.name}\n{fenced(part.text, '')}")
            case PartKind.TOOL:
                yield from _turn(speaker, said)
                said = []
                use = tool_use(part, is_result=message.role == "tool")
                if use.arguments is not None:
                    yield {"from": "function_call", "value": to_json({"name": use.name, "arguments": use.arguments})}
                if use.result is not None:
                    yield {"from": "observation", "value": use.result}
    yield from _turn(speaker, said)


def _turn(speaker: str, said: list[str]) -> Iterator[dict[str, Any]]:
    value = "\n\n".join(said)
    if value.strip():
        yield {"from": speaker, "value": value}


EXPORTER = Exporter(name="sharegpt", title="ShareGPT", ending="json", write=write, is_joint=True)
