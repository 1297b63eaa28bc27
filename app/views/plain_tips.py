"""Tooltips of texts from outside: Qt would take a name such as `<b>` for markup, and load what it names."""

from __future__ import annotations

from html import escape


def plain_tip(text: str) -> str:
    """A tooltip that shows just this text, whatever it spells, its lines as they are."""
    return f"<qt>{escape(text).replace(chr(10), '<br>')}</qt>" if text else ""
