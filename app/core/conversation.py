"""A conversation as a tree of messages: an edit or another reply is a sibling, and the path shown is a pointer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import dropwhile
from typing import Any

from app.core.file_prompt import fenced_file
from engine.api import Message

CHARACTERS_PER_TOKEN = 16  # no text has more for long: what is older cannot be in the context any more


class Status(StrEnum):
    """How a message came to its end."""

    COMPLETE = "complete"
    STREAMING = "streaming"
    STOPPED = "stopped"
    LENGTH = "length"
    CONTEXT_FULL = "context_full"
    INTERRUPTED = "interrupted"  # Fireside ended in its middle
    FAILED = "failed"


class PartKind(StrEnum):
    """What a part of a message is."""

    TEXT = "text"
    THINKING = "thinking"
    IMAGE = "image"
    FILE = "file"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message.

    `text` is what a text or a thinking says, what the model reads of a file, and the JSON of a tool's call or result.
    Images and files name the attachment that the store keeps by `sha256`; None when only its name is known.
    """

    kind: PartKind
    text: str = ""
    name: str = ""  # of a file or a tool
    media_type: str = ""
    sha256: str | None = None
    duration_s: float | None = None  # how long a thinking took


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message; `created_at` is in seconds since 1970 (UTC), `error` a sentence for status FAILED.

    `edited_from` is the message that this one is another wording of; `source_id` the id it had in the program it was
    imported from, `extra` what that program said of it and Fireside has no place for.
    """

    id: str
    parent_id: str | None
    role: str
    parts: tuple[Part, ...]
    status: Status
    created_at: float
    error: str | None = None
    edited_from: str | None = None
    source_id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What the message says, without thinking and attachments."""
        return "\n\n".join(part.text for part in self.parts if part.kind is PartKind.TEXT)

    @property
    def files(self) -> tuple[Part, ...]:
        """What belongs to the message beside its words: files, pictures, and what a tool was asked and said."""
        return tuple(part for part in self.parts if part.kind in (PartKind.FILE, PartKind.IMAGE, PartKind.TOOL))

    @property
    def prompt_text(self) -> str:
        """What the model reads of the message: the files that a person attached, then the text."""
        if self.role != "user":
            return self.text
        files = [fenced_file(part.name, part.text) for part in self.files if part.kind is PartKind.FILE and part.text]
        return "\n\n".join([*files, self.text] if self.text.strip() else files)

    def with_text(self, text: str) -> StoredMessage:
        """The same message saying something else; other parts stay, before the text."""
        others = tuple(part for part in self.parts if part.kind is not PartKind.TEXT)
        return replace(self, parts=(*others, *text_parts(text)))


def text_parts(text: str) -> tuple[Part, ...]:
    """The parts of a message that is nothing but text."""
    return (Part(PartKind.TEXT, text),) if text else ()


class MessageTree:
    """The messages of one conversation in the order of their making."""

    def __init__(self, messages: Iterable[StoredMessage] = (), *, leaf_id: str | None = None) -> None:
        self._by_id: dict[str, StoredMessage] = {}
        self._children: dict[str | None, list[str]] = {}
        self.leaf_id = leaf_id
        for message in messages:
            self.add(message)

    def add(self, message: StoredMessage) -> None:
        """Add a message behind its parent; one whose parent is missing becomes a root."""
        parent = message.parent_id if message.parent_id in self._by_id else None
        self._by_id[message.id] = message
        self._children.setdefault(parent, []).append(message.id)

    def replace(self, message: StoredMessage) -> None:
        """Put a newer state of a message in its place."""
        self._by_id[message.id] = message

    def get(self, message_id: str) -> StoredMessage:
        """The message of this id. Raises KeyError."""
        return self._by_id[message_id]

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[StoredMessage]:
        return iter(self._by_id.values())

    def path(self, leaf_id: str | None = None) -> list[StoredMessage]:
        """From the root to `leaf_id` (default: the shown leaf)."""
        at = leaf_id if leaf_id is not None else self.leaf_id
        steps: list[StoredMessage] = []
        while at is not None and at in self._by_id and len(steps) < len(self._by_id):
            steps.append(self._by_id[at])
            at = self._by_id[at].parent_id
        return steps[::-1]

    def siblings(self, message_id: str) -> list[str]:
        """All versions of a message, itself among them, oldest first."""
        return self._children[self._parent_key(message_id)]

    def newest_leaf(self, message_id: str | None) -> str | None:
        """Where the newest branch below a message ends (None: below the roots)."""
        at = message_id
        for _ in range(len(self._by_id) + 1):
            children = self._children.get(at)
            if not children:
                break
            at = children[-1]
        return at

    def subtree(self, message_id: str) -> list[str]:
        """A message and everything below it."""
        found = [message_id]
        for at in found:
            found.extend(self._children.get(at, ()))
        return found

    def remove(self, message_id: str) -> None:
        """Take a message and everything below it out; the pointer moves to a sibling's branch or to the parent."""
        gone = self.subtree(message_id)
        key = self._parent_key(message_id)
        self._children[key].remove(message_id)
        for one in gone:
            self._by_id.pop(one)
            self._children.pop(one, None)
        if self.leaf_id in gone:
            self.leaf_id = self.newest_leaf(key)

    def _parent_key(self, message_id: str) -> str | None:
        parent = self._by_id[message_id].parent_id
        return parent if parent in self._by_id else None


