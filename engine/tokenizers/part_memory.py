"""Parts of prompts that were encoded before, so that a chat's earlier messages are not encoded anew for each reply.

Bounded; the oldest leave first. Any thread may ask and keep. `engine.prompt_parts` encodes what is not here.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

MOST_BYTES = 8 << 20  # some 700,000 letters of English
LARGEST_SHARE = 4  # a part that takes more than this part of it is not kept
ENTRY_BYTES = 600  # of a part beside its letters and tokens
TEXT_BYTES = 2  # for each byte of UTF-8: Python keeps a text in its own form and in this one
TOKEN_BYTES = 40  # a number of Python, its place in a tuple, and where it ends


class KnownReply(NamedTuple):
    """A reply at start..end of a part's text, and the tokens that it was made of."""

    start: int
    end: int
    ids: tuple[int, ...]


# A text, whether it is a control token or the plain text between two, and the replies in it. Made for every part of
# every prompt, and a plain tuple is made in a tenth of the time that a named one takes.
Part = tuple[str, bool, tuple[KnownReply, ...]]


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """The tokens of a part, the byte of the part where each ends, and how many bytes it has."""

    ids: tuple[int, ...]
    ends: array[int]
    size_bytes: int


class PartMemory:
    """Encoded parts by what they were encoded from."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._parts: dict[Part, EncodedPart] = {}  # the oldest first
        self._bytes = 0
        self._changing = Lock()  # looking up needs none

    def get(self, part: Part) -> EncodedPart | None:
        """What was kept for this part, or None."""
        return self._parts.get(part)

    def keep(self, part: Part, encoded: EncodedPart) -> None:
        """Remember it, unless it alone is too long."""
        size = _bytes_of(part, encoded)
        if size > self._most_bytes // LARGEST_SHARE:
            return
        with self._changing:
            if part in self._parts:
                return
            self._parts[part] = encoded
            self._bytes += size
            while self._bytes > self._most_bytes:
                oldest = next(iter(self._parts))
                self._bytes -= _bytes_of(oldest, self._parts.pop(oldest))


def _bytes_of(part: Part, encoded: EncodedPart) -> int:
    _text, _is_control, replies = part
    tokens = len(encoded.ids) + sum(len(reply.ids) for reply in replies)
    return ENTRY_BYTES + TEXT_BYTES * encoded.size_bytes + TOKEN_BYTES * tokens
