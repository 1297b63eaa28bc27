"""POST /v1/chat/completions: messages in, replies out, whole or as they are made."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from app.core.conversation import PartKind
from app.core.thinking import ThinkingStream, split_thinking
from app.server.desk import DONE, HARMLESS, UNSUPPORTED, Desk, begun, client_of, sse
from app.server.exchange import EventStream, Request, Response
from app.server.fields import Fields, stream_usage
from app.server.log_probabilities import MOST_ALTERNATIVES, chat_log_probabilities
from app.server.messages import messages_of
from app.server.replies import Usage, finish_reason, reply_events, whole_reply
from app.server.sampling import MOST_CHOICES, sampling_of, settings_for, stops, token_limit
from app.server.tool_choice import LONGEST_SCHEMA, Tools, tools_of
from app.server.tools import ToolCall, ToolStream
from engine.api import GenerateRequest, Message, ModelInfo, ReplyFinished, TokenGenerated

_ANY_OBJECT = '{"type": "object"}'


@dataclass(frozen=True)
class _Asked:
    """What a request's body says."""

    model: str
    messages: tuple[Message, ...]
    sampling: Mapping[str, Any]
    max_tokens: int | None
    stop: tuple[str, ...]
    json_schema: str | None
    tools: Tools
    is_parallel: bool  # whether more than one call may come
    choices: int
    is_streamed: bool
    with_usage: bool
    alternatives: int | None  # of each token; None: no log-probabilities
    client: str

    def request(self, engine_id: int, info: ModelInfo, choice: int) -> GenerateRequest:
        """What the engine is asked for one choice."""
        return GenerateRequest(
            engine_id,
            self.messages,
            settings_for(self.sampling, info.recommended, choice=choice),
            max_tokens=self.max_tokens,
            stop=self.stop,
            json_schema=self.tools.schema or self.json_schema,
            tools=self.tools.told,
        )


async def chat(desk: Desk, request: Request) -> Response | EventStream:
    """Answer one request. Raises `ApiError`."""
    answer = _Answer(desk, _read(request))
    return await begun(answer.pieces()) if answer.asked.is_streamed else await answer.whole()


class _Answer:
    """The answer to one request."""

    def __init__(self, desk: Desk, asked: _Asked) -> None:
        self.asked = asked
        self._desk = desk
        self._id, self._created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())
        self._usage = Usage()

    async def whole(self) -> Response:
        """All choices, when they are complete."""
        asked, engine = self.asked, self._desk.engine
        choices = []
        async with self._desk.turn(asked.client, asked.model) as loaded:
            for index in range(asked.choices):
                finished = await whole_reply(engine, asked.request(engine.next_request_id(), loaded.info, index))
                self._usage.add(finished, is_same_prompt=index > 0)
                choices.append(self._choice(index, finished))
        body = {**self._head("chat.completion"), "choices": choices, "usage": self._usage.described()}
        return Response(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """All choices one after the other, token by token."""
        asked, engine = self.asked, self._desk.engine
        async with self._desk.turn(asked.client, asked.model) as loaded:
            for index in range(asked.choices):
                request = asked.request(engine.next_request_id(), loaded.info, index)
                stream = _ChoiceStream(self, index)
                async with aclosing(reply_events(engine, request, wants_tokens=True)) as found:
                    async for batch in found:
                        for piece in stream.pieces(batch):
                            yield piece
        if asked.with_usage:
            yield sse({**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage.described()})
        yield DONE

    def chunk(self, index: int, delta: dict[str, Any], *, packed: bytes = b"", reason: str | None = None) -> bytes:
        """A piece of a choice; `packed` are the records of its tokens."""
        choice = {"index": index, "delta": delta, "logprobs": self._logprobs(packed), "finish_reason": reason}
        usage = {"usage": None} if self.asked.with_usage else {}
        return sse({**self._head("chat.completion.chunk"), "choices": [choice], **usage})

    def ended(self, finished: ReplyFinished, index: int) -> None:
        """Count a reply."""
        self._usage.add(finished, is_same_prompt=index > 0)

    def calls(self, held: ToolStream | None) -> tuple[str, list[dict[str, Any]]]:
        """What a choice that held something back ends with: text, or calls of functions."""
        text, calls = ("", []) if held is None else held.finish()
        return text, [_described(call) for call in (calls if self.asked.is_parallel else calls[:1])]

    def _choice(self, index: int, finished: ReplyFinished) -> dict[str, Any]:
        names = self.asked.tools.names
        held = ToolStream(names) if names else None
        parts = {part.kind: part.text for part in split_thinking(finished.text)}
        answer = parts.get(PartKind.TEXT, "")
        text = answer if held is None else held.push(answer)
        rest, calls = self.calls(held)
        content = text + rest
        message: dict[str, Any] = {"role": "assistant", "content": content if content or not calls else None}
        if PartKind.THINKING in parts:
            message["reasoning_content"] = parts[PartKind.THINKING]
        if calls:
            message["tool_calls"] = calls
        return {
            "index": index,
            "message": message,
            "logprobs": self._logprobs(finished.alternatives),
            "finish_reason": "tool_calls" if calls else finish_reason(finished),
        }

    def _logprobs(self, packed: bytes) -> dict[str, Any] | None:
        asked = self.asked
        if asked.alternatives is None:
            return None
        return {"content": chat_log_probabilities(packed, asked.alternatives, self._desk.engine.spell)}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self.asked.model}


