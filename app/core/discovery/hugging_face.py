"""Models in the cache of Hugging Face's hub, which transformers, vLLM, llama.cpp and many others share.

Layout (huggingface_hub, guide "Understand caching"): `models--ORG--NAME/{refs/BRANCH, snapshots/COMMIT/FILE, blobs}`.
The files of a snapshot are links into `blobs`, where a large file's name is its SHA-256.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from app.core.discovery.machine import Machine
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Walk, is_folder
from app.core.discovery.weights import models_among
from app.core.model_hash import hash_of_files, weight_files

_REPOSITORY = re.compile(r"models--(?P<name>.+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
DEEPEST = 3  # folders below a snapshot


def cache_folder(machine: Machine) -> Path:
    """Where the cache lies: as huggingface_hub looks for it, old names of variables included."""
    named = machine.folder_in("HF_HUB_CACHE") or machine.folder_in("HUGGINGFACE_HUB_CACHE")
    if named is not None:
        return named
    home = machine.folder_in("HF_HOME") or machine.cache / "huggingface"
    return home / "hub"


def repository_name(folder_name: str) -> str | None:
    """`org/name` of a folder that holds a repository of models; None for any other."""
    found = _REPOSITORY.fullmatch(folder_name)
    return found["name"].replace("--", "/", 1) if found else None


def models_in_hub(walk: Walk, cache: Path) -> Iterator[Found]:
    """The models of every repository in a cache."""
    for folder in walk.folders(cache):
        name = repository_name(folder.name)
        if name is None:
            continue
        snapshot = _snapshot(walk, folder)
        if snapshot is not None:
            yield from _models_in(walk, snapshot, folder, name, depth=0)


def _snapshot(walk: Walk, repository: Path) -> Path | None:
    """What `main` is now; without it, the newest snapshot."""
    commit = (walk.text(repository / "refs" / "main") or "").strip()
    named = repository / "snapshots" / commit
    if _COMMIT.fullmatch(commit) and named.is_dir():
        return named
    others = [entry for entry in walk.entries(repository / "snapshots") if is_folder(entry)]
    return Path(max(others, key=_changed_at).path) if others else None


def _changed_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0


def _models_in(walk: Walk, folder: Path, repository: Path, name: str, *, depth: int) -> Iterator[Found]:
    entries = walk.entries(folder)
    is_loading = any(entry.name.endswith(".incomplete") for entry in walk.entries(repository / "blobs"))
    for found in models_among(walk, folder, entries, repository.resolve(), name=name):
        if is_loading and _lacks_parts(walk, found.path):
            continue
        yield replace(found, sha256=_known_hash(found.path))
    for entry in entries if depth < DEEPEST else ():
        if is_folder(entry):
            yield from _models_in(walk, Path(entry.path), repository, name, depth=depth + 1)


def _lacks_parts(walk: Walk, model: Path) -> bool:
    """Whether a sharded model is not all there yet."""
    if model.is_dir():
        index = walk.json(model / "model.safetensors.index.json").get("weight_map")
        names = {name for name in index.values() if isinstance(name, str)} if isinstance(index, dict) else set()
        return any(not (model / Path(name).name).is_file() for name in names)
    count = re.search(r"-of-(\d{5})\.gguf$", model.name)
    return count is not None and len(weight_files(model)) < int(count[1])


def _known_hash(model: Path) -> str | None:
    """What `ModelHashes` would compute, from the names of the blobs; None where they do not say it."""
    try:
        files = weight_files(model)
        blobs = [file.readlink().name for file in files]
    except OSError:  # real files, as on Windows without the right to make links
        return None
    if not all(_SHA256.fullmatch(blob) for blob in blobs):
        return None
    return hash_of_files([(blob, file.name) for blob, file in zip(blobs, files, strict=True)])


def _find(machine: Machine, walk: Walk) -> Iterator[Found]:
    yield from models_in_hub(walk, cache_folder(machine))


SOURCE = Source("hugging_face", "Hugging Face", _find)
