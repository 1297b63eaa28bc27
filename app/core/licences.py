"""What Fireside stands on."""

from __future__ import annotations

from app.core.themes import RESOURCES

_LICENCES = RESOURCES.parent / "docs" / "licences.md"


def licences() -> str:
    """The licences of everything that Fireside installs; empty where the list was not installed with it."""
    try:
        return _LICENCES.read_text(encoding="utf-8")
    except OSError:
        return ""
