"""What an endpoint's error answer means: its own words, made harmless, and what a person can do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.remote.errors import RemoteRefusedError
from app.core.remote.plain_line import plain_line
from engine.api import ContextFullError, FiresideError

LONGEST_WORDS = 300  # letters of a server's sentence that are shown
MOST_DIGITS = 6  # of seconds to wait
_NAMES = re.compile(r"[`'\"“]([a-z][a-z_]{2,40})[`'\"”]|\bargument supplied: ([a-z_]{3,40})")
_FULL = re.compile(
    r"context[ _](length|size|window)|maximum (context|model length)|too many tokens|prompt is too long",
    re.IGNORECASE,
)
_INVALID = "validation error"  # how llama-cpp-python begins what it says of a parameter, with status 500
_ADVICE = {
    401: "check the key of this endpoint in the settings",
    402: "the account behind the key has no credit left",
    403: "the key does not allow this; check it, or choose another model",
    404: "it does not know this model or this address; ask for its models again in the settings",
    405: "check the address, which often ends with /v1",
    413: "the conversation is too long for it; begin a new chat, or leave attachments out",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What an error says: a sentence, words that may be the parameters that it is about, and a code."""

    sentence: str = ""
    named: frozenset[str] = frozenset()
    code: str = ""


def words_of(content: object, *, key: str | None) -> Words:
    """The words in an error's JSON. The key never stands in them, whatever the server echoes."""
    if isinstance(content, list) and len(content) == 1:  # Google's service has errors in an array
        content = content[0]
    error = content.get("error", content) if isinstance(content, Mapping) else None
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, Mapping):
        return Words()
    message = error.get("message", error.get("detail"))
    sentence = message if isinstance(message, str) else "" if message is None else json.dumps(message)
    if key:
        sentence = sentence.replace(key, "…")
    sentence = plain_line(sentence)[:LONGEST_WORDS]
    parameter, code = error.get("param"), error.get("code")
    named = {word for words in _NAMES.findall(sentence) for word in words}
    if isinstance(parameter, str):
        named.add(parameter.partition(".")[0])
    return Words(sentence, frozenset(named - {""}), code if isinstance(code, str) else "")


def refusal(
    host: str, status: int, content: object, *, retry_after: str = "", key: str | None = None
) -> FiresideError:
    """The error for an answer with this status; `content` is its JSON, None where it is none."""
    words = words_of(content, key=key)
    if status in (400, 413, 422) and (words.code == "context_length_exceeded" or _FULL.search(words.sentence)):
        full = f"The conversation is too long for the model at {host}; begin a new chat, or shorten the message."
        return ContextFullError(with_words(full, words))
    is_about_parameters = status in (400, 422) or (status == 500 and _INVALID in words.sentence)
    if is_about_parameters:
        named = "change what it names in the settings of the chat"
        advice = named if words.sentence else "check the model and the address"
        sentence = f"{host} does not accept this request (error {status}); {advice}."
    elif status == 429:
        is_number = retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= MOST_DIGITS
        sentence = (
            f"{host} had too many requests; try again in {int(retry_after)} seconds."
            if is_number
            else f"{host} had too many requests; try again later."
        )
    elif status >= 500:
        sentence = f"{host} has trouble of its own (error {status}); try again later."
    else:
        advice = _ADVICE.get(status, "check its address and its key in the settings")
        sentence = f"{host} refuses (error {status}): {advice}."
    return RemoteRefusedError(with_words(sentence, words), named=words.named if is_about_parameters else frozenset())


def with_words(sentence: str, words: Words) -> str:
    """Our sentence, then what the server says."""
    return f"{sentence} It says: {words.sentence}" if words.sentence else sentence
