"""Export to Fireside's own JSON: the whole tree, every branch, and what each reply was made of."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from app.core.exporters.exporter import ExportedConversation, Exporter

FORMAT = "fireside-conversation"
VERSION = 1


def export(conversation: ExportedConversation) -> str:
    """One JSON object; `current_message` is the end of the path that is shown, times are seconds since 1970."""
    header, tree = conversation.header, conversation.tree
    messages: list[dict[str, Any]] = []
    for message in tree:
        entry = asdict(message)
        if message.id in conversation.records:
            entry["generation"] = conversation.records[message.id]
        messages.append(entry)
    content = {
        "format": FORMAT,
        "version": VERSION,
        **asdict(header),
        "current_message": tree.leaf_id,
        "messages": messages,
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


EXPORTER = Exporter(name="json", title="Fireside JSON", ending="json", export=export)
