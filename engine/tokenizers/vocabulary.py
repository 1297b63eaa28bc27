"""What a tokenizer is made of, whatever file it came from: pieces, their kinds, and the marked-up tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum


class Spelling(Enum):
    """How a vocabulary writes bytes as text."""

    BYTE_LEVEL = "byte-level"  # every byte is one printable letter (GPT-2)
    SENTENCEPIECE = "SentencePiece"  # ▁ is a space, <0x0A> is a byte
    WORDPIECE = "WordPiece"  # ## continues a word


@dataclass(frozen=True, slots=True)
class Marker:
    """A token found in a text before anything else: `is_control` ones only where control tokens are parsed.

    `eats_left` and `eats_right` take the white space beside it (`lstrip` and `rstrip` in tokenizer.json).
    """

    id: int
    text: str
    is_control: bool
    eats_left: bool = False
    eats_right: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces by id, as the file spells them; `markers` are spelt plainly."""

    pieces: Sequence[str]
    spelling: Spelling
    markers: tuple[Marker, ...]
    bytes_by_id: dict[int, int] = field(default_factory=dict)  # tokens that stand for one byte
    adds_space: bool = False  # SentencePiece: a space before a text that the reader does not see


def _byte_letters() -> dict[str, int]:
    """GPT-2's letters for bytes: printable ones stand for themselves, the others are moved up from U+0100."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + i): byte for i, byte in enumerate(moved)}


BYTE_LETTERS = _byte_letters()


def piece_bytes(piece: str, spelling: Spelling) -> bytes:
    """The bytes that a piece stands for."""
    if spelling is Spelling.BYTE_LEVEL:
        if all(letter in BYTE_LETTERS for letter in piece):
            return bytes(BYTE_LETTERS[letter] for letter in piece)
        return piece.encode("utf-8", "replace")
    if spelling is Spelling.SENTENCEPIECE:
        return piece.replace("▁", " ").encode("utf-8", "replace")
    return piece.removeprefix("##").encode("utf-8", "replace")
