"""TokenMap: which token of a reply stands at a place of its text, and where a token stands, thinking included.

What the tokens spell holds the marks of thinking and ends behind a stop string; a message's parts are pieces of it.
Places are in characters.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Sequence

from app.core.conversation import PartKind, StoredMessage
from app.core.thinking import OPENING, opens_thinking
from engine.inspection.pieces import places

Range = tuple[int, int]


class TokenMap:
    """The tokens of one reply, of which a continued one has those behind the text that it began with."""

    def __init__(self, pieces: Sequence[bytes], message: StoredMessage) -> None:
        self._pieces = pieces
        self._spans = places(pieces)
        self._ends = [end for _, end in self._spans]
        self.spelt = b"".join(pieces).decode("utf-8", "replace")
        thinking = "\n\n".join(part.text for part in message.parts if part.kind is PartKind.THINKING)
        self._thinking = self._part(thinking, 0)
        behind = 0 if self._thinking is None else self._thinking[0] + len(thinking)
        self._text = self._part(message.text, behind)
        self._before = "" if self._text is None or self._text[0] >= 0 else message.text[: -self._text[0]]

    def token_at(self, offset: int) -> int | None:
        """The token of a character of the text; None where other tokens made it."""
        return self._token(self._text, offset)

    def thinking_token_at(self, offset: int) -> int | None:
        """The token of a character of the thinking."""
        return self._token(self._thinking, offset)

    def place_of(self, index: int) -> Range | None:
        """Where a token stands in the text; None for one that is not in it."""
        return self._place(self._text, index)

    def thinking_place_of(self, index: int) -> Range | None:
        """Where a token stands in the thinking; None for one that is not in it."""
        return self._place(self._thinking, index)

    def begun_text(self, index: int, piece: bytes) -> str:
        """The text with all before a token and `piece` in its place; half a character at the end is left out."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        spelt = decoder.decode(b"".join((*self._pieces[:index], piece)))
        if self._thinking is None and self._text is not None and self._text[0] > 0:
            spelt = spelt[self._text[0] :]  # a space that some tokenizers begin with is not shown
        if self._thinking is not None and not opens_thinking(self.spelt):
            spelt = f"{OPENING}{spelt}"  # the template had opened it
        return self._before + spelt

    def _part(self, text: str, begin: int) -> Range | None:
        """Where a part begins in what the tokens spell (before it, where it was begun by others) and its length."""
        if not text:
            return None
        at = self.spelt.find(text, begin)
        if at >= 0:
            return at, len(text)
        spelt = self.spelt[begin:].rstrip("�")
        if spelt and text.endswith(spelt):
            return begin + len(spelt) - len(text), len(text)
        return None

    def _token(self, part: Range | None, offset: int) -> int | None:
        if part is None or not 0 <= offset < part[1]:
            return None
        index = bisect_right(self._ends, part[0] + offset)
        return index if part[0] + offset >= 0 and index < len(self._ends) else None

    def _place(self, part: Range | None, index: int) -> Range | None:
        if part is None:
            return None
        start, end = (min(max(at - part[0], 0), part[1]) for at in self._spans[index])
        return (start, end) if start < end else None
