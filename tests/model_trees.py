"""Folders as other programs lay them out, and a scan of them with the real reader of headers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.core.discovery import Found, Machine, Source, Walk
from app.core.scan import Survey, survey
from app.worker import read_model_header


def machine(home: Path, platform: str = "linux", **variables: str) -> Machine:
    return Machine(home, variables, platform)


def found(source: Source, here: Machine) -> list[Found]:
    return list(source.find(here, Walk()))


def names(source: Source, here: Machine) -> list[str]:
    return sorted(one.name for one in found(source, here))


def look(file: Path, sources: Sequence[Source], here: Machine, **more: Any) -> Survey:
    return survey(file, sources, here, read_header=more.pop("read_header", read_model_header), **more)


def hub_repository(
    cache: Path, name: str, files: dict[str, bytes], *, commit: str = "a" * 40, link: bool = True
) -> Path:
    """A repository in a hub cache; returns the snapshot."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    for file, content in files.items():
        blob = repository / "blobs" / hashlib.sha256(content).hexdigest()
        blob.parent.mkdir(parents=True, exist_ok=True)
        (snapshot / file).parent.mkdir(parents=True, exist_ok=True)
        if link:
            blob.write_bytes(content)
            (snapshot / file).symlink_to(blob)
        else:
            (snapshot / file).write_bytes(content)
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "refs" / "main").write_text(commit)
    return snapshot


def ollama_model(folder: Path, name: str, layers: dict[str, bytes], *, config: dict[str, Any] | None = None) -> Path:
    """A manifest with its blobs; `name` is HOST/NAMESPACE/MODEL/TAG. Returns the blob of the first layer."""

    def blob(content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        (folder / "blobs").mkdir(parents=True, exist_ok=True)
        (folder / "blobs" / f"sha256-{digest}").write_bytes(content)
        return f"sha256:{digest}"

    listed = [
        {"mediaType": f"application/vnd.ollama.image.{kind}", "digest": blob(content), "size": len(content)}
        for kind, content in layers.items()
    ]
    manifest = {"schemaVersion": 2, "config": {"digest": blob(json.dumps(config or {}).encode())}, "layers": listed}
    path = folder / "manifests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest))
    return folder / "blobs" / (listed[0]["digest"].replace(":", "-") if listed else "none")


def content(make: Callable[..., Path], place: Path, **more: Any) -> bytes:
    """The bytes of a file that `make` writes at `place`."""
    return make(place, **more).read_bytes()
