"""What a readable export shows of a conversation: its branches, who speaks when, and how a reply was made.

Markdown, text, HTML and PDF are made from this, so that they say the same.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.core.conversation import MessageTree, Part, PartKind, Status, StoredMessage
from app.core.exporters.exporter import Branches, ExportedConversation, ExportOptions
from app.core.thinking import split_thinking

_SPEAKERS = {"user": "You", "system": "System", "assistant": "Assistant", "tool": "Tool"}
_ENDINGS = {
    Status.STREAMING: "still being written",
    Status.STOPPED: "stopped",
    Status.LENGTH: "cut off at the token limit",
    Status.CONTEXT_FULL: "cut off: the context was full",
    Status.INTERRUPTED: "interrupted",
    Status.FAILED: "failed",
}
SHOWN_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")  # what every reader draws and none executes
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Turn:
    """One message as it is shown. `number` counts the messages of the export from 1."""

    number: int
    speaker: str
    time: str  # empty when unknown
    role: str
    parts: tuple[Part, ...]
    ending: str | None  # how the message ended, if not as it should
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """Messages behind each other. The path that is shown is number 1.

    A later one forks behind message `after` (None: at the beginning) and stands in the place of message `instead`
    (None: nothing else goes on from there).
    """

    number: int
    after: int | None
    instead: int | None
    turns: tuple[Turn, ...]

    @property
    def title(self) -> str | None:
        """Where it forks; None for the path that is shown."""
        if self.number == 1:
            return None
        place = "from the beginning" if self.after is None else f"after message {self.after}"
        return f"Branch {self.number}: {place}" + (f", instead of message {self.instead}" if self.instead else "")


def outline(conversation: ExportedConversation, options: ExportOptions) -> tuple[Branch, ...]:
    """The path that is shown, then, for the whole tree, the other branches in the order of their making."""
    tree = conversation.tree
    numbers: dict[str, int] = {}
    branches: list[Branch] = []
    for messages in message_branches(tree, options.branches):
        after = numbers.get(messages[0].parent_id or "")
        instead = next((numbers[one] for one in tree.siblings(messages[0].id) if one in numbers), None)
        for message in messages:
            numbers[message.id] = len(numbers) + 1
        turns = tuple(_turn(conversation, message, numbers[message.id], options) for message in messages)
        branches.append(Branch(len(branches) + 1, after, instead, turns))
    return tuple(branches)


def message_branches(tree: MessageTree, branches: Branches) -> Iterator[list[StoredMessage]]:
    """The shown path, then each other branch from its fork to its newest end; every message once."""
    path = shown_path(tree)
    if path:
        yield path
    if branches is Branches.PATH:
        return
    seen = {message.id for message in path}
    for message in tree:
        if message.id in seen:
            continue
        branch: list[StoredMessage] = []
        at = tree.newest_leaf(message.id)
        while at is not None and at in tree and at not in seen:
            seen.add(at)
            branch.append(tree.get(at))
            at = tree.get(at).parent_id
        yield branch[::-1]


def shown_path(tree: MessageTree) -> list[StoredMessage]:
    """The path that is shown; of a tree without a pointer, the newest."""
    return tree.path() or tree.path(tree.newest_leaf(None))


def paths(tree: MessageTree, branches: Branches) -> Iterator[list[StoredMessage]]:
    """From the root to each leaf, the shown path first; only that one without the other branches."""
    for branch in message_branches(tree, branches):
        yield tree.path(branch[-1].id)


def time_text(seconds: float) -> str:
    """A time of the day in UTC; empty for one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return ""


def summary(conversation: ExportedConversation, branches: tuple[Branch, ...]) -> str:
    """When the conversation began, how long it is, and who answered."""
    count = sum(len(branch.turns) for branch in branches)
    models = (_speaker(record) for key, record in conversation.records.items() if key in conversation.tree)
    parts = [
        time_text(conversation.header.created_at),
        "1 message" if count == 1 else f"{count} messages",
        *dict.fromkeys(filter(None, models)),
    ]
    return " · ".join(filter(None, parts))


