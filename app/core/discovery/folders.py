"""Models in plain folders, however deep: what LM Studio, llama.cpp and people's own folders have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.core.discovery.hugging_face import models_in_hub, repository_name
from app.core.discovery.ollama import is_ollama_folder, models_in_ollama
from app.core.discovery.source import Found
from app.core.discovery.walk import Walk, is_folder
from app.core.discovery.weights import models_among

DEEPEST = 8  # folders below the one that was chosen


def models_below(walk: Walk, folder: Path) -> Iterator[Found]:
    """The models in a folder and the folders inside it. A layout that is another program's own is read as such."""
    try:
        root = folder.resolve()
    except (OSError, RuntimeError, ValueError):
        return
    yield from _look(walk, folder, root, depth=0)


def _look(walk: Walk, folder: Path, root: Path, *, depth: int) -> Iterator[Found]:
    if is_ollama_folder(folder):
        yield from models_in_ollama(walk, folder)
        return
    entries = walk.entries(folder)
    if any(repository_name(entry.name) for entry in entries):
        yield from models_in_hub(walk, folder)
    yield from models_among(walk, folder, entries, root)
    if depth == DEEPEST:
        return
    for entry in entries:
        if is_folder(entry) and not entry.name.startswith(".") and not repository_name(entry.name):
            yield from _look(walk, Path(entry.path), root, depth=depth + 1)
