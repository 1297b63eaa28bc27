"""Export to plain text: for reading and pasting anywhere."""

from __future__ import annotations

from app.core.conversation import Part, PartKind
from app.core.exporters.exporter import Document, ExportedConversation, Exporter, ExportOptions, one_each
from app.core.exporters.outline import Turn, one_line, outline, printable, thinking_title, time_text

_INDENT = "    "


def write(conversation: ExportedConversation, options: ExportOptions, document: Document) -> None:
    """Title and time, then each message under a line that says who speaks; what is not spoken is indented."""
    title = one_line(conversation.header.title)
    document.write(f"{title}\n{'=' * min(max(len(title), 3), 100)}\n{time_text(conversation.header.created_at)}\n")
    branches = outline(conversation, options)
    for branch in branches:
        if branch.title is not None:
            document.write(f"\n\n{branch.title}\n{'=' * len(branch.title)}\n")
        for turn in branch.turns:
            for paragraph in _turn(turn, is_numbered=len(branches) > 1):
                document.write(f"\n{paragraph}\n")


def _turn(turn: Turn, *, is_numbered: bool) -> list[str]:
    number = f"{turn.number}. " if is_numbered else ""
    heading = " — ".join(filter(None, (f"{number}{turn.speaker}", turn.time)))
    paragraphs = [f"{heading}\n{'-' * min(len(heading), 100)}", *(_part(part) for part in turn.parts)]
    if turn.ending is not None:
        paragraphs.append(f"({turn.ending})")
    if turn.settings:
        paragraphs.append("\n".join(f"{_INDENT}{label}: {value}" for label, value in turn.settings))
    return [paragraph for paragraph in paragraphs if paragraph.strip()]


def _part(part: Part) -> str:
    text = printable(part.text).strip("\n")
    if part.kind is PartKind.TEXT:
        return text
    title = thinking_title(part) if part.kind is PartKind.THINKING else f"[{one_line(part.name) or part.kind}]"
    return "\n".join([f"{_INDENT}{title}", *(f"{_INDENT}{line}".rstrip() for line in text.split("\n"))]).rstrip()


EXPORTER = Exporter(name="text", title="Plain text", ending="txt", write=one_each(write))