def prompt_messages(
    path: Iterable[StoredMessage], *, system_prompt: str = "", token_ids: Mapping[str, tuple[int, ...]] | None = None
) -> tuple[Message, ...]:
    """What the model reads: the system prompt, then the turns that say something.

    `token_ids` are those of replies, by message id.
    Neighbours of one role are joined, as when a reply failed in between; chat templates ask for alternation.
    """
    turns: list[Message] = [Message("system", system_prompt)] if system_prompt.strip() else []
    for message in path:
        content = message.prompt_text
        if not content.strip():
            continue
        if turns and turns[-1].role == message.role:
            turns[-1] = Message(message.role, f"{turns[-1].content}\n\n{content}")
        else:
            turns.append(Message(message.role, content, (token_ids or {}).get(message.id, ())))
    return tuple(turns)


def newest(path: list[StoredMessage], characters: int) -> list[StoredMessage]:
    """The end of a path, from a message of the person's on, that has at least so many characters if all has."""
    start = len(path)
    while start > 0 and characters > 0:
        start -= 1
        characters -= len(path[start].prompt_text)
    if start == 0:
        return path
    return [*dropwhile(lambda message: message.role != "user", path[start:])] or path[-1:]


def title_of(question: str, reply: str = "", *, longest: int = 60) -> str:
    """A title made of the first exchange: the question's first line that says something, cut at a word.

    A question that is only a greeting takes the first heading or sentence of the reply. Markdown's marks
    are left out.
    """
    line = _first_line(question)
    if _WORDS.sub(" ", line.casefold()).strip() in _SAYS_NOTHING:
        line = _heading(reply) or _SENTENCE.split(_first_line(reply), maxsplit=1)[0] or line
    if len(line) <= longest:
        return line
    cut = line[:longest]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[longest // 2 :] else cut}…"


def _first_line(text: str) -> str:
    """The first line with something in it, without Markdown's marks; fences of code are passed over."""
    return next(filter(None, (_plain(line) for line in text.splitlines() if not _FENCE.match(line))), "")


def _heading(text: str) -> str:
    found = _HEADING.search(text)
    return _plain(found[1]) if found else ""


def _plain(line: str) -> str:
    return " ".join(_EMPHASIS.sub(r"\2", _LINK.sub(r"\1", _BLOCK_MARK.sub("", line))).split())


_GREETINGS = """
hi|hello|hey|hi there|hello there|hey there|good morning|good evening|good afternoon|yo|test|testing|ping
你好|您好|你好啊|嗨|哈喽|早上好|晚上好|在吗|测试
hallo|guten tag|guten morgen|moin|servus|bonjour|salut|bonsoir|hola|buenos días|buenas|ciao|buongiorno|olá|oi|bom dia
привет|здравствуйте|こんにちは|もしもし|안녕|안녕하세요
"""
_SAYS_NOTHING = frozenset(re.split(r"[|\n]", _GREETINGS))
_WORDS = re.compile(r"[\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s|(?<=[。！？])")
_FENCE = re.compile(r"\s*(```|~~~)")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_BLOCK_MARK = re.compile(r"^\s*(?:(?:#{1,6}|>|[-*+]|\d{1,9}[.)])\s+)+|^\s*(?:[-*_]\s*){3,}$|\s#+\s*$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(\*\*|~~|`+|(?<![\w*])[*_](?=[^\s*_]))(.+?)\1(?!\w)")
