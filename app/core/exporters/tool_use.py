"""Tool parts as other formats need them: what was called with what, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.core.conversation import Part


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool's call (`arguments`), its result, or both; as text, JSON unless the source had plain text."""

    name: str
    id: str = ""
    arguments: str | None = None
    result: str | None = None


def tool_use(part: Part, *, is_result: bool) -> ToolUse:
    """What a tool part says: JSON with `id`, `arguments` and `result`; any other text is taken as a whole."""
    try:
        content = json.loads(part.text)
    except ValueError:
        content = part.text
    if not isinstance(content, dict) or not {"arguments", "result"} & content.keys():
        return ToolUse(part.name, **{"result" if is_result else "arguments": part.text})
    return ToolUse(
        part.name,
        id=content["id"] if isinstance(content.get("id"), str) else "",
        arguments=_text(content["arguments"]) if "arguments" in content else None,
        result=_text(content["result"]) if "result" in content else None,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
