"""Answers the requests that look inside, on the model that the engine has loaded.

What the engine has read is forked, never changed: the next reply goes on from it as if nobody had looked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.alternatives import unpack
from engine.api import Event, GenerateRequest, RequestError
from engine.attribution import Attribution, message_parts, sentence_parts
from engine.cache import KVCache, common_prefix
from engine.circumstances import cache_type, circumstances
from engine.inspection.api import (
    AttentionSeen,
    Attributed,
    AttributeRequest,
    CompareRequest,
    CutStep,
    EndRequest,
    EndScored,
    InspectionRequest,
    InspectionStopped,
    LayerGuess,
    Looked,
    LookRequest,
    PartAttributed,
    Parts,
    PromptRequest,
    PromptSeen,
    Recut,
    RecutRequest,
    RecutToken,
    ScoreProgressed,
    ScoreRequest,
    ScoreTextRequest,
    SpellRequest,
    TextScored,
    TokensSpelt,
    Traced,
    TraceRequest,
    Verified,
    VerifyProgressed,
    VerifyRequest,
)
from engine.inspection.lab import recut, trace_record
from engine.inspection.look import look
from engine.inspection.prompt_view import seen_prompt
from engine.inspection.replay import differences, record_of, replay
from engine.inspection.two_models import compare
from engine.layers import Interrupted
from engine.prompt import plan_prompt
from engine.reader import Reader
from engine.sampling import HISTORY, Sampler
from engine.scoring import Scores, score, score_in_windows, score_logits, scores
from engine.tensor_bytes import tensor_bytes

if TYPE_CHECKING:
    from engine.engine import Engine

Cancelled = Callable[[], bool]
GUESSES = 8  # of the lens, for each layer
VERIFY_EVERY = 16  # tokens between two reports of progress


def answer(engine: Engine, request: InspectionRequest, cancelled: Cancelled) -> Iterator[Event]:
    """The events of one request, the last of which answers it, or says that it was stopped."""
    try:
        yield from _answer(engine, request, cancelled)
    except Interrupted:
        yield InspectionStopped(request.request_id)


def _answer(engine: Engine, request: InspectionRequest, cancelled: Cancelled) -> Iterator[Event]:
    if isinstance(request, CompareRequest):
        yield from compare(engine, request, cancelled)
        return
    reader = engine.reader
    if reader is None:
        raise RequestError("No model is loaded yet; open one first.")
    inside = _Inside(engine, reader, cancelled)
    match request:
        case SpellRequest():
            tokenizer = reader.model.tokenizer
            ends = tuple(token for token in request.token_ids if token in tokenizer.end_ids)
            yield TokensSpelt(request.request_id, tuple(map(tokenizer.token_bytes, request.token_ids)), ends)
        case ScoreRequest():
            yield from inside.score_reply(request)
        case ScoreTextRequest():
            yield from inside.score_text(request)
        case LookRequest():
            yield inside.look(request)
        case AttributeRequest():
            yield from inside.attribute(request)
        case EndRequest():
            yield inside.end(request)
        case PromptRequest():
            yield inside.prompt(request)
        case VerifyRequest():
            yield from inside.verify(request)
        case RecutRequest():
            yield inside.recut(request)
        case TraceRequest():
            yield inside.trace(request)


@dataclass(frozen=True)
class _Inside:
    """One request on the loaded model."""

    engine: Engine
    reader: Reader
    cancelled: Cancelled

    def ids(self, of: GenerateRequest) -> list[int]:
        """The tokens of the prompt."""
        return list(plan_prompt(of, self.reader.model.tokenizer, limit=self.reader.limit).ids)

    def known(self, ids: list[int]) -> KVCache:
        """A cache of its own that holds what of `ids` is read already."""
        return self.reader.cache.fork(common_prefix(self.reader.ids, ids))

    def score_reply(self, request: ScoreRequest) -> Iterator[Event]:
        prompt = self.ids(request.of)
        reply = request.of.begun_ids or self.reader.model.tokenizer.encode(request.text)
        if not reply:
            raise RequestError("The reply is empty, so there is nothing to score.")
        ids = [*prompt, *reply]
        parts = score(*(self.reader.model, ids), first=len(prompt), cache=self.known(ids), interrupted=self.cancelled)
        yield from _scored(request.request_id, parts, total=len(reply), keeps_alternatives=True)

    def score_text(self, request: ScoreTextRequest) -> Iterator[Event]:
        model = self.reader.model
        ids = model.tokenizer.encode_with_specials(request.text, add_special=True, parse_special=False)
        parts = score_in_windows(
            model, ids, context=request.context, stride=request.stride, interrupted=self.cancelled
        )
        yield from _scored(request.request_id, parts, total=len(ids) - 1, keeps_alternatives=False)

    def look(self, request: LookRequest) -> Looked:
        of, position = request.of, request.position
        if not 0 <= position < len(of.begun_ids):
            raise RequestError(f"The reply has {len(of.begun_ids)} tokens, so there is none at {position}.")
        ids = [*self.ids(of), *of.begun_ids[:position]]
        seen = look(self.reader.model, ids, cache=self.known(ids[:-1]), interrupted=self.cancelled)
        found = scores(seen.logits, [of.begun_ids[position]] * len(seen.logits))
        columns = (
            *(found.likely_ids[:, :GUESSES], found.likely_logprobs[:, :GUESSES], found.entropies),
            *(found.ranks, found.logprobs),
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        guesses = tuple(
            LayerGuess(layer, tuple(ids_), tuple(chances), entropy, rank, logprob)
            for layer, (ids_, chances, entropy, rank, logprob) in enumerate(rows)
        )
        return Looked(request.request_id, position, tuple(ids), guesses, _attention(seen.attention, len(ids)))

    def end(self, request: EndRequest) -> EndScored:
        model = self.reader.model
        ends = sorted(model.tokenizer.end_ids)
        if not ends:
            raise RequestError(f"{model.info.name} has no token that ends a reply.")
        ids = [*self.ids(request.of), *request.of.begun_ids]
        cache = self.known(ids[:-1])
        steps = score_logits(model, [*ids, ends[0]], first=len(ids), cache=cache, interrupted=self.cancelled)
        ((_, logits),) = steps
        likeliest = ends[int(logits[0, ends].argmax())]
        return EndScored(request.request_id, scores(logits, [likeliest]).packed())

    def attribute(self, request: AttributeRequest) -> Iterator[Event]:
        ids = self.ids(request.of)
        attribution = Attribution(
            *(self.reader.model, request.of),
            limit=self.reader.limit,
            cache=self.known(ids),
            interrupted=self.cancelled,
        )
        parts = attribution.parts(message_parts if request.by is Parts.MESSAGES else sentence_parts)
        for done, part in enumerate(parts, 1):
            found = attribution.without(part)
            yield PartAttributed(
                *(request.request_id, part.message, part.start, part.end, found.total, found.changes),
                is_emptied=found.is_emptied,
                done_parts=done,
                total_parts=len(parts),
            )
        yield Attributed(request.request_id, sum(attribution.logprobs), len(parts))

    def prompt(self, request: PromptRequest) -> PromptSeen:
        model, limit = self.reader.model, self.reader.limit
        cached = self.reader.cache.common([*self.ids(request.of), *request.of.begun_ids])
        tokens, dropped = seen_prompt(request.of, model.tokenizer, limit=limit, cached_tokens=cached)
        return PromptSeen(request.request_id, tokens, dropped, cache_type(model), limit)

    def verify(self, request: VerifyRequest) -> Iterator[Event]:
        of = request.of
        found = circumstances(self.reader.model, self.reader.fingerprint(), self.ids(of), reused=0)
        with self.reader.apart():
            for step in replay(lambda wanted: self.engine.run(wanted, self.cancelled), of):
                if self.cancelled():
                    raise Interrupted
                if not step.is_over and step.same % VERIFY_EVERY == 0:
                    yield VerifyProgressed(request.request_id, step.same, len(of.begun_ids))
                if step.is_over:
                    is_same = step.same == len(of.begun_ids)
                    recorded = b"" if is_same else record_of(request.alternatives, step.same)
                    yield Verified(
                        request.request_id,
                        *(None if is_same else step.same, recorded, step.found, differences(request.made, found)),
                    )

    def recut(self, request: RecutRequest) -> Recut:
        of, model = request.of, self.reader.model
        if request.sampler.seed is None:
            raise RequestError("To draw a reply again its seed is needed; its record lacks it.")
        sampler = Sampler(
            request.sampler, request.sampler.seed, breakers=self.engine.breakers(request.sampler, model)
        )
        tokens, text = [], self.ids(of)
        records = unpack(request.alternatives)
        last = len(records) if request.count is None else request.first + request.count
        text += [record.token_id for record in records[: request.first]]
        for record in records[request.first : last]:
            if self.cancelled():
                raise Interrupted
            again = recut(
                *(record, sampler),
                vocabulary=model.decoder.vocabulary,
                history=text[-HISTORY:],
                at=len(text),
            )
            is_certain = again.is_certain and of.json_schema is None  # what a schema allows here is not stored
            tokens.append(RecutToken(again.token_id, again.shares, is_certain))
            text.append(record.token_id)
        return Recut(request.request_id, tuple(tokens))

    def trace(self, request: TraceRequest) -> Traced:
        of, model, position = request.of, self.reader.model, request.position
        records = unpack(request.alternatives)
        if not 0 <= position < len(records):
            raise RequestError(f"The reply has {len(records)} stored tokens, so there is none at {position}.")
        text = [*self.ids(of), *(record.token_id for record in records[:position])]
        steps = trace_record(
            *(records[position], request.sampler),
            vocabulary=model.decoder.vocabulary,
            history=text[-HISTORY:],
            at=len(text),
            breakers=self.engine.breakers(request.sampler, model),
        )
        cut = tuple(CutStep(step.name, step.removed, step.changed) for step in steps)
        return Traced(request.request_id, position, cut)


def _scored(request_id: int, parts: Iterator[Scores], *, total: int, keeps_alternatives: bool) -> Iterator[Event]:
    done, logprob = 0, 0.0
    for part in parts:
        done += len(part.ids)
        logprobs = tuple(part.logprobs.tolist())
        logprob += sum(logprobs)
        numbers = (tuple(part.ids), logprobs, tuple(part.ranks.tolist()), tuple(part.entropies.tolist()))
        packed = part.packed() if keeps_alternatives else b""
        yield ScoreProgressed(request_id, done, total, *numbers, packed)
    nll = -logprob / done
    yield TextScored(request_id, nll, math.exp(min(nll, 700.0)), done)


def _attention(seen: dict[int, Tensor], tokens: int) -> AttentionSeen:
    layers = tuple(sorted(seen))
    if not layers:
        return AttentionSeen((), 0, tokens, b"", b"")
    weights = torch.stack([seen[layer] for layer in layers]).float().cpu()
    return AttentionSeen(layers, weights.shape[1], tokens, _bytes(weights), _bytes(weights.mean(1)))


def _bytes(numbers: Tensor) -> bytes:
    return bytes(tensor_bytes(numbers))
