"""Where the tokens of a reply lie in its text. Imports no torch."""

from __future__ import annotations

import codecs
from collections.abc import Iterable


def places(pieces: Iterable[bytes], *, hides_first_space: bool = False) -> list[tuple[int, int]]:
    """Start and end of each token in the text that they spell, in characters; tokens of one character share it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    found, done = [], 0
    for piece in pieces:
        start, is_hidden = done, hides_first_space and piece.startswith(b" ")
        done += len(decoder.decode(piece[is_hidden:]))
        hides_first_space = hides_first_space and not piece
        found.append((start, done + bool(decoder.getstate()[0])))
    return found
