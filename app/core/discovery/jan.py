"""Models of Jan: each has a folder with a `model.yml` that says where its file lies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.core.discovery.machine import Machine
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Walk, is_folder

_LINE = re.compile(r"(?P<key>[a-z_0-9]+):[ \t]+(?P<value>\S.*?)[ \t]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
DEEPEST = 4  # ORG/REPOSITORY, and two to spare
APP_ID = "jan.ai.app"


def data_folder(machine: Machine, walk: Walk) -> Path:
    """Jan's folder: where its settings moved it to, else the usual place."""
    usual = machine.roaming / "Jan" / "data"
    for settings in (machine.roaming / APP_ID / "settings.json", machine.roaming / "Jan" / "settings.json"):
        moved = walk.json(settings).get("data_folder")
        if isinstance(moved, str) and "\0" not in moved and Path(moved).is_absolute():
            return Path(moved)
    return usual


def read_model_yml(text: str) -> dict[str, str]:
    """The plain values at the top level of a `model.yml`; everything else in it is passed over."""
    found = {}
    for line in text.splitlines():
        pair = _LINE.fullmatch(line)
        if pair:
            value = pair["value"]
            is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            found[pair["key"]] = value[1:-1] if is_quoted else value
    return found


def _find(machine: Machine, walk: Walk) -> Iterator[Found]:
    data = data_folder(machine, walk)
    for engine in ("llamacpp", "mlx"):
        yield from _models(walk, data / engine / "models", data, depth=0)


def _models(walk: Walk, folder: Path, data: Path, *, depth: int) -> Iterator[Found]:
    for entry in walk.entries(folder):
        if is_folder(entry) and depth < DEEPEST:
            yield from _models(walk, Path(entry.path), data, depth=depth + 1)
        elif entry.name == "model.yml":
            found = _model(read_model_yml(walk.text(Path(entry.path)) or ""), folder, data)
            if found is not None:
                yield found


def _model(described: Mapping[str, str], folder: Path, data: Path) -> Found | None:
    named = described.get("model_path", "")
    if not named or "\0" in named:
        return None
    path = data / named  # an absolute path stays as it is
    if ".." in Path(named).parts or not path.exists():
        return None
    if path.is_file() and path.suffix.lower() == ".safetensors":
        path = path.parent
    elif path.is_file() and path.suffix.lower() != ".gguf":
        return None
    hashed = described.get("model_sha256", "").lower()
    return Found(path, described.get("name") or folder.name, sha256=hashed if _SHA256.fullmatch(hashed) else None)


SOURCE = Source("jan", "Jan", _find)
