"""Export formats. To add one: a file here with one `Exporter`, and its name in `EXPORTERS`."""

from __future__ import annotations

from app.core.exporters import fireside_json, html, markdown, messages_jsonl, open_webui, sharegpt, text
from app.core.exporters.exporter import Branches, ExportedConversation, Exporter, ExportOptions

__all__ = ["EXPORTERS", "Branches", "ExportOptions", "ExportedConversation", "Exporter"]

EXPORTERS: tuple[Exporter, ...] = (
    markdown.EXPORTER,
    text.EXPORTER,
    html.EXPORTER,
    fireside_json.EXPORTER,
    messages_jsonl.EXPORTER,
    sharegpt.EXPORTER,
    open_webui.EXPORTER,
)
