"""SentencePiece's own text normalisation: a table of replacements, the longest match first.

The table ("precompiled charsmap") is a double-array trie over UTF-8 bytes and the replacements it points into
(github.com/google/sentencepiece, src/normalizer.cc; the array is that of github.com/s-yata/darts-clone). The
`tokenizers` library looks up whole graphemes first, which gives other texts where marks are combined.
"""

from __future__ import annotations

import struct

from tokenizers import NormalizedString

from engine.api import TokenizerError

LARGEST_TABLE = 16 << 20  # bytes; that of XLM-R has 0.3 million


class Charsmap:
    """`normalize` is what `tokenizers.normalizers.Normalizer.custom` calls."""

    def __init__(self, table: bytes) -> None:
        """Raises `TokenizerError` when the table is cut off."""
        size = struct.unpack_from("<I", table)[0] if len(table) >= 4 else 0
        if size % 4 or not 0 < size <= len(table) - 4 or len(table) > LARGEST_TABLE:
            raise TokenizerError(f"The tokenizer's table of replacements is damaged: {size} of {len(table)} bytes.")
        self._nodes = struct.unpack_from(f"<{size // 4}I", table, 4)
        self._replacements = table[4 + size :]

    def normalize(self, text: NormalizedString) -> None:
        """Replace in place."""
        before = text.normalized
        after = self.replaced(before)
        if after != before:
            text.replace(before, after)

    def replaced(self, text: str) -> str:
        """The text with every longest match replaced."""
        data = text.encode("utf-8")
        out = bytearray()
        at = 0
        while at < len(data):
            length, start = self._longest(data, at)
            if length:
                stop = self._replacements.find(b"\0", start)
                out += self._replacements[start : stop if stop >= 0 else None]
            else:
                length = 1 + (data[at] >= 0xC0) + (data[at] >= 0xE0) + (data[at] >= 0xF0)
                out += data[at : at + length]
            at += length
        return out.decode("utf-8", "replace")

    def _longest(self, data: bytes, at: int) -> tuple[int, int]:
        """How many bytes match at `at`, and where their replacement begins; 0 bytes when none do."""
        nodes = self._nodes
        length = start = 0
        index = _base(nodes[0])
        for offset in range(at, len(data)):
            byte = data[offset]
            index ^= byte
            if byte == 0 or index >= len(nodes) or nodes[index] & 0x800000FF != byte:
                break
            is_match = nodes[index] >> 8 & 1
            index ^= _base(nodes[index])
            if is_match and index < len(nodes):
                length, start = offset - at + 1, nodes[index] & 0x7FFFFFFF
        return length, start


def _base(node: int) -> int:
    return (node >> 10) << ((node & 1 << 9) >> 6)
