"""The steps of comparing two models: load, reply and judge, in turn; `comparison` has what is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.api import Event, LoadRequest, ReplyFinished, RequestError
from engine.inspection.api import Compared, ComparedReply, CompareProgressed, CompareRequest
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

    STEPS = 6

    def __init__(self, engine: Engine, request: CompareRequest, cancelled: Cancelled) -> None:
        self._engine, self._request, self._cancelled = engine, request, cancelled
        self._done = 0

    def events(self) -> Iterator[Event]:
        """Load, reply and judge, in turn."""
        first_path, second_path = self._request.paths
        yield self._load(first_path)
        digest = self._digest()
        first = self._reply()
        yield self._step()
        ours = Distributions(len(first.ids), self._vocabulary)
        theirs: Distributions | None = None
        try:
            first_own = judge_own(self._model, first, ours, interrupted=self._cancelled)
            yield self._load(second_path)
            is_alike = digest == self._digest()
            second = self._reply()
            theirs = Distributions(len(second.ids), self._vocabulary)
            yield self._step()
            second_own = judge_own(self._model, second, theirs, interrupted=self._cancelled)
            first_other = self._judge(first, ours if is_alike else None)
            yield self._load(first_path)
            second_other = self._judge(second, theirs if is_alike else None)
            yield self._step()
        finally:
            ours.close()
            if theirs is not None:
                theirs.close()
        yield Compared(
            self._request.request_id,
            _compared(first_path, first, first_own, first_other),
            _compared(second_path, second, second_own, second_other),
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

    def _step(self) -> CompareProgressed:
        self._done += 1
        return CompareProgressed(self._request.request_id, self._done, self.STEPS)

    def _load(self, path: str) -> CompareProgressed:
        used = self._engine.loaded_by or LoadRequest(0, path)
        self._engine.close()
        for _ in self._engine.run(replace(used, path=path, draft_path=None)):
            pass
        if self._cancelled():
            raise Interrupted
        return self._step()

    def _reply(self) -> Said:
        of = replace(self._request.of, begun_ids=(), cache_path=None)
        *_, finished = self._engine.run(of, self._cancelled)
        if self._cancelled():
            raise Interrupted
        assert isinstance(finished, ReplyFinished)
        prompt = plan_prompt(of, self._model.tokenizer, limit=self._engine.context_length).ids
        if not finished.token_ids:
            raise RequestError(
                f"{self._model.info.name} says nothing to this prompt, so there is nothing to compare."
            )
        return Said(finished.text, prompt, finished.token_ids)

    def _judge(self, said: Said, kept: Distributions | None) -> Judged:
        limit = self._engine.context_length
        return judge_other(*(self._model, self._request.of, said, kept), limit=limit, interrupted=self._cancelled)

    def _digest(self) -> str:
        return vocabulary_digest(self._model.tokenizer, self._vocabulary)


def _same_characters(first: str, second: str) -> int:
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (ours, theirs) in pairs if ours != theirs), min(len(first), len(second)))


def _compared(path: str, said: Said, own: Judged, other: Judged) -> ComparedReply:
    return ComparedReply(
        *(path, said.text, tuple(said.ids)),
        own_logprob=own.logprob,
        other_logprob=other.logprob,
        other_tokens=other.tokens,
        kl=other.kl,
    )
