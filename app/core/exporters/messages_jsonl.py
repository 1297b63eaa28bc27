"""Export to OpenAI's chat messages, one conversation a line: for fine-tuning and for other programs.

With every branch there is a line for each end of the tree. Replies that an earlier line has, and replies that did not
come to their end, have the weight 0, so that training counts a reply once and no half one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.core.conversation import Part, PartKind, Status, StoredMessage
from app.core.exporters.exporter import Document, ExportedConversation, Exporter, ExportOptions
from app.core.exporters.fireside_json import to_json
from app.core.exporters.outline import data_url, kept_parts, paths
from app.core.exporters.safe_markdown import fenced
from app.core.exporters.tool_use import tool_use

_ROLES = ("system", "user", "assistant", "tool")


def write(conversations: Iterable[ExportedConversation], options: ExportOptions, document: Document) -> None:
    """A line for each conversation, or for each end of its tree; none for one that says nothing."""
    for conversation in conversations:
        counted: set[str] = set()
        for path in paths(conversation.tree, options.branches):
            line = _Line(conversation, options)
            for message in path:
                line.add(message, is_repeated=message.id in counted)
                counted.add(message.id)
            if line.messages:
                document.write(to_json({"messages": line.messages}) + "\n")


class _Line:
    """The messages of one path; a reply with tool results in its middle becomes several."""

    def __init__(self, conversation: ExportedConversation, options: ExportOptions) -> None:
        self.messages: list[dict[str, Any]] = []
        self._conversation, self._options = conversation, options
        self._calls = 0
        self._unanswered: list[str] = []

    def add(self, message: StoredMessage, *, is_repeated: bool) -> None:
        """Add what a message says; nothing if it says nothing."""
        role = message.role if message.role in _ROLES else "user"
        weight = message.extra.get("weight", int(message.status is Status.COMPLETE))
        common = {"weight": 0 if is_repeated or weight == 0 else 1} if role == "assistant" else {}
        waiting: list[Part] = []
        for part in kept_parts(message, self._options):
            use = tool_use(part, is_result=role == "tool") if part.kind is PartKind.TOOL else None
            if use is None or use.arguments is not None:
                waiting.append(part)
            if use is not None and use.result is not None:
                self._say(role, waiting, common)
                waiting = []
                answered = use.id or (self._unanswered.pop(0) if self._unanswered else self._new_id())
                self.messages.append({"role": "tool", "tool_call_id": answered, "content": use.result})
        self._say("user" if role == "tool" else role, waiting, common)

    def _say(self, role: str, parts: Iterable[Part], common: dict[str, Any]) -> None:
        content: list[dict[str, Any]] = []
        thoughts: list[str] = []
        calls: list[dict[str, Any]] = []
        for part in parts:
            match part.kind:
                case PartKind.THINKING:
                    thoughts.append(part.text)
                case PartKind.TOOL:
                    calls.append(self._call(part))
                case PartKind.TEXT:
                    content.append({"type": "text", "text": part.text})
                case _ if role == "user":
                    content += self._attachment(part)
        if not calls and not any(block["type"] != "text" or block["text"].strip() for block in content):
            return
        is_text = all(block["type"] == "text" for block in content)
        said: dict[str, Any] = {
            "role": role,
            "content": "\n\n".join(block["text"] for block in content) if is_text else content,
        }
        if thoughts:
            said["reasoning_content"] = "\n\n".join(thoughts)
        if calls:
            said["tool_calls"] = calls
        self.messages.append(said | common)

    def _call(self, part: Part) -> dict[str, Any]:
        use = tool_use(part, is_result=False)
        call_id = use.id or self._new_id()
        if not use.id:
            self._unanswered.append(call_id)
        function = {"name": use.name or "tool", "arguments": use.arguments}
        return {"id": call_id, "type": "function", "function": function}

    def _new_id(self) -> str:
        self._calls += 1
        return f"call_{self._calls}"

    def _attachment(self, part: Part) -> list[dict[str, Any]]:
        data = None if part.sha256 is None else self._conversation.attachment(part.sha256)
        if data is not None:
            url = data_url(part.media_type or "application/octet-stream", data)
            if part.kind is PartKind.IMAGE:
                return [{"type": "image_url", "image_url": {"url": url}}]
            return [{"type": "file", "file": {"filename": part.name, "file_data": url}}]
        return [{"type": "text", "text": f"{part.name}\n{fenced(part.text, '')}"}] if part.text else []


EXPORTER = Exporter(name="openai", title="OpenAI messages", ending="jsonl", write=write, is_joint=True)
