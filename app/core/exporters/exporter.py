"""What an export format is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.conversation import MessageTree
from app.core.store import Conversation


@dataclass(frozen=True, slots=True)
class ExportedConversation:
    """A conversation with its whole tree and the record of every reply."""

    header: Conversation
    tree: MessageTree
    records: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format: its name on the command line, its title for people, its file ending, and how it writes."""

    name: str
    title: str
    ending: str
    export: Callable[[ExportedConversation], str]
