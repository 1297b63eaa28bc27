"""Guessing ahead with a smaller model of the same vocabulary (speculative decoding, arXiv:2211.17192).

The draft draws with the sampler, seed and positions of the reply, so that it draws the same tokens where it finds
the same ones likely. What the reply says does not depend on it: a wrong guess costs time only.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.api import RequestError
from engine.model import Model
from engine.reader import Reader
from engine.sampling import Sampler

MOST_GUESSES = 8  # judged in one step, which has fewer than LONG_PROMPT tokens (kernels.h)
FIRST_GUESSES = 3
CATCH_UP = 64  # tokens that the draft reads at a time while it is behind the text
JUDGED_ROUNDS = 4  # guesses whose cost is weighed together
LONGEST_PAUSE = 256  # tokens


class Draft:
    """The guesses of one reply. They stop for a while when a token costs more time with them than without."""

    def __init__(
        self,
        reader: Reader,
        ids: list[int],
        sampler: Sampler,
        *,
        vocabulary: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`vocabulary`: guesses are below it; the draft's own table of tokens may be padded further."""
        self._reader, self._sampler, self._vocabulary, self._clock = reader, sampler, vocabulary, clock
        self._ids = list(ids)
        self._count = FIRST_GUESSES
        self._since: float | None = None
        self._plain_s: float | None = None  # what a token costs without guesses
        self._rounds: list[tuple[float, int]] = []  # seconds and tokens of the last rounds with guesses
        self._pause = self._wait = 0
        reader.rewind(ids)

    def add(self, token: int) -> None:
        """One more token of the text."""
        at = len(self._ids)
        if len(self._reader.ids) > at and self._reader.ids[at] != token:
            self._reader.cut(at)
        self._ids.append(token)
        self._wait = max(0, self._wait - 1)

    def guess(self, most: int) -> list[int]:
        """The tokens that may come next, at most `most` of them; none while they do not pay."""
        if len(self._reader.ids) >= len(self._ids):
            self._reader.cut(len(self._ids) - 1)
        behind = self._ids[len(self._reader.ids) :]
        if len(behind) > CATCH_UP:
            self._reader.forward(behind[:CATCH_UP])
            self._since = None
            return []
        if self._wait or self._plain_s is None or most <= 0:
            return []
        guesses: list[int] = []
        while len(guesses) < min(most, self._count):
            logits = self._reader.forward(behind)
            assert logits is not None, "nothing interrupts it"
            text = [*self._ids, *guesses]
            token = self._sampler.draw(logits[-1], history=text, position=len(text))
            if token >= self._vocabulary or token in self._reader.model.tokenizer.end_ids:
                break
            guesses.append(token)
            behind = [token]
        return guesses

    def judge(self, guessed: int, right: int) -> None:
        """How many of the guessed tokens were right, when all of them are drawn."""
        now, since = self._clock(), self._since
        self._since = now
        if since is None:
            return
        if guessed == 0:
            self._plain_s = now - since if self._plain_s is None else 0.7 * self._plain_s + 0.3 * (now - since)
            return
        self._count = min(self._count + 1, MOST_GUESSES) if right == guessed else right + 1
        self._rounds.append((now - since, right + 1))
        if len(self._rounds) == JUDGED_ROUNDS and self._plain_s is not None:
            took, tokens = (sum(column) for column in zip(*self._rounds, strict=True))
            self._rounds.clear()
            self._pause = min(LONGEST_PAUSE, 2 * self._pause + 16) if took > tokens * self._plain_s else 0
            self._wait = self._pause


def check_vocabulary(draft: Model, model: Model) -> None:
    """Raise `RequestError` unless both models mean the same by every token id."""
    ours, theirs = model.tokenizer, draft.tokenizer
    same = ours.vocab_size == theirs.vocab_size and all(
        ours.token_bytes(token) == theirs.token_bytes(token) for token in range(ours.vocab_size)
    )
    if not same:
        raise RequestError(
            f"{draft.info.name} cannot be the draft of {model.info.name}: their vocabularies differ. Choose a "
            "smaller model of the same family."
        )
