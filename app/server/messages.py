"""The messages of a chat completion, as the engine's chat template takes them."""

from __future__ import annotations

import json
from typing import Any

from app.server.errors import ApiError
from app.server.fields import Fields
from engine.api import Message

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
THOUGHT = ("reasoning_content", "reasoning")  # what a template reads a thinking as, and its newer name in the API
MOST_MESSAGES = 10_000


def messages_of(fields: Fields) -> tuple[Message, ...]:
    """The field `messages`. Raises `ApiError`."""
    listed = fields.listed("messages")
    if not 0 < len(listed) <= MOST_MESSAGES:
        raise fields.wrong("messages", f"must hold 1 to {MOST_MESSAGES} messages")
    return tuple(_message(value, f"messages[{number}]") for number, value in enumerate(listed))


def _message(value: Any, where: str) -> Message:
    if not isinstance(value, dict):
        raise ApiError(400, f"“{where}” must be an object.", parameter=where)
    fields = Fields(value, where)
    role = fields.text("role")
    if role not in ROLES:
        raise fields.wrong("role", f"must be one of {', '.join(ROLES)}")
    more: dict[str, Any] = {}
    calls = fields.listed("tool_calls") if role == "assistant" else []
    if calls:
        more["tool_calls"] = [_call(call, f"{where}.tool_calls[{number}]") for number, call in enumerate(calls)]
    thought = [fields.optional_text(name) for name in THOUGHT] if role == "assistant" else []
    if any(thought):
        more[THOUGHT[0]] = thought[0] or thought[1]
    content = _content(fields, may_lack=role == "assistant")
    for name in ("name", *(("tool_call_id",) if role == "tool" else ())):
        if (text := fields.optional_text(name)) is not None:
            more[name] = text
    fields.finish(unsupported={"refusal": "", "audio": {}, "annotations": []})
    return Message(ROLES[role], content, more=json.dumps(more, ensure_ascii=False) if more else "")


def _content(fields: Fields, *, may_lack: bool) -> str:
    """A text, or the text parts of an array joined."""
    value = fields.take("content", "" if may_lack else None)
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise fields.wrong("content", "must be a text or an array of text parts")
    texts = []
    for number, part in enumerate(value):
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            name = fields.name(f"content[{number}]")
            raise ApiError(400, f"“{name}” is no text; only texts are supported here.", parameter=name)
        texts.append(part["text"])
    return "\n".join(texts)


def _call(value: Any, where: str) -> dict[str, Any]:
    """A call of an earlier reply; templates want its arguments as an object, where the API has them as JSON."""
    function = value.get("function") if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise ApiError(400, f"“{where}” must be a call of a function with a name.", parameter=where)
    try:
        arguments = json.loads(function.get("arguments") or "{}")
    except (ValueError, TypeError, RecursionError):
        arguments = function.get("arguments")  # as the model wrote it
    called = {"name": function["name"], "arguments": arguments}
    return {"id": str(value.get("id", "")), "type": "function", "function": called}
