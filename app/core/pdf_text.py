"""The text of a PDF, read in a process of its own: a hostile file costs that process its time or memory, no more.

Bounded in pages, characters, seconds and memory. `attached_files` calls it on a background thread.
"""

from __future__ import annotations

import contextlib
import io
import logging
import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection

MOST_PAGES = 2_000
TIME_LIMIT_S = 60.0  # pypdf reads 20 to 100 pages of prose in a second
MEMORY_BYTES = 2 << 30  # of the process, address space and all; where the system can limit it
POLL_S = 0.05


class PdfProblem(StrEnum):
    """Why a PDF gives no text."""

    ENCRYPTED = "encrypted"
    NO_TEXT = "no_text"  # pages that are pictures, as a scanner makes them
    DAMAGED = "damaged"
    TOO_MUCH = "too_much"  # time or memory ran out
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PdfText:
    """What was read; `pages_read` is less than `pages` where a limit was met."""

    text: str
    pages: int
    pages_read: int


def pdf_text(data: bytes, *, most_characters: int, cancelled: Callable[[], bool]) -> PdfText | PdfProblem:
    """The text of all pages, an empty line between two; pages that cannot be read are passed over."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the window's threads and locks
    ours, theirs = context.Pipe()
    process = context.Process(target=_read, args=(theirs, most_characters), name="pdf", daemon=True)
    process.start()
    theirs.close()
    ends_at = time.monotonic() + TIME_LIMIT_S
    try:
        ours.send_bytes(data)
        while not ours.poll(POLL_S):
            if cancelled():
                return PdfProblem.CANCELLED
            if time.monotonic() > ends_at:
                return PdfProblem.TOO_MUCH
        answer: PdfText | PdfProblem = ours.recv()
    except (EOFError, OSError):  # it died: of memory, or of a stack that was too deep
        return PdfProblem.TOO_MUCH
    else:
        return answer
    finally:
        ours.close()
        process.kill()
        process.join()
        process.close()


def _read(answer: Connection, most_characters: int) -> None:
    _limit_memory()
    data = answer.recv_bytes()
    try:
        answer.send(_text_of(data, most_characters))
    except (MemoryError, RecursionError):
        answer.send(PdfProblem.TOO_MUCH)


def _text_of(data: bytes, most_characters: int) -> PdfText | PdfProblem:
    from pypdf import PasswordType, PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
            return PdfProblem.ENCRYPTED
        total = len(reader.pages)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001 - pypdf meets hostile files with errors of many kinds
        return PdfProblem.ENCRYPTED if type(error).__name__ == "DependencyError" else PdfProblem.DAMAGED
    texts: list[str] = []
    characters = 0
    for number in range(min(total, MOST_PAGES)):
        text = ""
        with contextlib.suppress(Exception):
            text = reader.pages[number].extract_text().strip()
        characters += len(text)
        if characters > most_characters:
            break
        texts.append(text)
    if not any(texts):
        return PdfProblem.NO_TEXT if characters == 0 else PdfProblem.TOO_MUCH
    return PdfText("\n\n".join(filter(None, texts)), total, len(texts))


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(ValueError, OSError):  # a lower limit stands already
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
