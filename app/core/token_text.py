"""How a token is written: alone, where what is invisible is drawn and half a character as its bytes, or in a text."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from app.core.markdown import visible

_DRAWN = str.maketrans({"\n": "⏎", "\r": "⏎", "\t": "⇥"})


def running_texts(pieces: Iterable[bytes]) -> list[str]:
    """What each token adds to a text; the bytes of half a character are put to the token that ends it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return [decoder.decode(piece) for piece in pieces]


def token_text(piece: bytes) -> str:
    """A token's bytes as one line of text; spaces at its ends become open boxes."""
    try:
        text = piece.decode("utf-8")
    except UnicodeDecodeError:
        return f"⟨{piece.hex(' ').upper()}⟩"
    inner = text.strip(" ")
    begun = len(text) - len(text.lstrip(" "))
    drawn = visible(inner.translate(_DRAWN))
    return "␣" * begun + drawn + "␣" * (len(text) - begun - len(inner)) or "∅"
