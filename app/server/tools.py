"""Tool calls that a reply spells: found in its text, in the formats that common models were trained to write.

Hermes and Qwen: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. Mistral: `[TOOL_CALLS]` and an array of such
objects, or `name[ARGS]{…}`. Llama 3: the reply is `{"name": …, "parameters": {…}}`, maybe behind `<|python_tag|>`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from engine.stopping import StopStrings

HERMES, HERMES_END, MISTRAL, LLAMA = "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<|python_tag|>"
MISTRAL_ARGUMENTS = "[ARGS]"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class ToolCall:
    """A function that the model wants called; `arguments` is JSON."""

    name: str
    arguments: str


class ToolStream:
    """Follows a reply: text that cannot be part of a call is let through, the rest is held until the end."""

    def __init__(self, names: Collection[str]) -> None:
        """`names` are those of the functions that may be called."""
        self._names = names
        self._markers = StopStrings((HERMES, MISTRAL, LLAMA))
        self._seen = ""
        self._shown = 0  # characters
        self._has_begun = self._is_held = False

    def push(self, text: str) -> str:
        """What can be shown of the reply now."""
        self._seen += text
        if not self._has_begun:
            if self._seen.lstrip()[:1] in ("", "{"):
                return ""
            self._has_begun, text = True, self._seen
        if self._is_held:
            return ""
        shown, self._is_held = self._markers.push(text)
        self._shown += len(shown)
        return shown

    def finish(self) -> tuple[str, list[ToolCall]]:
        """The text that was held and is no call, and the calls."""
        held = self._seen[self._shown :]
        calls = calls_in(held, self._names)
        return ("", calls) if calls else (held, [])


def calls_in(text: str, names: Collection[str]) -> list[ToolCall]:
    """The calls that a text consists of, or ends with; none where it is anything else. Only functions in `names`."""
    begin = text.lstrip()
    if begin.startswith(HERMES):
        found = _in_marks(begin)
    elif begin.startswith(MISTRAL):
        found = _of_mistral(begin)
    elif begin.startswith((LLAMA, "{")):
        found = _objects(begin.removeprefix(LLAMA), separator=";")
    else:
        return []
    calls = [call for value in found or () if (call := _call(value)) is not None]
    is_whole = found is not None and len(calls) == len(found) and all(call.name in names for call in calls)
    return calls if is_whole else []


def _in_marks(text: str) -> list[Any] | None:
    values: list[Any] = []
    for part in text.split(HERMES)[1:]:
        found = _objects(part.replace(HERMES_END, "", 1), separator="")
        if found is None:
            return None
        values += found
    return values


def _of_mistral(text: str) -> list[Any] | None:
    values: list[Any] = []
    for part in text.split(MISTRAL)[1:]:
        name, mark, arguments = part.partition(MISTRAL_ARGUMENTS)
        if mark:
            found = _objects(arguments, separator="")
            values += [{"name": name.strip(), "arguments": one} for one in found or ()]
        else:
            found = _objects(part, separator="")
            values += [inner for one in found or () for inner in (one if isinstance(one, list) else [one])]
        if found is None:
            return None
    return values


def _objects(text: str, *, separator: str) -> list[Any] | None:
    """The JSON values of a text that holds nothing else; None when it does."""
    values, text = [], text.strip()
    while text:
        try:
            value, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            return None
        values.append(value)
        text = text[end:].lstrip().removeprefix(separator).lstrip()
    return values


def _call(value: Any) -> ToolCall | None:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    spelt = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(value["name"], spelt)
