"""Files that are attached: text, tables, pictures and PDF are read; everything else is refused with a sentence."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from app.core import pdf_text as pdf
from app.core.attached_files import MOST_BYTES, MOST_CHARACTERS, AttachedFile, AttachmentError, read_attached
from app.core.conversation import Part, PartKind, Status, StoredMessage, prompt_messages
from app.core.file_prompt import fenced_file

PNG = b"\x89PNG\r\n\x1a\n rest"


def read(path: Path, data: bytes) -> AttachedFile:
    path.write_bytes(data)
    return read_attached(path, cancelled=lambda: False)


def pdf_of(*texts: str, password: str | None = None) -> bytes:
    """A PDF with one page for each text; an empty text is a page without any."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in texts:
        page = writer.add_blank_page(300, 300)
        if text:
            content = DecodedStreamObject()
            content.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
            page[NameObject("/Contents")] = writer._add_object(content)
            fonts = DictionaryObject({NameObject("/F1"): font})
            page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def test_text_is_read_as_it_stands(tmp_path: Path) -> None:
    code = read(tmp_path / "灯.py", "print('灯')\n".encode())
    assert (code.kind, code.name, code.text) == (PartKind.FILE, "灯.py", "print('灯')\n")
    assert read(tmp_path / "bom.txt", b"\xef\xbb\xbfhello").text == "hello"
    assert read(tmp_path / "wide.txt", "hello".encode("utf-16")).text == "hello"
    assert read(tmp_path / "t.csv", b"a,b\n").media_type == "text/csv"


def test_a_picture_is_kept_and_says_nothing_to_the_model(tmp_path: Path) -> None:
    picture = read(tmp_path / "named.txt", PNG)
    assert (picture.kind, picture.media_type, picture.text, picture.data) == (PartKind.IMAGE, "image/png", "", PNG)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x7fELF\x02\x01\x01\0\xff\xfe", "is no text; save"),
        (b"caf\xe9", r"no text in UTF-8 \(byte 3\)"),
        (b"before\0after", "zero bytes"),
        (b"x" * (MOST_CHARACTERS + 1), "2,000,001 characters"),
        (b"%PDF-1.4 and then nothing", "damaged or no PDF"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(AttachmentError, match=sentence):
        read(tmp_path / "notes.txt", data)


def test_two_gigabytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.log"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(AttachmentError, match=r"has 2,048 MiB; 32 is the most"):
        read_attached(path, cancelled=lambda: False)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing.log"
    path.write_bytes(b"x")
    small = path.stat()
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    monkeypatch.setattr(Path, "stat", lambda _self: small)
    with pytest.raises(AttachmentError, match="32 is the most"):
        read_attached(path, cancelled=lambda: False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system knows no named pipes")
def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, sentence in (("pipe", "device or pipe"), (".", "is a folder"), ("gone", "cannot be read")):
        with pytest.raises(AttachmentError, match=sentence):
            read_attached(tmp_path / name, cancelled=lambda: False)


def test_a_pdf_is_read_as_its_text(tmp_path: Path) -> None:
    made = read(tmp_path / "paper.pdf", pdf_of("first page", "", "third page"))
    assert (made.kind, made.text, made.pages) == (PartKind.FILE, "first page\n\nthird page", 0)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(pdf_of("secret", password="x"), "is encrypted"), (pdf_of("", ""), "pictures of pages and no text")],
)
def test_a_pdf_that_gives_no_text_says_why(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(AttachmentError, match=sentence):
        read(tmp_path / "paper.pdf", data)


def test_a_pdf_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TIME_LIMIT_S", 0.0)
    with pytest.raises(AttachmentError, match="too much time or memory"):
        read(tmp_path / "paper.pdf", pdf_of("text"))


def test_a_deeply_nested_pdf_ends_with_a_sentence(tmp_path: Path) -> None:
    deep = b"%PDF-1.4\n1 0 obj\n" + b"[" * 200_000 + b"\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF"
    with pytest.raises(AttachmentError, match=r"damaged or no PDF|too much"):
        read(tmp_path / "deep.pdf", deep)


def test_the_text_of_a_long_pdf_is_cut_at_a_page() -> None:
    found = pdf._text_of(pdf_of("one", "two", "three"), 7)
    assert found == pdf.PdfText("one\n\ntwo", 3, 2)


def test_the_model_reads_a_file_in_a_fence_that_nothing_in_it_closes() -> None:
    assert fenced_file("a.CSV", "1,2\n") == "Attached file: a.CSV\n```csv\n1,2\n```"
    text = "```\ninner\n```"
    assert fenced_file("../dir/x`y\nz", text) == f"Attached file: x'y z\n````\n{text}\n````"


def test_files_stand_before_the_question_in_the_prompt() -> None:
    parts = (Part(PartKind.FILE, "1,2", "a.csv"), Part(PartKind.IMAGE, name="b.png"), Part(PartKind.TEXT, "Sum?"))
    message = StoredMessage("1", None, "user", parts, Status.COMPLETE, 0.0)
    (turn,) = prompt_messages([message])
    assert turn.content == "Attached file: a.csv\n```csv\n1,2\n```\n\nSum?"
