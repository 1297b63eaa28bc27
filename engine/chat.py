"""Messages to prompt tokens through the model's chat template, with a span for each message.

Only the template makes control tokens: what a person typed is encoded as plain text, whatever it spells.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from engine.api import Message, RequestError, TemplateError
from engine.builtin_templates import suited_template
from engine.templates import render_template
from engine.tokenizers import Tokenizer

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


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model reads: the rendered text, its token ids, and where each message lies."""

    text: str
    ids: tuple[int, ...]
    spans: tuple[Span, ...]


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
    mark = _unused_mark([*turns, *tools] if tools else turns)
    break_controls = _control_breaker(tokenizer, mark)
    broken = [{**break_controls(turn), "role": turn["role"]} for turn in turns]
    broken_tools = break_controls(list(tools)) if tools else None
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
    return _tokenized(marked + begun, mark, tokenizer, list(zip(turns, known, strict=True)))


def _as_mapping(message: AnyMessage) -> dict[str, Any]:
    if isinstance(message, Message):
        more = json.loads(message.more) if message.more else {}
        return {**more, "role": message.role, "content": message.content}
    if not isinstance(message.get("role"), str):
        raise RequestError("Every message needs a role, such as user.")
    return dict(message)


def _unused_mark(turns: Sequence[Mapping[str, Any]]) -> str:
    text = json.dumps(turns, ensure_ascii=False, default=repr)
    return next((mark for mark in _NONCHARACTERS if mark not in text), _NONCHARACTERS[0])


def _control_breaker(tokenizer: Tokenizer, mark: str) -> Callable[[Any], Any]:
    """Puts a mark inside every control token that the texts of a value spell."""
    spellings = sorted((text for text in tokenizer.control_tokens if len(text) > 1), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, spellings))) if spellings else None

    def broken(value: Any) -> Any:
        if isinstance(value, str):
            return (
                value if pattern is None else pattern.sub(lambda found: f"{found[0][0]}{mark}{found[0][1:]}", value)
            )
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
    marked: str, mark: str, tokenizer: Tokenizer, turns: Sequence[tuple[Mapping[str, Any], tuple[int, ...]]]
) -> Prompt:
    """Encode the text: unbroken control tokens as themselves, all else as plain text without the marks.

    A reply whose tokens are known is made of those.
    """
    text = marked.replace(mark, "")
    places = list(_places(text, [turn for turn, _ in turns]))
    replies = deque((start, end, turns[number][1]) for number, start, end in places if turns[number][1])
    ids: list[int] = []
    ends: list[int] = []  # for each token, the byte of the text where it ends
    at = at_byte = 0
    bos = tokenizer.bos_token
    if tokenizer.add_bos and tokenizer.bos_id is not None and not (bos and marked.startswith(bos)):
        ids.append(tokenizer.bos_id)
        ends.append(0)
    for part, is_control in _parts(marked, tokenizer.control_pattern):
        plain = part.replace(mark, "")
        within: list[tuple[int, int, Sequence[int]]] = []
        while replies and replies[0][0] < at + len(plain):
            start, end, known = replies.popleft()
            if at <= start and end <= at + len(plain):
                within.append((start - at, end - at, _plain_tokens(known, tokenizer)))
        at += len(plain)
        pieces = [(plain, [tokenizer.control_tokens[plain]])] if is_control else _encoded(plain, within, tokenizer)
        for piece, encoded in pieces:
            reached = list(accumulate(map(len, map(tokenizer.token_bytes, encoded)), initial=at_byte))
            size = len(piece) if piece.isascii() else len(piece.encode("utf-8", "replace"))
            surplus = max(reached[-1] - at_byte - size, 0)  # a space that the tokenizer adds itself
            ids += encoded
            ends += [max(end - surplus, at_byte) for end in reached[1:]] if surplus else reached[1:]
            at_byte += size
    return Prompt(text, tuple(ids), _spans(text, ends, places, [turn for turn, _ in turns]))


