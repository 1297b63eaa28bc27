"""Reply: a reply in the making. It draws tokens, turns them into text, ends it at stop strings and limits."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Iterable, Iterator

import torch

from engine.alternatives import Drawn
from engine.api import (
    Circumstances,
    Event,
    GenerateRequest,
    NumericalError,
    ReplyFinished,
    StopReason,
    Timings,
    TokenGenerated,
)
from engine.distribution import drawn_from
from engine.grammar import JsonGrammar
from engine.model import Model
from engine.reader import Reader
from engine.sampling import HISTORY, Sampler, can_draw_on_device
from engine.stopping import StopStrings
from engine.tokenizers.stream import TextStream

LONGEST_CHARACTER = 4  # bytes in UTF-8, and so tokens


class Reply:
    """The tokens of one request behind its `prompt`, for which there is `room`; raises `NumericalError`.

    `extend` draws the next token from logits, `follow` takes those that were drawn elsewhere; `finish` sums it up.
    """

    def __init__(
        self,
        model: Model,
        request: GenerateRequest,
        prompt: list[int],
        *,
        room: int,
        breakers: frozenset[int],
        grammar: JsonGrammar | None,
        opening: str = "",
    ) -> None:
        """`opening` is what its text begins with before any token, see `prompt.opened_thinking`."""
        self.request, self.room = request, room
        self._position, self._history = len(prompt), prompt[-HISTORY:]  # of the next token, before it
        seed = request.sampler.seed
        self.seed = secrets.randbits(32) if seed is None else seed
        self.sampler = Sampler(request.sampler, self.seed, breakers=breakers)
        self.end_ids, self.vocabulary = model.tokenizer.end_ids, model.decoder.vocabulary
        self.stream, self.stops = TextStream(model.tokenizer), StopStrings(request.stop)
        self.limit = min(room, request.max_tokens or room)
        self.grammar = grammar
        self._opening = opening
        self.ids: list[int] = []
        self.logprobs: list[float] = []
        self.alternatives: list[bytes] = []
        self.parts: list[str] = []
        self.stop_reason: StopReason | None = None
        self.first_token_at: float | None = None
        if self.limit <= 0:
            self.stop_reason = StopReason.CONTEXT_FULL
        for token in request.begun_ids[-LONGEST_CHARACTER:]:  # its text is known, but for a character cut in two
            self.stream.push(token)
        if self.grammar is not None:
            for token in request.begun_ids:
                self.grammar.accept(token)

    def extend(self, logits: torch.Tensor) -> TokenGenerated | None:
        """Draw the next token from logits [V]; None when the reply ended on an end token."""
        if self.grammar is None:
            drawn = self.sampler.drawn(logits, history=self._history, position=self._position)
        else:
            allowed = self.grammar.restrict(logits)
            choice = self.sampler.choose(allowed, history=self._history, position=self._position)
            drawn = drawn_from(logits, choice)
        _check_number(drawn.logprob)
        if self.grammar is not None:
            self.grammar.accept(drawn.token_id)
        return self._accept(drawn)

    def several(self, reader: Reader, most: int) -> list[Drawn]:
        """At most `most` tokens behind its last one, for `follow`; none where they must be drawn one by one."""
        if self.grammar is not None:
            return []
        room = self.limit - len(self.ids)
        return reader.draw_on(
            self.sampler, history=self._history, position=self._position, ends=self.end_ids, most=min(most, room)
        )

    @property
    def can_follow(self) -> bool:
        """Whether tokens may be drawn elsewhere: the reply goes on, by settings known there and no grammar."""
        return self.stop_reason is None and self.grammar is None and can_draw_on_device(self.sampler.settings)

    def follow(self, drawn: Iterable[Drawn], cancelled: Callable[[], bool]) -> Iterator[TokenGenerated]:
        """Take tokens until the reply ends."""
        for token in drawn:
            _check_number(token.logprob)
            event = self._accept(token)
            if event is not None:
                yield event
            if cancelled() and self.stop_reason is None:
                self.stop_reason = StopReason.CANCELLED
            if self.stop_reason is not None:
                return

    def _accept(self, drawn: Drawn) -> TokenGenerated | None:
        token = drawn.token_id
        self.first_token_at = self.first_token_at or time.perf_counter()
        if token in self.end_ids:
            self.stop_reason = StopReason.END_TOKEN
            return None
        self.ids.append(token)
        self._history.append(token)
        self._position += 1
        self.logprobs.append(drawn.logprob)
        self.alternatives.append(drawn.packed)
        text, stopped = self.stops.push(self.stream.push(token))
        text, self._opening = self._opening + text, ""
        self.parts.append(text)
        if stopped:
            self.stop_reason = StopReason.STOP_STRING
        elif self.grammar is not None and self.grammar.is_complete:
            self.stop_reason = StopReason.END_TOKEN
        elif len(self.ids) >= self.limit:
            is_context = self.limit == self.room and self.request.max_tokens != self.room
            self.stop_reason = StopReason.CONTEXT_FULL if is_context else StopReason.MAX_TOKENS
        return TokenGenerated(self.request.request_id, token, text, drawn.logprob, drawn.packed)

    def finish(self, timings: Timings, made: Circumstances) -> Iterator[Event]:
        """Show what was held back, then sum the reply up."""
        assert self.stop_reason is not None
        if self.stop_reason is not StopReason.STOP_STRING:
            text, stopped = self.stops.push(self.stream.finish())
            tail = text if stopped else text + self.stops.finish()
            self.parts.append(tail)
        yield ReplyFinished(
            self.request.request_id,
            text="".join(self.parts),
            token_ids=tuple(self.ids),
            logprobs=tuple(self.logprobs),
            stop_reason=self.stop_reason,
            timings=timings,
            seed=self.seed,
            alternatives=b"".join(self.alternatives),
            made=made,
        )


def _check_number(value: float) -> None:
    if not math.isfinite(value):
        raise NumericalError(
            "The model's output is not a number any more; its file may be damaged. Try another copy."
        )
