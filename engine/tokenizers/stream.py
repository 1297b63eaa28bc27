"""TextStream: token ids to text while they come; never half a character, never a lost tail."""

from __future__ import annotations

import codecs

from engine.tokenizers.tokenizer import Tokenizer


class TextStream:
    """What `push` and `finish` return, joined, equals `Tokenizer.decode` of all ids."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._hides_space = tokenizer.hides_first_space

    def push(self, token: int) -> str:
        """The text that became certain with this token."""
        raw = self._tokenizer.token_bytes(token)
        if self._hides_space and raw:
            self._hides_space = False
            raw = raw.removeprefix(b" ")
        return self._decoder.decode(raw)

    def finish(self) -> str:
        """What was held back: U+FFFD for an unfinished character."""
        return self._decoder.decode(b"", final=True)
