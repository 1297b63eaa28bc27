"""Export to Markdown: readable as it stands, and showing in every reader what the window shows."""

from __future__ import annotations

from app.core.conversation import Part, PartKind
from app.core.exporters.exporter import Document, ExportedConversation, Exporter, ExportOptions, one_each
from app.core.exporters.outline import (
    SHOWN_IMAGES,
    Turn,
    one_line,
    outline,
    printable,
    thinking_title,
    time_text,
)
from app.core.exporters.safe_markdown import closed, fenced, inert


def write(conversation: ExportedConversation, options: ExportOptions, document: Document) -> None:
    """A heading for the conversation, one for each message with its time, and the text as it was written.

    Text files stand in fences; images and other files lie in a folder beside the document.
    """
    header = conversation.header
    document.write(f"# {inert(one_line(header.title))}\n\n*{time_text(header.created_at)}*\n")
    branches = outline(conversation, options)
    for branch in branches:
        if branch.title is not None:
            document.write(f"\n---\n\n# {branch.title}\n")
        for turn in branch.turns:
            for paragraph in _turn(turn, conversation, document, is_numbered=len(branches) > 1):
                document.write(f"\n{paragraph}\n")


def _turn(turn: Turn, conversation: ExportedConversation, document: Document, *, is_numbered: bool) -> list[str]:
    number = f"{turn.number}. " if is_numbered else ""
    heading = " — ".join(filter(None, (f"## {number}{inert(turn.speaker)}", turn.time)))
    paragraphs = [heading, *(_part(part, conversation, document) for part in turn.parts)]
    if turn.ending is not None:
        paragraphs.append(f"*({inert(turn.ending)})*")
    if turn.settings:
        paragraphs.append("; ".join(f"*{label}:* {inert(value)}" for label, value in turn.settings))
    return [paragraph for paragraph in paragraphs if paragraph.strip()]


def _part(part: Part, conversation: ExportedConversation, document: Document) -> str:
    name = one_line(part.name)
    match part.kind:
        case PartKind.TEXT:
            return closed(inert(printable(part.text).strip("\n")))
        case PartKind.THINKING:
            thought = closed(inert(printable(part.text).strip("\n")))
            lines = [f"**{thinking_title(part)}**", "", *thought.split("\n")]
            return "\n".join(f"> {line}".rstrip() for line in lines)
        case PartKind.TOOL:
            return f"**{inert(name) or 'Tool'}**\n\n{fenced(printable(part.text), 'json')}"
        case PartKind.IMAGE | PartKind.FILE:
            return _attachment(part, inert(name) or "file", conversation, document)


def _attachment(part: Part, name: str, conversation: ExportedConversation, document: Document) -> str:
    shown = [f"**{name}**"]
    is_text = part.media_type.startswith("text/") or part.sha256 is None
    if part.text and is_text:
        shown.append(fenced(printable(part.text), ""))
        return "\n\n".join(shown)
    data = None if part.sha256 is None else conversation.attachment(part.sha256)
    if data is None:
        shown = [f"**{name}** *(the file is not here)*"]
    else:
        place = document.attach(part.name or part.kind, data)
        label = name.replace("[", "\\[").replace("]", "\\]")
        shown = [f"{'!' if part.media_type in SHOWN_IMAGES else ''}[{label}]({place})"]
    if part.text:
        shown.append(fenced(printable(part.text), ""))
    return "\n\n".join(shown)


EXPORTER = Exporter(name="markdown", title="Markdown", ending="md", write=one_each(write))
