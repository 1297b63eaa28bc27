"""What an export format is, what it is given, and where it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from app.core.catalogue import Conversation
from app.core.conversation import MessageTree


class Branches(StrEnum):
    """How much of a conversation's tree is written."""

    PATH = "path"  # what is shown
    TREE = "tree"  # every version


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written; a format writes what it can hold of it."""

    branches: Branches = Branches.PATH
    thinking: bool = True
    settings: bool = False  # model, sampler, seed and timings of each reply
    attachments: bool = True


@dataclass(frozen=True, slots=True)
class ExportedConversation:
    """A conversation with its whole tree, the record of every reply, and its folder as names from the root.

    `attachment` returns an attachment's bytes by SHA-256, None where only its name is known.
    """

    header: Conversation
    tree: MessageTree
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    folder: tuple[str, ...] = ()
    attachment: Callable[[str], bytes | None] = lambda _sha256: None


class Document(Protocol):
    """The file that an exporter writes, from its beginning to its end."""

    def write(self, content: str | bytes) -> None:
        """Add text (as UTF-8) or bytes."""

    def attach(self, name: str, data: bytes) -> str:
        """Put a file beside the document, under a safe name; returns where, as a relative URL."""


WriteAll = Callable[[Iterable[ExportedConversation], ExportOptions, Document], None]


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format: its name on the command line, its title for people, its file ending, and how it writes."""

    name: str
    title: str
    ending: str
    write: WriteAll
    is_joint: bool = False  # many conversations go into one file; otherwise each has a file of its own
    is_whole: bool = False  # always every branch, thinking and record; only attachments can be left out


def one_each(write: Callable[[ExportedConversation, ExportOptions, Document], None]) -> WriteAll:
    """The writing of a format whose files hold one conversation."""

    def write_all(conversations: Iterable[ExportedConversation], options: ExportOptions, document: Document) -> None:
        for conversation in conversations:
            write(conversation, options, document)

    return write_all
