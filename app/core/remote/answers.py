"""What an endpoint sends of a reply: the JSON of a chunk, or of a whole completion, as a `Piece`; nothing is trusted.

After https://platform.openai.com/docs/api-reference/chat/streaming. vLLM, SGLang, llama.cpp and DeepSeek send a
model's thinking as `reasoning_content`, newer ones as `reasoning`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.remote.errors import RemoteAnswerError
from app.core.remote.plain_line import plain_line
from app.core.remote.refusals import refusal, with_words, words_of
from engine.api import FiresideError

MOST_TOKENS = 1 << 32  # that a server can say it used
_SURROGATES = re.compile("[\ud800-\udfff]")  # halves of a character, which no database keeps


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them."""

    prompt_tokens: int
    generated_tokens: int
    reused_tokens: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a reply; `logprobs` are tokens as texts with their natural log-probabilities.

    `finish` says why the reply ended, `stop_text` at which text; `tool` is the name of one that the model calls.
    """

    text: str = ""
    thinking: str = ""
    logprobs: tuple[tuple[str, float], ...] = ()
    finish: str = ""
    stop_text: str = ""
    tool: str = ""
    usage: Usage | None = None


def read_piece(host: str, data: str, *, key: str | None) -> Piece:
    """A chunk of a stream. Raises `RemoteAnswerError`, or what a server's error in the middle means."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RemoteAnswerError(
            f"{host} sent something in the middle of the reply that is no JSON; what came before is kept. Try again."
        ) from error
    return piece_of(host, content, key=key)


def piece_of(host: str, content: object, *, key: str | None) -> Piece:
    """A chunk, or a whole completion, that was read from JSON. Raises as `read_piece` does."""
    if not isinstance(content, Mapping):
        raise RemoteAnswerError(
            f"{host} sent something that is no part of a reply; what came before is kept. Check the address."
        )
    if content.get("error"):
        raise _failure(host, content, key=key)
    choices = content.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    choice = first if isinstance(first, Mapping) else {}
    said = choice.get("delta", choice.get("message"))
    said = said if isinstance(said, Mapping) else {}
    return Piece(
        text=_text(said.get("content")),
        thinking=_text(said.get("reasoning_content")) or _text(said.get("reasoning")),
        logprobs=_logprobs(choice.get("logprobs")),
        finish=_text(choice.get("finish_reason")),
        stop_text=_text(choice.get("stop_reason")),
        tool=_tool(said),
        usage=_usage(content.get("usage")),
    )


def _failure(host: str, content: Mapping[str, object], *, key: str | None) -> FiresideError:
    error = content["error"]
    code = error.get("code") if isinstance(error, Mapping) else None
    if type(code) is int and 400 <= code < 600:
        return refusal(host, code, content, key=key)
    sentence = f"{host} could not go on with the reply; what came before is kept. Try again."
    return RemoteAnswerError(with_words(sentence, words_of(content, key=key)))


def _text(value: object) -> str:
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else ""


def _logprobs(value: object) -> tuple[tuple[str, float], ...]:
    listed = value.get("content") if isinstance(value, Mapping) else None
    found = []
    for one in listed if isinstance(listed, list) else ():
        token, logprob = (one.get("token"), one.get("logprob")) if isinstance(one, Mapping) else (None, None)
        if isinstance(token, str) and isinstance(logprob, int | float) and math.isfinite(logprob):
            found.append((_text(token), min(float(logprob), 0.0)))
    return tuple(found)


def _tool(said: Mapping[str, object]) -> str:
    """The name of a tool that is called; a question mark for one without."""
    calls = said.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and calls else said
    function = call.get("function", call.get("function_call")) if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping):
        return "?" if call is not said else ""
    return plain_line(_text(function.get("name")))[:80] or "?"


def _usage(value: object) -> Usage | None:
    if not isinstance(value, Mapping):
        return None
    details = value.get("prompt_tokens_details")
    prompt, generated = _count(value.get("prompt_tokens")), _count(value.get("completion_tokens"))
    reused = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else 0
    return Usage(prompt, generated, min(reused, prompt)) if prompt or generated else None


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else 0