class _ChoiceStream:
    """One choice on its way out."""

    def __init__(self, answer: _Answer, index: int) -> None:
        self._answer, self._index = answer, index
        names = answer.asked.tools.names
        self._held = ToolStream(names) if names else None
        self._thinking = ThinkingStream()
        self._taken = 0  # characters of the reply
        self._has_begun = False

    def pieces(self, batch: list[TokenGenerated | ReplyFinished]) -> list[bytes]:
        """What can be told after these events."""
        made = []
        if not self._has_begun:
            self._has_begun = True
            made.append(self._answer.chunk(self._index, {"role": "assistant", "content": ""}))
        tokens = [event for event in batch if isinstance(event, TokenGenerated)]
        text = "".join(token.text for token in tokens)
        finished = batch[-1] if isinstance(batch[-1], ReplyFinished) else None
        if finished is not None:
            text += finished.text[self._taken + len(text) :]  # what was held back as it might have been a stop string
        self._taken += len(text)
        thinking, text = self._thinking.push(text)
        if finished is not None:
            last = self._thinking.finish()
            thinking, text = thinking + last[0], text + last[1]
        shown = text if self._held is None else self._held.push(text)
        rest, calls = self._answer.calls(self._held) if finished is not None else ("", [])
        packed = b"".join(token.alternatives for token in tokens)
        told = shown + rest
        if thinking or told or (packed and self._answer.asked.alternatives is not None):
            delta = {"reasoning_content": thinking} if thinking else {}
            if told or not thinking:
                delta["content"] = told
            made.append(self._answer.chunk(self._index, delta, packed=packed))
        if calls:
            numbered = [{"index": number, **call} for number, call in enumerate(calls)]
            made.append(self._answer.chunk(self._index, {"tool_calls": numbered}))
        if finished is not None:
            self._answer.ended(finished, self._index)
            reason = "tool_calls" if calls else finish_reason(finished)
            made.append(self._answer.chunk(self._index, {}, reason=reason))
        return made


def _read(request: Request) -> _Asked:
    fields = Fields.of(request.body)
    tools = tools_of(fields)
    json_schema = _json_schema(fields)
    if json_schema is not None and tools.told is not None:
        raise fields.wrong("response_format", "cannot be followed while tools may be called; leave one of them out")
    is_streamed = fields.flag("stream", default=False)
    asked = _Asked(
        model=fields.text("model"),
        messages=messages_of(fields),
        sampling=sampling_of(fields),
        max_tokens=token_limit(fields, "max_completion_tokens", "max_tokens"),
        stop=stops(fields),
        json_schema=json_schema,
        tools=tools,
        is_parallel=fields.flag("parallel_tool_calls", default=True),
        choices=fields.whole("n", 1, least=1, most=MOST_CHOICES) or 1,
        is_streamed=is_streamed,
        with_usage=stream_usage(fields, is_streamed=is_streamed),
        alternatives=_alternatives(fields),
        client=client_of(request, fields),
    )
    fields.finish(unsupported=UNSUPPORTED, harmless=HARMLESS)
    return asked


def _alternatives(fields: Fields) -> int | None:
    count = fields.whole("top_logprobs", None, least=0, most=MOST_ALTERNATIVES)
    if fields.flag("logprobs", default=False):
        return count or 0
    if count is not None:
        raise fields.wrong("top_logprobs", "goes with “logprobs” only")
    return None


def _json_schema(fields: Fields) -> str | None:
    wanted = fields.within("response_format")
    if wanted is None:
        return None
    kind = wanted.text("type")
    if kind not in ("text", "json_object", "json_schema"):
        raise wanted.wrong("type", "must be text, json_object or json_schema", code="unsupported_value")
    schema = _ANY_OBJECT if kind == "json_object" else None
    if kind == "json_schema":
        named = wanted.within("json_schema")
        content = None if named is None else named.take("schema")
        if named is None or not isinstance(content, dict | bool):
            raise wanted.wrong("json_schema", "must hold a schema")
        named.finish(unsupported={}, harmless=("name", "description", "strict"))  # schemas are always followed
        schema = json.dumps(content)
        if len(schema) > LONGEST_SCHEMA:
            raise wanted.wrong("json_schema", f"may have at most {LONGEST_SCHEMA >> 10} KB")
    wanted.finish(unsupported={})
    return schema


def _described(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": f"call_{secrets.token_hex(12)}", "type": "function", "function": function}
