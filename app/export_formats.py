"""Every export format, for the window and the command line."""

from __future__ import annotations

from app.core.exporters import EXPORTERS

__all__ = ["EXPORTERS"]
