"""Messages to prompt tokens through the model's chat template, with a span for each message.

Only the template makes control tokens: what a person typed is encoded as plain text, whatever it spells.
"""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

from engine.api import Message, RequestError, TemplateError
from engine.builtin_templates import suited_template
from engine.prompt_parts import encoded_part
from engine.templates import render_template
from engine.tokenizers import Tokenizer
from engine.tokenizers.part_memory import EncodedPart, KnownReply, Part

AnyMessage = Message | Mapping[str, Any]

# Noncharacters are never part of a text that is exchanged (Unicode, section 23.7), so they can mark places in it.
_NONCHARACTERS = tuple(chr(code) for code in range(0xFDD0, 0xFDF0))


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens start..end of a prompt hold the content of one message, whose number is `message`."""

    role: str
    start: int
    end: int
    message: int


# Characters start..end of a text hold the content of one message: role, start, end, message. A plain tuple, as each
# prompt makes one for every message.
_Place = tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model reads: the rendered text, its token ids, and where each message lies."""

    text: str
    ids: tuple[int, ...]
    _parts: tuple[EncodedPart, ...] = ()
    _places: tuple[_Place, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """The tokens of each message that the template did not rewrite; found when asked, as a reply needs none."""
        first_tokens = list(accumulate([len(part.ids) for part in self._parts], initial=0))
        first_bytes = list(accumulate([part.size_bytes for part in self._parts], initial=0))

        def tokens_until(byte: int) -> int:
            """How many tokens end at this byte of the text or before it."""
            number = bisect_right(first_bytes, byte, hi=len(self._parts)) - 1
            return first_tokens[number] + bisect_right(self._parts[number].ends, byte - first_bytes[number])

        spans = []
        at = at_byte = 0
        for role, start, end, message in self._places:
            start_byte = at_byte + _size_bytes(self.text[at:start])
            at, at_byte = end, start_byte + _size_bytes(self.text[start:end])
            last = min(tokens_until(at_byte - 1) + 1, len(self.ids))
            spans.append(Span(role, tokens_until(start_byte), last, message))
        return tuple(spans)


def render(
    template: str,
    messages: Sequence[AnyMessage],
    *,
    add_generation_prompt: bool,
    bos_token: str,
    eos_token: str,
    tools: Sequence[Any] | None = None,
    **variables: Any,
) -> str:
    """The text that a chat template makes of messages, as transformers' `apply_chat_template` would.

    Raises `TemplateError`. `variables` reach the template by their names (`enable_thinking`, `documents`, ...).
    """
    clock: dict[str, Callable[[str], str]] = {}
    if "strftime_now" in variables:
        clock["strftime_now"] = variables.pop("strftime_now")
    return render_template(
        template,
        {
            "messages": [_as_mapping(message) for message in messages],
            "tools": tools,
            "documents": variables.pop("documents", None),
            "add_generation_prompt": add_generation_prompt,
            "bos_token": bos_token or "",
            "eos_token": eos_token or "",
            **variables,
        },
        **clock,
    )


def build_prompt(
    template: str | None,
    messages: Sequence[AnyMessage],
    tokenizer: Tokenizer,
    *,
    add_generation_prompt: bool = True,
    continue_last: bool = False,
    tools: Sequence[Any] | None = None,
    **variables: Any,
) -> Prompt:
    """Prompt tokens of messages. Without a template one that suits the vocabulary is taken.

    A template that refuses a system message gets it as the beginning of the first user's. With `continue_last` the
    last message is a reply that has no end: its text stands behind the generation prompt, so that no template needs
    to know of this. Raises `TemplateError`, also where `tools` make no difference to the text, and `RequestError`
    where there is no reply to continue.
    """
    if template is None:
        template = suited_template(tokenizer.control_tokens).text
    turns = [_as_mapping(message) for message in messages]
    if continue_last and (
        len(turns) < 2 or turns[-1]["role"] != "assistant" or not isinstance(turns[-1].get("content"), str)
    ):
        raise RequestError("Only a reply behind a message can be continued.")
    texts = "\0".join(_texts([*turns, *(tools or ())]))
    mark = next((mark for mark in _NONCHARACTERS if mark not in texts), _NONCHARACTERS[0])
    broken, broken_tools = list(turns), list(tools) if tools else None
    if tokenizer.control_pattern is not None and tokenizer.control_pattern.search(texts):
        break_controls = _control_breaker(tokenizer.control_pattern, mark)
        broken = [{**break_controls(turn), "role": turn["role"]} for turn in turns]
        broken_tools = break_controls(broken_tools)
    begun = broken.pop()["content"] if continue_last else ""

    def rendered(shown: Sequence[AnyMessage], known_tools: Sequence[Any] | None) -> str:
        return render(
            template,
            shown,
            add_generation_prompt=add_generation_prompt or continue_last,
            bos_token=tokenizer.bos_token,
            eos_token=tokenizer.eos_token,
            tools=known_tools,
            **variables,
        )

    try:
        marked = rendered(broken, broken_tools)
    except TemplateError:
        merged = _system_into_user(broken)
        if merged is None:
            raise
        broken = merged
        marked = rendered(broken, broken_tools)
    if tools and marked == rendered(broken, None):
        raise TemplateError("This model's chat template knows of no tools; choose a model that was trained for them.")
    known = [message.token_ids if isinstance(message, Message) else () for message in messages]
    return _tokenized(marked + begun, mark, tokenizer, turns, known)


def _as_mapping(message: AnyMessage) -> dict[str, Any]:
    if isinstance(message, Message):
        more = json.loads(message.more) if message.more else {}
        return {**more, "role": message.role, "content": message.content}
    if not isinstance(message.get("role"), str):
        raise RequestError("Every message needs a role, such as user.")
    return dict(message)


def _texts(value: Any) -> list[str]:
    """All texts in a value, keys too, and what is no text as it would be written."""
    texts, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            texts.append(one)
        elif isinstance(one, dict | Mapping):  # `dict` first: a Mapping takes ten times as long to tell
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
        else:
            texts.append(repr(one))
    return texts


def _control_breaker(pattern: re.Pattern[str], mark: str) -> Callable[[Any], Any]:
    """Puts a mark inside every control token that the texts of a value spell."""

    def between(found: re.Match[str]) -> str:
        spelt = found[0]
        return f"{spelt[0]}{mark}{spelt[1:]}" if len(spelt) > 1 else spelt

    def broken(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(between, value)
        if isinstance(value, Mapping):
            return {broken(key): broken(inner) for key, inner in value.items()}
        return [broken(inner) for inner in value] if isinstance(value, list) else value

    return broken


def _system_into_user(turns: Sequence[dict[str, Any]]) -> list[dict[str, Any]] | None:
    if len(turns) < 2 or turns[0]["role"] != "system" or turns[1]["role"] != "user":
        return None
    system, user = turns[0].get("content"), turns[1].get("content")
    if not isinstance(system, str) or not isinstance(user, str):
        return None
    return [{**turns[1], "content": f"{system}\n\n{user}"}, *turns[2:]]


def _tokenized(
    marked: str, mark: str, tokenizer: Tokenizer, turns: Sequence[Mapping[str, Any]], known: Sequence[tuple[int, ...]]
) -> Prompt:
    """Encode the text: unbroken control tokens as themselves, all else as plain text without the marks.

    A reply whose tokens are `known` is made of those.
    """
    text = marked.replace(mark, "")
    places = tuple(_places(text, turns))
    replies = deque(KnownReply(start, end, known[message]) for _role, start, end, message in places if known[message])
    parts = [encoded_part(part, tokenizer) for part in _parts(marked, mark, tokenizer.control_pattern, replies)]
    bos = tokenizer.bos_token
    if tokenizer.add_bos and tokenizer.bos_id is not None and not (bos and marked.startswith(bos)):
        parts.insert(0, EncodedPart((tokenizer.bos_id,), array("I", [0]), 0))
    ids = tuple(chain.from_iterable([part.ids for part in parts]))
    return Prompt(text, ids, tuple(parts), places)


def _parts(marked: str, mark: str, pattern: re.Pattern[str] | None, replies: deque[KnownReply]) -> Iterator[Part]:
    """The text cut at control tokens, without the marks, and the replies that lie whole in a plain part."""
    cut = [marked] if pattern is None else pattern.split(marked)  # every other one is what the pattern found
    if mark in marked:
        cut = [part.replace(mark, "") for part in cut]
    at = 0
    for number, text in enumerate(cut):
        end_at = at + len(text)
        within: tuple[KnownReply, ...] = ()
        while replies and replies[0].start < end_at:
            start, end, ids = replies.popleft()
            if at <= start and end <= end_at:
                within += (KnownReply(start - at, end - at, ids),)
        if text:
            yield text, number % 2 == 1, within
        at = end_at


def _places(text: str, turns: Sequence[Mapping[str, Any]]) -> Iterator[_Place]:
    """Where the content of each message lies; not of one that the template rewrote."""
    at = 0
    for number, turn in enumerate(turns):
        content = turn.get("content")
        needle = content.strip() if isinstance(content, str) else ""
        found = text.find(needle, at) if needle else -1
        if found >= 0:
            at = found + len(needle)
            yield turn["role"], found, at, number


def _size_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
