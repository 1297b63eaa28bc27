"""Exports conversations to files; the window's menu and `python -m app export` call this."""

from __future__ import annotations

from pathlib import Path

from app.core.exporters import ExportedConversation, Exporter
from app.core.files import write_atomically
from app.core.store import Store


def export_conversation(store: Store, conversation_id: str, exporter: Exporter, path: Path) -> None:
    """Write one conversation. Raises `StoreError`, or OSError when `path` cannot be written."""
    exported = ExportedConversation(
        store.conversation(conversation_id), store.tree(conversation_id), store.records(conversation_id)
    )
    write_atomically(path, exporter.export(exported))
