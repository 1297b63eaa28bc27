"""Export formats. To add one: a file here with one `Exporter`, and its name in `EXPORTERS`."""

from __future__ import annotations

from app.core.exporters import fireside_json, markdown
from app.core.exporters.exporter import ExportedConversation, Exporter

__all__ = ["EXPORTERS", "ExportedConversation", "Exporter"]

EXPORTERS: tuple[Exporter, ...] = (markdown.EXPORTER, fireside_json.EXPORTER)
