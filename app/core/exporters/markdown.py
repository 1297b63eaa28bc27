"""Export to Markdown: the path that is shown, readable as it stands."""

from __future__ import annotations

from datetime import UTC, datetime

from app.core.conversation import Status, StoredMessage
from app.core.exporters.exporter import ExportedConversation, Exporter

_SPEAKERS = {"user": "You", "system": "System", "assistant": "Assistant"}
_ENDINGS = {
    Status.STREAMING: "still being written",
    Status.STOPPED: "stopped",
    Status.LENGTH: "cut off at the token limit",
    Status.CONTEXT_FULL: "cut off: the context was full",
    Status.INTERRUPTED: "interrupted",
    Status.FAILED: "failed",
}


def export(conversation: ExportedConversation) -> str:
    """A heading for the conversation, one for each message with its time, and the text as it was written."""
    header = conversation.header
    parts = [f"# {' '.join(header.title.split())}", f"*{_time(header.created_at)}*"]
    for message in conversation.tree.path():
        parts.append(f"## {_speaker(conversation, message)}")
        if message.text.strip():
            parts.append(_closed(message.text.strip("\n")))
        if message.status in _ENDINGS:
            parts.append(f"*({message.error or _ENDINGS[message.status]})*")
    return "\n\n".join(parts) + "\n"


def _speaker(conversation: ExportedConversation, message: StoredMessage) -> str:
    model = conversation.records.get(message.id, {}).get("model_name")
    name = model if isinstance(model, str) and model else _SPEAKERS.get(message.role, message.role)
    return f"{name} — {_time(message.created_at)}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _closed(text: str) -> str:
    """The text with a fence that was left open closed, so that it cannot swallow what follows."""
    fence = ""
    for line in text.splitlines():
        stripped = line.lstrip(" ")
        mark = stripped[:1]
        if mark not in ("`", "~") or len(line) - len(stripped) > 3:
            continue
        run = stripped[: len(stripped) - len(stripped.lstrip(mark))]
        if not fence and len(run) >= 3 and not (mark == "`" and "`" in stripped[len(run) :]):
            fence = run
        elif fence and mark == fence[0] and len(run) >= len(fence) and not stripped[len(run) :].strip():
            fence = ""
    return f"{text}\n{fence}" if fence else text


EXPORTER = Exporter(name="markdown", title="Markdown", ending="md", export=export)
