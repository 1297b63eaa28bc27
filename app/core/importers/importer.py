"""What an import format is, what it is given to read, and where it says what it left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from app.core.imported import ImportedConversation
from engine.api import FiresideError

ATTACHMENT_BYTES = 64 << 20
SENTENCES_KEPT = 100  # enough to see what is wrong with a file; the others are counted


class ImportFileError(FiresideError):
    """A file cannot be read, or holds nothing that can be imported; the sentence says which and why."""


class Skipped:
    """Sentences about what was left out and why, bounded in number."""

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._more = 0

    def add(self, sentence: str) -> None:
        """Tell of one thing left out."""
        if len(self._sentences) < SENTENCES_KEPT:
            self._sentences.append(sentence)
        else:
            self._more += 1

    def sentences(self) -> tuple[str, ...]:
        """All that were kept, and how many there were beside them."""
        more = (f"{self._more} more were skipped.",) if self._more else ()
        return (*self._sentences, *more)


@dataclass(frozen=True, slots=True)
class Source:
    """One file to be read, on disk or in a zip; `name` is its path below what the person chose, with “/”.

    `open` gives a fresh stream; it raises `ImportFileError`, as does reading the stream. `beside` finds a file by its
    name: one in the same folder, or else one anywhere whose name begins so (None: there is none).
    """

    name: str
    size_bytes: int
    modified_at: float  # seconds since 1970
    open: Callable[[], BinaryIO]
    beside: Callable[[str], Source | None] = field(default=lambda _: None, compare=False)

    @property
    def base_name(self) -> str:
        """The name without its folders."""
        return self.name.rpartition("/")[2]

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders it lies in."""
        return tuple(self.name.split("/")[:-1])

    def data(self) -> bytes | None:
        """All bytes of a file that is to be attached; None when it is too large or cannot be read."""
        if self.size_bytes > ATTACHMENT_BYTES:
            return None
        try:
            with self.open() as stream:
                return stream.read(ATTACHMENT_BYTES)
        except ImportFileError:
            return None


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a file: its first bytes, and the JSON objects in them as far as they go."""

    head: bytes
    records: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Importer:
    """One format: its name in the store, its title for people, how it is told by content, and how it is read.

    `read` is lazy: one conversation is in memory at a time. It never stumbles over a bad value, and tells `Skipped`
    of what it could not take.
    """

    name: str
    title: str
    sniff: Callable[[Sample], bool]
    read: Callable[[Source, Skipped], Iterator[ImportedConversation]]
