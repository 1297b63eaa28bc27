"""Guessing ahead by prompt lookup: what followed the same few tokens before may follow them again.

The engine reads several guessed tokens in one forward pass and draws at each place as it would have drawn one by one,
so a wrong guess costs time and changes nothing (speculative decoding, arXiv:2211.17192, without a draft model).
"""

from __future__ import annotations

from typing import Protocol

MATCH = 4  # tokens that must have stood together before; with 3, ordinary text lost 5% to wrong guesses
GUESSES = 2  # SmolLM2 reads three tokens in 12 ms, one in 5.5: a third guess costs as much as it gains
LONGEST_PAUSE = 64  # tokens


class Guesser(Protocol):
    """What guesses ahead while a reply is made; `engine.draft` has the other one."""

    def add(self, token: int) -> None:
        """One more token of the text."""

    def guess(self, most: int) -> list[int]:
        """The tokens that may come next, at most `most` of them."""

    def judge(self, guessed: int, right: int) -> None:
        """How many of the guessed tokens were right, the first ones; called after every step, guessed or not."""


class PromptLookup:
    """The tokens of a text so far, and where each run of `MATCH` of them ended last."""

    def __init__(self, ids: list[int]) -> None:
        self._ids = list(ids)
        self._ends: dict[tuple[int, ...], int] = {}
        self._indexed = MATCH
        self._pause = self._wait = 0

    def add(self, token: int) -> None:
        """One more token."""
        self._ids.append(token)
        self._wait = max(0, self._wait - 1)

    def guess(self, most: int) -> list[int]:
        """The tokens that may come next, at most `most` of them; none after guesses that were wrong, for a while."""
        if self._wait or most <= 0:
            return []
        self._index()
        end = self._ends.get(tuple(self._ids[-MATCH:]))
        return [] if end is None else self._ids[end : end + min(most, GUESSES)]

    def judge(self, guessed: int, right: int) -> None:
        """How many of the guessed tokens were right: when none was, the next pause is twice as long."""
        if guessed:
            self._pause = 0 if right else min(LONGEST_PAUSE, 2 * self._pause + 16)
            self._wait = self._pause

    def _index(self) -> None:
        """Note where runs ended, but for the last one: it may be guessed from only when it comes again.

        Not before the first guess: a long prompt's would delay the first token.
        """
        for end in range(self._indexed, len(self._ids)):
            self._ends[tuple(self._ids[end - MATCH : end])] = end
        self._indexed = max(self._indexed, len(self._ids))
