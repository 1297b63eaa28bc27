"""Files that a person attaches to a message: read whole or refused with a sentence, and never executed or unpacked.

Text, code and tables are taken as they are, a PDF as its text, a picture as it is; the models here read no pictures.
Called on a background thread; knows neither store nor window.
"""

from __future__ import annotations

import codecs
import mimetypes
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.conversation import Part, PartKind
from app.core.pdf_text import PdfProblem, PdfText, pdf_text
from engine.api import FiresideError

MOST_BYTES = 32 << 20
MOST_CHARACTERS = 2_000_000  # of a file's text: about 500,000 tokens, more than any context here holds
PLAIN_TEXT = "text/plain"
_READ_BYTES = 1 << 20

_PICTURES = (  # how files begin, and what they are then
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
_ARCHIVES = (
    (b"PK\x03\x04", "a zip archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class AttachmentError(FiresideError):
    """A file cannot be attached; the sentence says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that was read: its bytes, and what the model reads of it (nothing of a picture).

    `pages_read` of `pages` are in the text of a PDF that was too long to be read whole; else both are 0.
    """

    kind: PartKind
    name: str
    media_type: str
    data: bytes
    text: str = ""
    pages: int = 0
    pages_read: int = 0

    def part(self, sha256: str) -> Part:
        """The part of a message that shows this file, which the store keeps by `sha256`."""
        return Part(self.kind, self.text, self.name, self.media_type, sha256)


def read_attached(path: Path, *, cancelled: Callable[[], bool]) -> AttachedFile:
    """Read a file. Raises `AttachmentError`."""
    name = path.name
    try:
        data = _bytes_of(path, name, cancelled)
    except OSError as error:
        raise AttachmentError(
            f"“{name}” cannot be read ({error.strerror or error}); check its place and permissions."
        ) from error
    return attached_file(data, name, cancelled=cancelled)


def attached_file(data: bytes, name: str, *, cancelled: Callable[[], bool]) -> AttachedFile:
    """A file of these bytes. Raises `AttachmentError`."""
    if not data:
        raise AttachmentError(f"“{name}” is empty; there is nothing to attach.")
    picture = _picture_type(data)
    if picture is not None:
        return AttachedFile(PartKind.IMAGE, name, picture, data)
    if data.startswith(b"%PDF-"):
        return _pdf(data, name, cancelled)
    text = _decoded(data, name)
    media_type = mimetypes.guess_type(name)[0] or PLAIN_TEXT
    return AttachedFile(PartKind.FILE, name, media_type, data, text)


def _bytes_of(path: Path, name: str, cancelled: Callable[[], bool]) -> bytes:
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise AttachmentError(f"“{name}” is a folder; attach the files in it that matter.")
    if not stat.S_ISREG(found.st_mode):
        raise AttachmentError(f"“{name}” is a device or pipe and no file; attach a file.")
    if found.st_size > MOST_BYTES:
        raise _too_large(name, found.st_size)
    pieces: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            size += len(piece)
            if size > MOST_BYTES:
                raise _too_large(name, size)
            if cancelled():
                raise AttachmentError(f"Reading “{name}” was cancelled.")
            pieces.append(piece)
    return b"".join(pieces)


def _picture_type(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _PICTURES if data.startswith(start)), None)


def _decoded(data: bytes, name: str) -> str:
    for start, what in _ARCHIVES:
        if data.startswith(start):
            raise AttachmentError(f"“{name}” is {what}, which cannot be read; attach the text in it.")
    encoding = next((encoding for start, encoding in _BOMS if data.startswith(start)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        what = "is no text" if b"\0" in data else f"is no text in UTF-8 (byte {error.start:,})"
        raise AttachmentError(f"“{name}” {what}; save it as UTF-8 text and attach that.") from error
    if "\0" in text:
        raise AttachmentError(f"“{name}” is no text: it holds zero bytes (the first at {text.index(chr(0)):,}).")
    if len(text) > MOST_CHARACTERS:
        raise AttachmentError(
            f"“{name}” has {len(text):,} characters; {MOST_CHARACTERS:,} is the most; attach the part that counts."
        )
    return text


def _pdf(data: bytes, name: str, cancelled: Callable[[], bool]) -> AttachedFile:
    match pdf_text(data, most_characters=MOST_CHARACTERS, cancelled=cancelled):
        case PdfText(text, pages, pages_read):
            is_whole = pages == pages_read
            return AttachedFile(
                PartKind.FILE,
                name,
                "application/pdf",
                data,
                text.encode("utf-8", "replace").decode(),
                pages=0 if is_whole else pages,
                pages_read=0 if is_whole else pages_read,
            )
        case PdfProblem.ENCRYPTED:
            sentence = f"“{name}” is encrypted; save a copy without a password and attach that."
        case PdfProblem.NO_TEXT:
            sentence = f"“{name}” holds pictures of pages and no text; run text recognition (OCR) over it first."
        case PdfProblem.TOO_MUCH:
            sentence = f"“{name}” takes too much time or memory to read; attach the pages that matter."
        case PdfProblem.CANCELLED:
            sentence = f"Reading “{name}” was cancelled."
        case PdfProblem.DAMAGED:
            sentence = f"“{name}” is damaged or no PDF; save it again and attach that."
    raise AttachmentError(sentence)


def _too_large(name: str, size_bytes: int) -> AttachmentError:
    return AttachmentError(
        f"“{name}” has {size_bytes >> 20:,} MiB; {MOST_BYTES >> 20} is the most; attach the part that counts."
    )
