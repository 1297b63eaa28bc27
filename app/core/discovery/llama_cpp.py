"""Models that llama.cpp downloaded: flat files in its own cache. Newer versions use the cache of Hugging Face."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.core.discovery.folders import models_below
from app.core.discovery.machine import Machine
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Walk


def cache_folder(machine: Machine) -> Path:
    """llama.cpp's cache (common/common.cpp, fs_get_cache_directory)."""
    named = machine.folder_in("LLAMA_CACHE")
    if named is not None:
        return named
    if machine.platform == "win32":
        return machine.local / "llama.cpp"
    if machine.platform == "darwin":
        return machine.home / "Library" / "Caches" / "llama.cpp"
    return machine.cache / "llama.cpp"


def _find(machine: Machine, walk: Walk) -> Iterator[Found]:
    yield from models_below(walk, cache_folder(machine))  # either layout


SOURCE = Source("llama_cpp", "llama.cpp", _find)