def _encoded(
    plain: str, replies: Sequence[tuple[int, int, Sequence[int]]], tokenizer: Tokenizer
) -> Iterator[tuple[str, list[int]]]:
    """A plain part in pieces with their tokens; each reply (start, end, its known tokens) is a piece of its own."""
    at = 0
    for first, last, known in replies:
        raw = b"".join(map(tokenizer.token_bytes, known)).decode("utf-8", "replace")
        lead, trail = raw[: len(raw) - len(raw.lstrip())], raw[len(raw.rstrip()) :]
        # Its own spaces around it, or those that the template writes in their place.
        start = first - len(lead) if lead and plain[at:first].endswith(lead) else first
        end = last + len(trail) if plain[last:].startswith(trail) else last
        if start > at:
            yield plain[at:start], tokenizer.encode(plain[at:start], is_start=at == 0)
        yield plain[start:end], _with_known(plain[start:end], known, tokenizer, is_start=start == 0)
        at = end
    if at < len(plain):
        yield plain[at:], tokenizer.encode(plain[at:], is_start=at == 0)


def _plain_tokens(known: Sequence[int], tokenizer: Tokenizer) -> Sequence[int]:
    """The known tokens up to the first that a text cannot hold: a control token, or none of this vocabulary."""
    controls, size = set(tokenizer.control_tokens.values()), tokenizer.vocab_size
    stop = next((at for at, token in enumerate(known) if not 0 <= token < size or token in controls), len(known))
    return known[:stop]


def _with_known(text: str, known: Sequence[int], tokenizer: Tokenizer, *, is_start: bool) -> list[int]:
    """Tokens of `text`: as many of the known ones as spell its beginning, the rest encoded."""
    if tokenizer.decode(known) == text:  # also where bytes that are no UTF-8 are shown as U+FFFD
        return list(known)
    wanted = text.encode("utf-8", "replace")
    hidden = b" " if tokenizer.hides_first_space and not wanted.startswith(b" ") else b""
    spelt, used, used_bytes = b"", 0, 0
    for count, token in enumerate(known, 1):
        spelt += tokenizer.token_bytes(token)
        if not (hidden + wanted).startswith(spelt) and not wanted.startswith(spelt):
            break
        length = len(spelt) - (len(hidden) if hidden and spelt.startswith(hidden) else 0)
        if length == len(wanted) or wanted[length] & 0xC0 != 0x80:  # not inside of a character
            used, used_bytes = count, length
    rest = wanted[used_bytes:].decode("utf-8", "replace")
    return [*known[:used], *(tokenizer.encode(rest, is_start=is_start and not used) if rest else ())]


def _parts(text: str, pattern: re.Pattern[str] | None) -> list[tuple[str, bool]]:
    """The text cut into plain parts and control tokens (True)."""
    if pattern is None:
        return [(text, False)] if text else []
    parts, at = [], 0
    for found in pattern.finditer(text):
        if found.start() > at:
            parts.append((text[at : found.start()], False))
        parts.append((found[0], True))
        at = found.end()
    if at < len(text):
        parts.append((text[at:], False))
    return parts


def _places(text: str, turns: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int, int]]:
    """Number of a message, and where its content begins and ends; not for a message that the template rewrote."""
    at = 0
    for number, turn in enumerate(turns):
        content = turn.get("content")
        needle = content.strip() if isinstance(content, str) else ""
        found = text.find(needle, at) if needle else -1
        if found >= 0:
            at = found + len(needle)
            yield number, found, at


def _spans(
    text: str, ends: Sequence[int], places: Sequence[tuple[int, int, int]], turns: Sequence[Mapping[str, Any]]
) -> tuple[Span, ...]:
    """The tokens of each place."""
    spans = []
    at = at_byte = 0
    for number, first, last in places:
        first_byte = at_byte + len(text[at:first].encode("utf-8", "replace"))
        at, at_byte = last, first_byte + len(text[first:last].encode("utf-8", "replace"))
        spans.append(
            Span(
                turns[number]["role"],
                bisect_right(ends, first_byte),
                min(bisect_left(ends, at_byte) + 1, len(ends)),
                number,
            )
        )
    return tuple(spans)
