"""Which functions a reply may call, or has to: the fields `tools` and `tool_choice` of a chat completion.

A call that is asked for is had by a JSON schema: the reply is an object with the function's name and arguments, which
`tools` finds like any call that a model writes by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.server.errors import ApiError
from app.server.fields import Fields

MOST_TOOLS = 128
LONGEST_SCHEMA = 32 << 10  # characters: 1,000 properties take 0.1 s to understand, 5,000 took 9 s
_NO_ARGUMENTS = {"type": "object", "properties": {}, "additionalProperties": False}
# As `json.dumps` has it, which models were trained on. Where white space is free, a small one never leaves it again.
_SPACING = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
_SHARED = ("$defs", "definitions")  # what references in a schema lead to, from its root


@dataclass(frozen=True)
class Tools:
    """`told` is the JSON for the template, None where nothing may be called; `names` are those that may be.

    `schema` is what a reply has to follow that has to be a call.
    """

    told: str | None = None
    names: frozenset[str] = frozenset()
    schema: str | None = None


def tools_of(fields: Fields) -> Tools:
    """Raises `ApiError`."""
    listed = fields.listed("tools")
    choice = fields.take("tool_choice", "auto")
    if len(listed) > MOST_TOOLS:
        raise fields.wrong("tools", f"may hold at most {MOST_TOOLS} tools")
    functions = {}
    for number, value in enumerate(listed):
        function = _function(value, f"tools[{number}]")
        functions[function["name"]] = function
    wanted = _wanted(fields, choice, functions)
    if not listed or choice == "none":
        return Tools()
    schema = _schema(fields, wanted) if wanted else None
    return Tools(json.dumps(listed, ensure_ascii=False), frozenset(functions), schema)


def _function(value: Any, where: str) -> dict[str, Any]:
    function = value.get("function") if isinstance(value, dict) and value.get("type") == "function" else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise ApiError(400, f"“{where}” must be of type function, with a name.", parameter=where)
    if not isinstance(function.get("parameters", {}), dict):
        where = f"{where}.function.parameters"
        raise ApiError(400, f"“{where}” must be a JSON schema.", parameter=where)
    return function


def _wanted(fields: Fields, choice: Any, functions: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The functions of which one has to be called."""
    if choice in ("auto", "none"):
        return []
    if choice == "required":
        wanted = [*functions.values()]
    else:
        named = choice.get("function") if isinstance(choice, dict) and choice.get("type") == "function" else None
        if not isinstance(named, dict):
            complaint = "must be auto, none, required or a function by its name"
            raise fields.wrong("tool_choice", complaint, code="unsupported_value")
        wanted = [function for name, function in functions.items() if name == named.get("name")]
    if not wanted:
        raise fields.wrong("tool_choice", "wants a call of a function that “tools” does not hold")
    return wanted


def _schema(fields: Fields, wanted: list[dict[str, Any]]) -> str:
    """What a call of one of these functions follows."""
    shared: dict[str, dict[str, Any]] = {}
    calls = [_call(fields, function, shared) for function in wanted]
    schema = json.dumps({**(calls[0] if len(calls) == 1 else {"anyOf": calls}), **shared, "x-guidance": _SPACING})
    if len(schema) > LONGEST_SCHEMA:
        raise fields.wrong("tools", f"may hold at most {LONGEST_SCHEMA >> 10} KB where a call is asked for")
    return schema


def _call(fields: Fields, function: Mapping[str, Any], shared: dict[str, dict[str, Any]]) -> dict[str, Any]:
    arguments = {**(function.get("parameters") or _NO_ARGUMENTS)}
    for key in _SHARED:
        own = arguments.pop(key, {})
        known = shared.setdefault(key, {}) if isinstance(own, dict) and own else {}
        if not isinstance(own, dict) or any(known.get(name, value) != value for name, value in own.items()):
            raise fields.wrong("tools", f"mean different things by a name in “{key}”; a call cannot be asked for so")
        known |= own
    return {
        "type": "object",
        "properties": {"name": {"const": function["name"]}, "arguments": arguments},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
