"""Tokenizer: text to token ids and back. Control tokens come out of a text only where the caller asks for it.

The merging itself is done by the `tokenizers` library; what it panics about becomes a `TokenizerError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import tokenizers

from engine.api import TokenizerError
from engine.tokenizers.part_memory import PartMemory
from engine.tokenizers.vocabulary import Marker, Spelling, Vocabulary, piece_bytes

LONGEST_RUN = 1 << 16  # letters given to the library at once; without a space it takes quadratic time


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """What the file says about beginning and end."""

    bos_id: int | None = None
    eos_id: int | None = None
    end_ids: frozenset[int] = frozenset()
    add_bos: bool = False
    add_eos: bool = False


class Cutter(Protocol):
    """Plain text to token ids."""

    def ids(self, text: str) -> list[int]:
        """The ids of a text that holds no control token."""


class LibraryCutter:
    """A tokenizer of the library."""

    def __init__(self, core: tokenizers.Tokenizer) -> None:
        self._core = core

    def ids(self, text: str) -> list[int]:
        """What the library makes of the text. Raises whatever it raises, its panics included."""
        return self._core.encode(text, add_special_tokens=False).ids


@dataclass
class Tokenizer:
    """`core` cuts plain text; `later_core` plain text that does not begin the text, where that differs."""

    vocabulary: Vocabulary
    core: Cutter
    special: SpecialTokens
    chat_template: str | None
    name: str
    later_core: Cutter | None = None
    control_tokens: dict[str, int] = field(init=False)  # ids by spelling
    control_pattern: re.Pattern[str] | None = field(init=False)  # finds the longest that stands at a place; one group
    _markers: dict[str, Marker] = field(init=False)
    _user_pattern: re.Pattern[str] | None = field(init=False)
    _all_pattern: re.Pattern[str] | None = field(init=False)
    _bytes: dict[int, bytes] = field(init=False, default_factory=dict)
    _by_id: dict[int, Marker] = field(init=False)
    part_memory: PartMemory = field(init=False, default_factory=PartMemory)  # for `engine.prompt_parts`

    def __post_init__(self) -> None:
        markers = self.vocabulary.markers
        self._markers = {marker.text: marker for marker in markers if marker.text}
        self.control_tokens = {text: one.id for text, one in self._markers.items() if one.is_control}
        self.control_pattern = _pattern(self.control_tokens)
        self._by_id = {marker.id: marker for marker in markers}
        self._user_pattern = _pattern(text for text, marker in self._markers.items() if not marker.is_control)
        self._all_pattern = _pattern(self._markers)

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        return len(self.vocabulary.pieces)

    @property
    def bos_id(self) -> int | None:
        """The token that begins a text."""
        return self.special.bos_id

    @property
    def eos_id(self) -> int | None:
        """The token that ends a text."""
        return self.special.eos_id

    @property
    def end_ids(self) -> frozenset[int]:
        """All tokens that end a reply: end of text, of turn, of message."""
        return self.special.end_ids

    @property
    def add_bos(self) -> bool:
        """Whether a text should begin with `bos_id`."""
        return self.special.add_bos

    @property
    def add_eos(self) -> bool:
        """Whether a text should end with `eos_id`."""
        return self.special.add_eos

    @property
    def bos_token(self) -> str:
        """How `bos_id` is spelt; empty when there is none."""
        return "" if self.bos_id is None else self.piece(self.bos_id)

    @property
    def eos_token(self) -> str:
        """How `eos_id` is spelt; empty when there is none."""
        return "" if self.eos_id is None else self.piece(self.eos_id)

    def encode(self, text: str, parse_special: bool = False, *, is_start: bool = True) -> list[int]:
        """Token ids of `text` alone. Control tokens that it spells are plain text unless `parse_special`.

        `is_start` False: it goes on from other text, so the tokenizer adds no space of its own.
        Raises `TokenizerError` when the tokenizer's data does not fit together.
        """
        text = text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
        pattern = self._all_pattern if parse_special else self._user_pattern
        ids: list[int] = []
        for part in _split(text, pattern, self._markers):
            if isinstance(part, Marker):
                ids.append(part.id)
            else:
                ids += self._encode_plain(part, is_start=is_start)
            is_start = False
        return ids

    def encode_with_specials(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """As `encode`, with the tokens for beginning and end that the model expects if `add_special`."""
        ids = self.encode(text, parse_special)
        if add_special and self.add_bos and self.bos_id is not None:
            ids.insert(0, self.bos_id)
        if add_special and self.add_eos and self.eos_id is not None:
            ids.append(self.eos_id)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, control tokens spelt out; bytes that are no UTF-8 become U+FFFD."""
        joined = b"".join(map(self.token_bytes, ids))
        if self.hides_first_space and joined.startswith(b" "):
            joined = joined[1:]
        return joined.decode("utf-8", "replace")

    @property
    def hides_first_space(self) -> bool:
        """Whether a text's first space is the tokenizer's own."""
        return self.vocabulary.spelling is Spelling.SENTENCEPIECE and self.vocabulary.adds_space

    def token_bytes(self, token: int) -> bytes:
        """The bytes that one token stands for. Raises `TokenizerError` for an id outside of the vocabulary."""
        known = self._bytes.get(token)
        if known is None:
            known = self._bytes[token] = self._compute_bytes(token)
        return known

    def piece(self, token: int) -> str:
        """One token as a person may read it."""
        return self.token_bytes(token).decode("utf-8", "replace")

    def _compute_bytes(self, token: int) -> bytes:
        vocabulary = self.vocabulary
        if not 0 <= token < len(vocabulary.pieces):
            raise TokenizerError(f"Token {token} is outside the vocabulary of {len(vocabulary.pieces)} tokens.")
        if token in self._by_id:
            return self._by_id[token].text.encode("utf-8", "replace")
        if token in vocabulary.bytes_by_id:
            return bytes([vocabulary.bytes_by_id[token]])
        is_word = vocabulary.spelling is Spelling.WORDPIECE and not vocabulary.pieces[token].startswith("##")
        return (b" " if is_word else b"") + piece_bytes(vocabulary.pieces[token], vocabulary.spelling)

    def _encode_plain(self, text: str, *, is_start: bool) -> list[int]:
        core = self.core if is_start or self.later_core is None else self.later_core
        ids: list[int] = []
        for run in _runs(text):
            try:
                ids += core.ids(run)
            except BaseException as error:
                # The library's panics are BaseExceptions of a class that it does not export.
                if isinstance(error, KeyboardInterrupt | SystemExit):
                    raise
                raise TokenizerError(f"The tokenizer cannot encode this text: {error}.") from error
            core = self.later_core or self.core
        if ids and not 0 <= max(ids) < self.vocab_size:
            raise TokenizerError(f"The tokenizer made the id {max(ids)}, outside of its {self.vocab_size} tokens.")
        return ids


def _pattern(texts: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})") if longest_first else None


def _split(text: str, pattern: re.Pattern[str] | None, markers: dict[str, Marker]) -> Iterator[str | Marker]:
    """Markers and the plain text between them."""
    if pattern is None:
        if text:
            yield text
        return
    at = 0
    for found in pattern.finditer(text):
        marker = markers[found[0]]
        before = text[at : found.start()] if found.start() > at else ""
        before = before.rstrip() if marker.eats_left else before
        if before:
            yield before
        yield marker
        at = found.end()
        if marker.eats_right:
            at += len(text[at:]) - len(text[at:].lstrip())
    if at < len(text):
        yield text[at:]


def _runs(text: str) -> Iterator[str]:
    """The text in pieces of bounded length, cut before a space where there is one."""
    at = 0
    while len(text) - at > LONGEST_RUN:
        cut = text.rfind(" ", at + 1, at + LONGEST_RUN)
        cut = cut if cut > at else at + LONGEST_RUN
        yield text[at:cut]
        at = cut
    if at < len(text) or not text:
        yield text[at:]
