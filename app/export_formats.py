"""Every export format, for the window and the command line: those of app.core.exporters, and PDF, which Qt writes.

Qt is imported when a PDF is written, so that the other formats need none of it.
"""

from __future__ import annotations

from app.core.exporters import EXPORTERS as CORE_EXPORTERS
from app.core.exporters.exporter import Document, ExportedConversation, Exporter, ExportOptions, one_each


def _write_pdf(conversation: ExportedConversation, options: ExportOptions, document: Document) -> None:
    from app.pdf_export import write

    write(conversation, options, document)


EXPORTERS: tuple[Exporter, ...] = (
    *CORE_EXPORTERS,
    Exporter(name="pdf", title="PDF", ending="pdf", write=one_each(_write_pdf)),
)
