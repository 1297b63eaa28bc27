"""Source: one program's models on disk. To add one: a file here, its name in `SOURCES`.

A source only looks: it never writes, renames, links or deletes, and it reads no more than small descriptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.discovery.machine import Machine
from app.core.discovery.walk import Walk


@dataclass(frozen=True, slots=True)
class Found:
    """A model that may be there: `path` is what the engine opens, a GGUF file or a folder.

    `name` is the one that its program shows; `sha256` that of its weights, where the program's own files say it;
    `problem` says why it cannot be used whatever its header says. `settings` are what its program recommends for
    replies, `system_prompt` what it tells the model first.
    """

    path: Path
    name: str
    sha256: str | None = None
    problem: str | None = None
    settings: tuple[tuple[str, float], ...] = ()
    system_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """`key` names it in the settings, `title` is the program's own name."""

    key: str
    title: str
    find: Callable[[Machine, Walk], Iterator[Found]]
