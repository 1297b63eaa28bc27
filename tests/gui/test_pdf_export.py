"""PDF export: pages that Qt wrote, with links that open, pictures from the conversation alone, and no more."""

from __future__ import annotations

import gc
import re

import pytest
from PySide6.QtGui import QPdfWriter, QTextDocument
from PySide6.QtWidgets import QApplication
from sample_chat import PNG, PNG_SHA256, exported, sample_chat, text
from shiboken6 import isValid

from app.core.catalogue import Conversation
from app.core.conversation import MessageTree, Part, PartKind, Status, StoredMessage
from app.core.exporters import Branches, ExportedConversation, ExportOptions
from app.export_formats import EXPORTERS

PDF = next(exporter for exporter in EXPORTERS if exporter.name == "pdf")


def pdf_of(conversation: ExportedConversation) -> bytes:
    pdf = exported(PDF, ExportOptions(branches=Branches.TREE, settings=True), conversation)
    assert pdf.files == {}
    assert pdf.data.startswith(b"%PDF-") and pdf.data.rstrip().endswith(b"%%EOF")
    return pdf.data


def chat_of(*parts: Part, role: str = "assistant") -> ExportedConversation:
    message = StoredMessage("m", None, role, parts, Status.COMPLETE, 0.0)
    return ExportedConversation(
        Conversation("c", "T", 0.0, 0.0), MessageTree([message], leaf_id="m"), attachment=lambda _sha256: PNG
    )


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", pdf))


def letters_of(pdf: bytes) -> set[str]:
    """The characters that the fonts' tables map to (ISO 32000-1, 9.10.3): each that is on some page."""
    tables = re.findall(rb"beginbf(?:range|char)(.*?)endbf", pdf, re.DOTALL)
    return {chr(int(code, 16)) for table in tables for code in re.findall(rb"<([0-9a-fA-F]{4})>", table)}


def test_a_pdf_holds_the_text_the_picture_and_links_that_open(qapp: QApplication) -> None:
    pdf = pdf_of(sample_chat())
    assert pdf.count(b"/Subtype /Image") == 1
    assert re.findall(rb"/URI \(([^)]*)\)", pdf) == [b"https://example.org/sort?a=1&b=2"]
    assert pages_of(pdf) >= 2
    assert set("Apivotquick") <= letters_of(pdf)
    assert b"/JavaScript" not in pdf and b"/Launch" not in pdf


def test_what_a_message_says_is_shown_and_never_loaded_or_linked(qapp: QApplication) -> None:
    said = "<img src='file:///etc/hostname'> ![x](file:///etc/hostname) [y](javascript:z) <a href='file:///a'>b</a>"
    for role in ("user", "assistant", "system"):
        pdf = pdf_of(chat_of(text(said), Part(PartKind.THINKING, said), Part(PartKind.TOOL, said), role=role))
        assert b"/Subtype /Image" not in pdf
        assert b"/URI" not in pdf


@pytest.mark.parametrize("media_type", ["image/png", "image/svg+xml", "text/html"])
def test_only_plain_pictures_are_drawn(media_type: str, qapp: QApplication) -> None:
    pdf = pdf_of(chat_of(Part(PartKind.IMAGE, name="x", media_type=media_type, sha256=PNG_SHA256)))
    assert (b"/Subtype /Image" in pdf) is (media_type == "image/png")


def test_a_long_conversation_and_a_line_without_an_end_go_on_over_pages(qapp: QApplication) -> None:
    assert pages_of(pdf_of(chat_of(text("```\n" + "x" * 40_000 + "\n```")))) > 5
    assert pages_of(pdf_of(chat_of(text("one paragraph\n\n" * 300)))) > 5


def test_the_same_conversation_gives_the_same_pdf_but_for_the_time_it_was_made(qapp: QApplication) -> None:
    def timeless(pdf: bytes) -> bytes:
        return re.sub(rb"\(D:[^)]*\)|<xmp:\w+Date>[^<]*<", b"", pdf)

    assert timeless(pdf_of(sample_chat())) == timeless(pdf_of(sample_chat()))


def test_nothing_is_kept_of_a_pdf_that_is_written(qapp: QApplication) -> None:
    def documents() -> set[int]:
        gc.collect()
        return {id(one) for one in gc.get_objects() if isinstance(one, (QPdfWriter, QTextDocument)) and isValid(one)}

    before = documents()  # of other tests
    pdf_of(sample_chat())
    assert documents() <= before
