"""Composition: what is being written for one chat: the text, the files beside it, and the messages that wait."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.core.conversation import Part, PartKind, text_parts
from app.core.drafts import Draft
from app.core.reply_settings import ReplySettings
from app.core.store import Store

_numbers = itertools.count(1)


@dataclass
class AttachedItem:
    """A file on its way into a message: being read while `part` and `problem` are None."""

    name: str
    size_bytes: int | None = None
    part: Part | None = None
    problem: str | None = None
    left_out: str | None = None  # a sentence where only its beginning was read
    tokens: int | None = None  # that its text costs, once they are counted
    id: str = field(default_factory=lambda: str(next(_numbers)))


@dataclass
class QueuedMessage:
    """A message that is sent when it is its turn; `number` orders those of all chats.

    `settings` are those of its chat when it was written; None for one that was kept when Fireside closed.
    """

    parts: Draft
    settings: ReplySettings | None = None
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def id(self) -> str:
        """Its name in the window."""
        return str(self.number)


@dataclass
class Composition:
    """Of a chat of `store`; `conversation_id` is None for the one that was not begun yet.

    While it `is_paused`, nothing of `queued` is sent by itself.
    """

    store: Store
    conversation_id: str | None
    text: str = ""
    files: list[AttachedItem] = field(default_factory=list)
    queued: list[QueuedMessage] = field(default_factory=list)
    is_paused: bool = False

    def draft(self) -> Draft:
        """What would be sent now: the files that were read, then the text."""
        read = [item.part for item in self.files if item.part is not None]
        return (*read, *text_parts(self.text if self.text.strip() else ""))

    def take(self, draft: Iterable[Part], sizes: dict[str, int]) -> None:
        """Write this instead; `sizes` are those of files in bytes, by their SHA-256."""
        parts = [*draft]
        self.text = "\n\n".join(part.text for part in parts if part.kind is PartKind.TEXT)
        self.files = [
            AttachedItem(part.name, sizes.get(part.sha256 or ""), part)
            for part in parts
            if part.kind in (PartKind.FILE, PartKind.IMAGE)
        ]

    def clear(self) -> None:
        """Nothing is written any more; what waits goes on waiting."""
        self.text, self.files = "", []
