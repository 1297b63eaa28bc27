"""The steps of comparing two models: load, reply and judge, in turn; `comparison` has what is computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.api import Event, ReplyFinished, RequestError, TokenGenerated
from engine.inspection.api import Compared, ComparedReply, CompareProgressed, CompareRequest, CompareStep
from engine.inspection.comparison import (
    Distributions,
    Judged,
    Said,
    align,
    judge_other,
    judge_own,
    vocabulary_digest,
)
from engine.layers import Interrupted
from engine.model import Model
from engine.prompt import plan_prompt

if TYPE_CHECKING:
    from engine.engine import Engine

Cancelled = Callable[[], bool]
TELL_EVERY_S = 0.1  # how often a reply in the making is told


def compare(engine: Engine, request: CompareRequest, cancelled: Cancelled) -> Iterator[Event]:
    """Three loads, so that no two models are in memory; the one that was in use is back at the end."""
    used = engine.loaded_by
    try:
        yield from _Comparison(engine, request, cancelled).events()
    finally:
        engine.close()
        if used is not None:
            for _ in engine.run(used):
                pass


class _Comparison:
    """The steps of comparing two models."""

    STEPS = 8

    def __init__(self, engine: Engine, request: CompareRequest, cancelled: Cancelled) -> None:
        self._engine, self._request, self._cancelled = engine, request, cancelled
        self._done = -1  # until the first step begins

    def events(self) -> Iterator[Event]:
        """Load, reply and judge, in turn."""
        yield from self._load(0)
        digest = self._digest()
        first = yield from self._reply(0)
        ours = Distributions(len(first.ids), self._vocabulary)
        theirs: Distributions | None = None
        try:
            yield self._begin(0, CompareStep.SCORING)
            first_own = judge_own(self._model, first, ours, interrupted=self._cancelled)
            yield from self._load(1)
            is_alike = digest == self._digest()
            second = yield from self._reply(1)
            theirs = Distributions(len(second.ids), self._vocabulary)
            yield self._begin(1, CompareStep.SCORING)
            second_own = judge_own(self._model, second, theirs, interrupted=self._cancelled)
            first_other = self._judge(first, ours if is_alike else None)
            yield from self._load(0)
            yield self._begin(0, CompareStep.SCORING)
            second_other = self._judge(second, theirs if is_alike else None)
        finally:
            ours.close()
            if theirs is not None:
                theirs.close()
        yield Compared(
            self._request.request_id,
            _compared(self._request.loads[0].path, first, first_own, first_other),
            _compared(self._request.loads[1].path, second, second_own, second_other),
            runs=tuple(align(first.text, second.text)),
            diverges_at=None if first.text == second.text else _same_characters(first.text, second.text),
        )

    @property
    def _model(self) -> Model:
        assert self._engine.model is not None
        return self._engine.model

    @property
    def _vocabulary(self) -> int:
        return self._model.decoder.vocabulary

    def _begin(self, which: int, step: CompareStep) -> CompareProgressed:
        self._done += 1
        return self._at(which, step)

    def _at(self, which: int, step: CompareStep, text: str = "") -> CompareProgressed:
        return CompareProgressed(self._request.request_id, self._done, self.STEPS, which, step, text)

    def _load(self, which: int) -> Iterator[Event]:
        yield self._begin(which, CompareStep.LOADING)
        self._engine.close()
        for _ in self._engine.run(self._request.loads[which]):
            pass
        if self._cancelled():
            raise Interrupted

    def _reply(self, which: int) -> Generator[Event, None, Said]:
        yield self._begin(which, CompareStep.REPLYING)
        of = replace(self._request.of, begun_ids=(), cache_path=None)
        text, told_at = "", time.monotonic()
        for event in self._engine.run(of, self._cancelled):
            text += event.text if isinstance(event, TokenGenerated) else ""
            if text and time.monotonic() - told_at > TELL_EVERY_S:
                yield self._at(which, CompareStep.REPLYING, text)
                text, told_at = "", time.monotonic()
        if self._cancelled():
            raise Interrupted
        assert isinstance(event, ReplyFinished)
        ids, tokenizer = event.token_ids, self._model.tokenizer
        prompt = plan_prompt(of, tokenizer, limit=self._engine.context_length).ids
        if not ids:
            raise RequestError(
                f"{self._model.info.name} says nothing to this prompt, so there is nothing to compare."
            )
        return Said(event.text, prompt, ids, tuple(map(tokenizer.token_bytes, ids)))

    def _judge(self, said: Said, kept: Distributions | None) -> Judged:
        limit = self._engine.context_length
        return judge_other(*(self._model, self._request.of, said, kept), limit=limit, interrupted=self._cancelled)

    def _digest(self) -> str:
        return vocabulary_digest(self._model.tokenizer, self._vocabulary)


def _same_characters(first: str, second: str) -> int:
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (ours, theirs) in pairs if ours != theirs), min(len(first), len(second)))


def _compared(path: str, said: Said, own: Judged, other: Judged) -> ComparedReply:
    numbers = (own.logprobs, other.logprobs, other.kl)
    return ComparedReply(path, said.text, tuple(said.ids), said.pieces, *numbers)
