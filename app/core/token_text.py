"""How a token is written where it stands alone: what is invisible is drawn, and half a character as its bytes."""

from __future__ import annotations

from app.core.markdown import visible

_DRAWN = str.maketrans({"\n": "⏎", "\r": "⏎", "\t": "⇥"})


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
