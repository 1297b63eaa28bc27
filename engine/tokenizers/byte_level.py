"""Byte-level BPE by the compiled merges: the library's patterns cut a text into words, C makes tokens of them.

The library's own model is the twin, equal to the id; it runs where the compiled kernels are missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Regex, pre_tokenizers

from engine import kernels
from engine.loaders.strings import Strings

MOST_WORDS = 1 << 16  # whose tokens are remembered; a long text has some ten thousand different ones


class ByteLevelBpe:
    """Cuts and joins. `whole_words`: a word that is a token as it stands is not built by merges."""

    def __init__(self, pieces: Strings, merges: Strings, patterns: Sequence[str], *, whole_words: bool) -> None:
        """Raises ValueError naming the merge that is not two tokens and what they make, MemoryError."""
        self._cutter = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(one), "isolated") for one in patterns])
        self._whole_words = whole_words
        self._merges = kernels.Merges(pieces, merges)
        self._words: dict[str, list[int]] = {}

    def ids(self, text: str) -> list[int]:
        """Token ids of plain text; bytes that have no token are left out. Raises MemoryError."""
        ids: list[int] = []
        words = self._words
        for word, _span in self._cutter.pre_tokenize_str(text):
            known = words.get(word)
            if known is None:
                if len(words) >= MOST_WORDS:
                    words.clear()
                known = words[word] = self._merges.ids(word.encode(), whole_words=self._whole_words)
            ids += known
        return ids
