"""What an endpoint sends of a reply: the JSON of a chunk, or of a whole completion, as a `Piece`; nothing is trusted.

After https://platform.openai.com/docs/api-reference/chat/streaming. vLLM, SGLang, llama.cpp and DeepSeek send a
model's thinking as `reasoning_content`, newer ones and Ollama as `reasoning`, Mistral as a part of the content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.core.remote.errors import RemoteAnswerError
from app.core.remote.plain_line import plain_line
from app.core.remote.refusals import refusal, with_words, words_of
from engine.api import FiresideError

MOST_TOKENS = 1 << 32  # that a server can say it used
LOWEST, HIGHEST = -1e9, 1.0  # of a log-probability that is one; above 0 by rounding alone
LONGEST_TOKEN = 256  # bytes
_SURROGATES = re.compile("[\ud800-\udfff]")  # halves of a character, which no database keeps


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them."""

    prompt_tokens: int
    generated_tokens: int
    reused_tokens: int


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its natural log-probability; `top` are the likeliest at its place, maybe itself among them."""

    spelling: bytes
    logprob: float
    top: tuple[tuple[bytes, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a reply; `tokens` are those that it was made of, where the server tells them.

    `lacks_bytes`: it says null for the bytes of a token, so that half a character is lost where a token is one.
    `finish` says why the reply ended, `stop_text` at which text; `tool` is the name of one that the model calls.
    """

    text: str = ""
    thinking: str = ""
    tokens: tuple[Token, ...] = ()
    lacks_bytes: bool = False
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
    choices = content.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    choice = first if isinstance(first, Mapping) else {}
    for told in (content, choice):  # OpenRouter's errors stand in the choice
        if told.get("error") or told.get("object") == "error":
            raise _failure(host, told, key=key)
    said = choice.get("delta", choice.get("message"))
    said = said if isinstance(said, Mapping) else {}
    words = said.get("content")
    text = _text(words) or _parts(words, "text")
    thinking = _text(said.get("reasoning_content")) or _text(said.get("reasoning")) or _thinking_parts(words)
    listed = _listed(choice.get("logprobs"))
    return Piece(
        text=text,
        thinking=thinking,
        tokens=_tokens(listed, f"{thinking}{text}".encode()),
        lacks_bytes=any("bytes" in one and one["bytes"] is None for one in listed),
        finish=_text(choice.get("finish_reason")),
        stop_text=_text(choice.get("stop_reason")) or _text(choice.get("matched_stop")),
        tool=_tool(said),
        usage=_usage(content.get("usage")),
    )


def _failure(host: str, content: Mapping[str, object], *, key: str | None) -> FiresideError:
    error = content.get("error", content)
    code = error.get("code") if isinstance(error, Mapping) else None
    if type(code) is int and 400 <= code < 600:
        return refusal(host, code, content, key=key)
    sentence = f"{host} could not go on with the reply; what came before is kept. Try again."
    return RemoteAnswerError(with_words(sentence, words_of(content, key=key)))


def _text(value: object) -> str:
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else ""


def _parts(content: object, kind: str) -> str:
    """The texts under this name in a content that is an array of parts."""
    listed = content if isinstance(content, list) else ()
    return "".join(_text(one.get(kind)) for one in listed if isinstance(one, Mapping))


def _thinking_parts(content: object) -> str:
    listed = content if isinstance(content, list) else ()
    return "".join(_parts(one.get("thinking"), "text") for one in listed if isinstance(one, Mapping))


def _listed(logprobs: object) -> list[Mapping[str, object]]:
    listed = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _tokens(listed: list[Mapping[str, object]], said: bytes) -> tuple[Token, ...]:
    """The tokens of a piece that says this."""
    found, are_spelt = [], True
    for one in listed:
        spelt = _spelt(one)
        if spelt is not None:
            top = one.get("top_logprobs")
            others = map(_spelt, top if isinstance(top, list) else ())
            found.append(Token(*spelt, tuple(other for other in others if other is not None)))
            are_spelt = are_spelt and isinstance(one.get("bytes"), list)
    if len(found) == 1 and not are_spelt and len(said) <= LONGEST_TOKEN:
        found = [_spelt_as(found[0], said)]
    return tuple(found)


def _spelt(value: object) -> tuple[bytes, float] | None:
    """A token and its log-probability; of one that is half a character only its bytes tell it."""
    if not isinstance(value, Mapping):
        return None
    token, raw, logprob = value.get("token"), value.get("bytes"), value.get("logprob")
    if not isinstance(token, str) or not isinstance(logprob, int | float) or not LOWEST <= logprob <= HIGHEST:
        return None
    are_bytes = isinstance(raw, list) and all(type(one) is int and 0 <= one < 256 for one in raw)
    spelling = bytes(raw) if isinstance(raw, list) and are_bytes else _text(token).encode()
    return spelling[:LONGEST_TOKEN], min(float(logprob), 0.0)


def _spelt_as(token: Token, said: bytes) -> Token:
    """The only token of a piece, by what the piece says: nothing else tells the halves of a character."""
    top = tuple((said if spelling == token.spelling else spelling, logprob) for spelling, logprob in token.top)
    return replace(token, spelling=said, top=top)


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
