"""Which Fireside this is. Imports no torch."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def installed_version() -> str | None:
    """The version that is installed; None when Fireside runs from a folder that was never installed."""
    try:
        return version("fireside")
    except PackageNotFoundError:
        return None
