"""POST /v1/completions: raw prompts in, through no chat template; texts out, whole or as they are made."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from app.server.desk import DONE, HARMLESS, Desk, begun, client_of, sse
from app.server.engine_link import Engine
from app.server.exchange import EventStream, Request, Response
from app.server.fields import Fields, stream_usage
from app.server.log_probabilities import MOST_ALTERNATIVES, text_log_probabilities
from app.server.replies import Usage, finish_reason, reply_events, whole_reply
from app.server.sampling import MOST_CHOICES, sampling_of, settings_for, stops, token_limit
from engine.api import GenerateRequest, ModelInfo, ReplyFinished, TokenGenerated

MOST_PROMPTS = 32
USUAL_TOKENS = 16  # of a reply, as the API documents
_UNSUPPORTED: dict[str, Any] = {"echo": False, "best_of": 1, "suffix": ""}


@dataclass(frozen=True)
class _Asked:
    """What a request's body says."""

    model: str
    prompts: tuple[str, ...]
    sampling: Mapping[str, Any]
    max_tokens: int
    stop: tuple[str, ...]
    choices: int  # of each prompt
    is_streamed: bool
    with_usage: bool
    alternatives: int | None  # of each token; None: no log-probabilities
    client: str

    def requests(self, engine: Engine, info: ModelInfo) -> Iterator[tuple[int, GenerateRequest]]:
        """The number of each choice, and what the engine is asked for it."""
        for place, prompt in enumerate(self.prompts):
            for choice in range(self.choices):
                settings = settings_for(self.sampling, choice=choice)  # makers advise on chats
                request = GenerateRequest(
                    engine.next_request_id(), prompt, settings, max_tokens=self.max_tokens, stop=self.stop
                )
                yield place * self.choices + choice, request


async def complete(desk: Desk, request: Request) -> Response | EventStream:
    """Answer one request. Raises `ApiError`."""
    answer = _Answer(desk, _read(request))
    return await begun(answer.pieces()) if answer.asked.is_streamed else await answer.whole()


class _Answer:
    """The answer to one request."""

    def __init__(self, desk: Desk, asked: _Asked) -> None:
        self.asked = asked
        self._desk = desk
        self._head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": asked.model,
        }
        self._usage = Usage()

    async def whole(self) -> Response:
        """All choices, when they are complete."""
        choices = []
        engine = self._desk.engine
        async with self._desk.turn(self.asked.client, self.asked.model) as loaded:
            for index, request in self.asked.requests(engine, loaded.info):
                finished = await whole_reply(engine, request)
                self._count(finished, index)
                reason = finish_reason(finished)
                choices.append(self._choice(index, finished.text, finished.alternatives, offset=0, reason=reason))
        body = {**self._head, "choices": choices, "usage": self._usage.described()}
        return Response(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """All choices one after the other, token by token."""
        engine = self._desk.engine
        async with self._desk.turn(self.asked.client, self.asked.model) as loaded:
            for index, request in self.asked.requests(engine, loaded.info):
                taken = 0  # characters of the reply
                async with aclosing(reply_events(engine, request, wants_tokens=True)) as found:
                    async for batch in found:
                        piece, length = self._piece(index, batch, taken)
                        taken += length
                        yield piece
        if self.asked.with_usage:
            yield sse({**self._head, "choices": [], "usage": self._usage.described()})
        yield DONE

    def _piece(self, index: int, batch: list[TokenGenerated | ReplyFinished], taken: int) -> tuple[bytes, int]:
        """What is told after these events, and how many characters of the reply it has."""
        tokens = [event for event in batch if isinstance(event, TokenGenerated)]
        text, reason = "".join(token.text for token in tokens), None
        last = batch[-1]
        if isinstance(last, ReplyFinished):
            text += last.text[taken + len(text) :]  # what was held back as it might have been a stop string
            reason = finish_reason(last)
            self._count(last, index)
        packed = b"".join(token.alternatives for token in tokens)
        usage = {"usage": None} if self.asked.with_usage else {}
        choice = self._choice(index, text, packed, offset=taken, reason=reason)
        return sse({**self._head, "choices": [choice], **usage}), len(text)

    def _choice(self, index: int, text: str, packed: bytes, *, offset: int, reason: str | None) -> dict[str, Any]:
        alternatives, logprobs = self.asked.alternatives, None
        if alternatives is not None and packed:
            logprobs = text_log_probabilities(packed, alternatives, self._desk.engine.spell, offset=offset)
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": reason}

    def _count(self, finished: ReplyFinished, index: int) -> None:
        self._usage.add(finished, is_same_prompt=index % self.asked.choices > 0)


def _read(request: Request) -> _Asked:
    fields = Fields.of(request.body)
    is_streamed = fields.flag("stream", default=False)
    asked = _Asked(
        model=fields.text("model"),
        prompts=fields.texts("prompt", most=MOST_PROMPTS),
        sampling=sampling_of(fields),
        max_tokens=token_limit(fields, "max_tokens") or USUAL_TOKENS,
        stop=stops(fields),
        choices=fields.whole("n", 1, least=1, most=MOST_CHOICES) or 1,
        is_streamed=is_streamed,
        with_usage=stream_usage(fields, is_streamed=is_streamed),
        alternatives=fields.whole("logprobs", None, least=0, most=MOST_ALTERNATIVES),
        client=client_of(request, fields),
    )
    fields.finish(unsupported=_UNSUPPORTED, harmless=HARMLESS)
    return asked
