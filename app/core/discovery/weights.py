"""Which entries of a folder are models: GGUF files, split ones as one; a folder with config.json and weights.

Adapters, projectors and downloads in progress are none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from app.core.discovery.source import Found
from app.core.discovery.walk import Walk, is_file, leads_out

UNFINISHED = (".part", ".partial", ".incomplete", ".crdownload", ".download", ".tmp", ".aria2", ".!qb")
_SHARD = re.compile(r"(.+)-\d{5}-of-(\d{5})\.gguf", re.IGNORECASE)
_COMPANION = re.compile(r"(^|[-_.])mmproj([-_.]|$)", re.IGNORECASE)


def models_among(
    walk: Walk, folder: Path, entries: list[os.DirEntry[str]], root: Path, *, name: str | None = None
) -> Iterator[Found]:
    """The models that these entries of one folder are; `name` is for the folder as a whole."""
    unfinished = {_finished_name(entry.name) for entry in entries} - {None}
    kept: dict[str, os.DirEntry[str]] = {}
    for entry in entries:
        is_wanted = entry.name.lower().endswith((".gguf", ".safetensors")) or entry.name == "config.json"
        if not is_wanted or entry.name in unfinished or not is_file(entry):
            continue
        if leads_out(entry, root):
            walk.refuse_link(Path(entry.path))
        else:
            kept[entry.name] = entry
    begun: set[tuple[str, str]] = set()
    for file in kept:  # in the order of their names, so that the first shard that is there stands for all
        if not file.lower().endswith(".gguf") or _COMPANION.search(file) or is_partial(file):
            continue
        shard = _SHARD.fullmatch(file)
        if shard is None or (shard[1], shard[2]) not in begun:
            yield Found(folder / file, shard[1] if shard else Path(file).stem)
        if shard is not None:
            begun.add((shard[1], shard[2]))
    weights = [file for file in kept if file.endswith(".safetensors") and not file.startswith("adapter_")]
    if weights and "config.json" in kept:
        yield Found(folder, name or folder.name)


def is_partial(name: str) -> bool:
    """Whether a file's name says that it is still being downloaded."""
    lower = name.lower()
    return lower.endswith(UNFINISHED) or lower.startswith(("incomplete", "downloading", "."))


def _finished_name(name: str) -> str | None:
    """The file that an unfinished download beside it stands for: browsers reserve the name before they have it."""
    ending = next((ending for ending in UNFINISHED if name.lower().endswith(ending)), None)
    return name[: -len(ending)] if ending else None
