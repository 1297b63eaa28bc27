"""Models of GPT4All and of its Python package: GGUF files in one flat folder each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from app.core.discovery.machine import Machine
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Walk
from app.core.discovery.weights import models_among

MAKER = "nomic.ai"
_CHOSEN = re.compile(r'^modelPath=(?P<path>"?.+?"?)\s*$', re.MULTILINE)


def models_folders(machine: Machine, walk: Walk) -> tuple[Path, ...]:
    """The usual folders, and the one that a person chose in the settings (an ini file of Qt)."""
    folders = [machine.local / MAKER / "GPT4All", machine.home / ".cache" / "gpt4all"]
    settings = machine.roaming if machine.platform == "win32" else machine.config
    chosen = _CHOSEN.search(walk.text(settings / MAKER / "GPT4All.ini") or "")
    if chosen:
        path = chosen["path"].strip('"').replace("\\\\", "\\")
        if "\0" not in path:
            folders.append(Path(path))
    return tuple(dict.fromkeys(folders))


def _find(machine: Machine, walk: Walk) -> Iterator[Found]:
    for folder in models_folders(machine, walk):
        yield from models_among(walk, folder, walk.entries(folder), folder.resolve())


SOURCE = Source("gpt4all", "GPT4All", _find)