def printable(text: str) -> str:
    """The text with control characters drawn instead of obeyed, and one kind of line end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(lambda found: chr(0x2400 + ord(found[0])) if found[0] < " " else "\u2421", text)


def one_line(text: str) -> str:
    """The text as a title: one line, nothing invisible in control of it."""
    return " ".join(printable(text).split())


def data_url(media_type: str, data: bytes) -> str:
    """The data as a URL of its own."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def size_text(size_bytes: int) -> str:
    """A file's size for people."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    return f"{size_bytes / 1000:.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1_000_000:.1f} MB"


def thinking_title(part: Part) -> str:
    """What stands above a thinking."""
    return "Thinking" if part.duration_s is None else f"Thought for {part.duration_s:.0f} s"


def model_name(record: Mapping[str, Any]) -> str | None:
    """The model that wrote a reply, if it is known."""
    name = record.get("model_name")
    return one_line(name) or None if isinstance(name, str) else None


def _speaker(record: Mapping[str, Any]) -> str | None:
    """The model that wrote a reply, and of a remote one where it runs."""
    name, host = model_name(record), record.get("host")
    return f"{name} ({one_line(host)})" if name and isinstance(host, str) and host else name


def kept_parts(message: StoredMessage, options: ExportOptions) -> tuple[Part, ...]:
    """The parts of a message that the options ask for."""
    parts = message.parts
    if message.role == "assistant" and parts and parts[0].kind is PartKind.TEXT:
        parts = (*split_thinking(parts[0].text), *parts[1:])  # of a reply that is still being written
    left_out = set() if options.thinking else {PartKind.THINKING}
    if not options.attachments:
        left_out |= {PartKind.IMAGE, PartKind.FILE}
    return tuple(part for part in parts if part.kind not in left_out)


def _turn(conversation: ExportedConversation, message: StoredMessage, number: int, options: ExportOptions) -> Turn:
    record = conversation.records.get(message.id, {})
    speaker = _speaker(record) or _SPEAKERS.get(message.role) or one_line(message.role)
    ending = one_line(message.error or _ENDINGS[message.status]) if message.status in _ENDINGS else None
    return Turn(
        number=number,
        speaker=speaker,
        time=time_text(message.created_at),
        role=message.role,
        parts=kept_parts(message, options),
        ending=ending,
        settings=settings_of(record) if options.settings else (),
    )


def settings_of(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a reply was made of, as labels and values; tolerant, since records are imported too."""
    sampler, timings = record.get("sampler"), record.get("timings")
    rows = [
        ("Model", _joined(record.get("model_name"), record.get("quantisation"))),
        ("Remote model of", _joined(record.get("host"))),
        ("Model hash", _joined(record.get("model_sha256"))),
        ("Device", _joined(record.get("device"))),
        ("Context", _joined(record.get("context_length"))),
        ("Sampler", _named(sampler, without=("seed",))),
        ("Seed", _joined(record.get("seed"))),
        ("Longest reply", _joined(record.get("max_tokens"))),
        ("Timings", _named(timings)),
        ("Ended by", _joined(record.get("stop_reason")).replace("_", " ")),
    ]
    return tuple((label, value) for label, value in rows if value)


def _joined(*values: object) -> str:
    return ", ".join(one_line(str(value)) for value in values if isinstance(value, str | int | float) and value != "")


def _named(values: object, *, without: tuple[str, ...] = ()) -> str:
    """`temperature 0.7, top k 40` from a mapping; a name that ends with _s is in seconds."""
    if not isinstance(values, Mapping):
        return ""
    named = []
    for name, value in values.items():
        if name in without or isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        label, unit = (name[:-2], " s") if name.endswith("_s") and not name.endswith("tok_s") else (name, "")
        number = f"{value:.4g}" if isinstance(value, float) else str(value)
        named.append(f"{label.replace('_', ' ')} {number}{unit}")
    return one_line(", ".join(named))
