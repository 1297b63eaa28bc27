"""Strings: a long array of texts in a GGUF header, each decoded when it is asked for.

A vocabulary and its merges are 100,000 to 500,000 strings, of which a reply needs a few hundred; making all of them
took 25 of the 120 ms that loading the starter model did.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import overload


class Strings(Sequence[str]):
    """`spans` holds start and end of each string in `data`, which is UTF-8; what is not becomes U+FFFD."""

    def __init__(self, data: bytes, spans: array[int]) -> None:
        self.data, self.spans = data, spans

    def __len__(self) -> int:
        return len(self.spans) // 2

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self.data[self.spans[2 * at] : self.spans[2 * at + 1]].decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        ends = iter(self.spans)
        for start, end in zip(ends, ends, strict=True):
            yield self.data[start:end].decode("utf-8", "replace")

    def places_of(self, text: str) -> list[int]:
        """The numbers of the strings that are `text`, without decoding the others."""
        spelt, found = text.encode("utf-8", "replace"), []
        at = self.data.find(spelt)
        while at >= 0:
            number = bisect_right(self.spans, at) // 2
            if number < len(self) and self.spans[2 * number : 2 * number + 2].tolist() == [at, at + len(spelt)]:
                found.append(number)
            at = self.data.find(spelt, at + 1)
        return found
