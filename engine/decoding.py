"""Decoding: the tokens of a reply behind a prompt that is read, as quickly as its settings and the model allow.

A device draws ahead of the host. On the CPU the model reads guesses where there are any; where there are none, the
kernels draw several tokens in one call: Python took a tenth of a small model's time between them, and whoever else
wanted the interpreter held replies up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator

import torch

from engine.alternatives import Drawn
from engine.api import StopReason, TokenGenerated
from engine.lookup import Guesser
from engine.reader import Reader
from engine.reply import Reply

CALL_S = 0.03  # a call should take: a stop waits for it, and tokens come as smoothly as a screen shows them
MOST_A_CALL = 8  # tokens


class Decoding:
    """One reply's; `guessed` and `right_guesses` count tokens."""

    def __init__(self, reader: Reader, reply: Reply, guesser: Guesser, *, length: int, has_draft: bool) -> None:
        """`length` of the prompt; with a draft model `guesser` is made of it."""
        self._reader, self._reply, self._guesser = reader, reply, guesser
        self._length, self._has_draft = length, has_draft
        self._token_s = CALL_S
        self.guessed = self.right_guesses = 0

    def events(self, logits: torch.Tensor, cancelled: Callable[[], bool]) -> Iterator[TokenGenerated]:
        """Draw until the reply ends; logits [1, V] are those behind the prompt."""
        reader, reply = self._reader, self._reply
        if reply.can_follow and not self._has_draft:
            drawn = reader.draw_ahead(reply.sampler.settings, seed=reply.seed, most=reply.limit)
            yield from reply.follow(drawn, cancelled)
        guess: list[int] = []
        while reply.stop_reason is None:
            yield from self._judge(logits, guess, cancelled)
            guess = yield from self._until_guess(cancelled)
            if reply.stop_reason is None:
                found = reader.forward([reply.ids[-1], *guess], every=True, interrupted=cancelled)
                if found is None:
                    reply.stop_reason = StopReason.CANCELLED
                else:
                    logits = found

    def _judge(
        self, logits: torch.Tensor, guess: list[int], cancelled: Callable[[], bool]
    ) -> Iterator[TokenGenerated]:
        """Draw from logits [1 + guesses, V], as long as the guesses are right."""
        reply, right = self._reply, 0
        for row in logits:
            event = reply.extend(row)
            if event is not None:
                self._guesser.add(event.token_id)
                yield event
            if cancelled() and reply.stop_reason is None:
                reply.stop_reason = StopReason.CANCELLED
            if reply.stop_reason is not None or right == len(guess) or reply.ids[-1] != guess[right]:
                break
            right += 1
        self._guesser.judge(len(guess), right)
        self.guessed, self.right_guesses = self.guessed + len(guess), self.right_guesses + right

    def _until_guess(self, cancelled: Callable[[], bool]) -> Generator[TokenGenerated, None, list[int]]:
        """Draw several tokens a call until there is a guess, which is returned, or the reply ends."""
        reader, reply, guess = self._reader, self._reply, list[int]()
        while reply.stop_reason is None:
            reader.cut(self._length + len(reply.ids) - 1)
            if reader.is_exact:
                guess = self._guesser.guess(reply.limit - len(reply.ids) - 1)
            drawn = [] if guess or self._has_draft else self._several()
            if not drawn:
                break
            for event in reply.follow(drawn, cancelled):
                self._guesser.add(event.token_id)
                yield event
        return guess

    def _several(self) -> list[Drawn]:
        started = time.perf_counter()
        drawn = self._reply.several(self._reader, max(min(int(CALL_S / self._token_s), MOST_A_CALL), 1))
        if drawn:
            self._token_s = (time.perf_counter() - started) / len(drawn)
        return drawn
