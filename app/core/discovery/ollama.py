"""Models of Ollama: manifests name layers, which lie as blobs under their SHA-256 (Ollama, server/manifest.go).

The template layer is not used: it is a Go template, and the GGUF file brings its own. Stubs of models in the cloud
have no weights and are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.core.discovery.machine import Machine
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Walk, is_file, is_folder

SERVICE_FOLDER = Path("/usr/share/ollama/.ollama/models")  # of the Linux service; its owner is the user ollama
LONGEST_SYSTEM_PROMPT = 20_000  # characters
_LAYER = "application/vnd.ollama.image."
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
DEEPEST = 5  # HOST/NAMESPACE/MODEL/TAG, and one to spare


def models_folders(machine: Machine) -> tuple[Path, ...]:
    """Where the models may lie: the folder that is named, else the person's own and the service's."""
    named = machine.folder_in("OLLAMA_MODELS")
    if named is not None:
        return (named,)
    own = machine.home / ".ollama" / "models"
    return (own, SERVICE_FOLDER) if machine.platform == "linux" else (own,)


def is_ollama_folder(folder: Path) -> bool:
    """Whether a folder has this layout; programs like Msty use it too."""
    return (folder / "manifests").is_dir() and (folder / "blobs").is_dir()


def models_in_ollama(walk: Walk, folder: Path) -> Iterator[Found]:
    """The models that the manifests in a folder name and whose weights are there."""
    yield from _manifests(walk, folder / "manifests", folder / "blobs", names=())


def _manifests(walk: Walk, folder: Path, blobs: Path, *, names: tuple[str, ...]) -> Iterator[Found]:
    for entry in walk.entries(folder):
        if is_folder(entry) and len(names) < DEEPEST:
            yield from _manifests(walk, Path(entry.path), blobs, names=(*names, entry.name))
        elif is_file(entry) and len(names) >= 2 and not entry.name.startswith("."):
            found = _model(walk, walk.json(Path(entry.path)), blobs, shown_name((*names, entry.name)))
            if found is not None:
                yield found


def shown_name(parts: tuple[str, ...]) -> str:
    """`llama3.2:3b` for HOST/NAMESPACE/MODEL/TAG: what is Ollama's own default is left out."""
    *where, tag = parts
    if where[:1] == ["registry.ollama.ai"]:
        where = where[1:]
        if where[:1] == ["library"]:
            where = where[1:]
    return f"{'/'.join(where)}:{tag}"


def _model(walk: Walk, manifest: Mapping[str, Any], blobs: Path, name: str) -> Found | None:
    config_blob = _blob(manifest.get("config"), blobs)
    config = walk.json(config_blob) if config_blob is not None else {}
    if config.get("remote_host") or config.get("remote_model"):
        return None
    listed = manifest.get("layers")
    layers = [layer for layer in listed if isinstance(layer, dict)] if isinstance(listed, list) else []
    by_kind: dict[str, Path] = {}
    for layer in layers:
        kind, blob = layer.get("mediaType"), _blob(layer, blobs)
        if isinstance(kind, str) and kind.startswith(_LAYER) and blob is not None:
            by_kind.setdefault(kind.removeprefix(_LAYER), blob)
    weights = by_kind.get("model")
    if weights is None:
        first = by_kind.get("tensor")  # newer models: a blob for each tensor
        problem = "Ollama keeps this model in a form of its own; get it as GGUF or safetensors."
        return None if first is None else Found(first, name, problem=problem)
    if not weights.is_file():
        return None  # still being downloaded, or removed in part
    is_adapter = "adapter" in by_kind
    return Found(
        weights,
        name,
        sha256=weights.name.removeprefix("sha256-"),
        problem="This model is an adapter on another one, which Fireside does not join." if is_adapter else None,
        settings=_settings(walk, by_kind.get("params")),
        system_prompt=_system(walk, by_kind),
    )


def _blob(layer: object, blobs: Path) -> Path | None:
    """The file of a layer: only names that are digests lead anywhere."""
    digest = layer.get("digest") if isinstance(layer, dict) else None
    found = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    return blobs / f"sha256-{found[1]}" if found else None


def _settings(walk: Walk, params: Path | None) -> tuple[tuple[str, float], ...]:
    """The numbers among the recommended settings, such as temperature."""
    found = walk.json(params) if params is not None else {}
    return tuple((key, float(value)) for key, value in found.items() if type(value) in (int, float))


def _system(walk: Walk, by_kind: Mapping[str, Path]) -> str:
    system = by_kind.get("system")
    return (walk.text(system) or "")[:LONGEST_SYSTEM_PROMPT] if system is not None else ""


def _find(machine: Machine, walk: Walk) -> Iterator[Found]:
    for folder in models_folders(machine):
        yield from models_in_ollama(walk, folder)


SOURCE = Source("ollama", "Ollama", _find)
