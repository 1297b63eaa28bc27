"""A server's words as one harmless line, for names and error messages."""

from __future__ import annotations

import unicodedata

_KINDS = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])  # controls, direction overrides, half characters, line ends


def plain_line(text: str) -> str:
    """The text in one line, without characters that are invisible or change how others are shown."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(letter) in _KINDS else letter for letter in text)
    return " ".join(text.split())
