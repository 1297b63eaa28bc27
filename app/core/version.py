"""Which Fireside this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def fireside_version() -> str | None:
    """The version that is installed; None when Fireside runs from a folder that was never installed."""
    try:
        return version("fireside")
    except PackageNotFoundError:
        return None
