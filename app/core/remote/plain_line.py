"""A server's words as one harmless line, for names and error messages."""

from __future__ import annotations


def plain_line(text: str) -> str:
    """The text in one line, without characters that are invisible or change how others are shown."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
