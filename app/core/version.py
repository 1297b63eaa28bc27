"""Which Fireside this is, and what it stands on."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from app.core.themes import RESOURCES

_LICENCES = RESOURCES.parent / "docs" / "licences.md"


def fireside_version() -> str | None:
    """The version that is installed; None when Fireside runs from a folder that was never installed."""
    try:
        return version("fireside")
    except PackageNotFoundError:
        return None


def licences() -> str:
    """The licences of everything that Fireside installs; empty where the list was not installed with it."""
    try:
        return _LICENCES.read_text(encoding="utf-8")
    except OSError:
        return ""
