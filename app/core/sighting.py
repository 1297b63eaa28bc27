"""Sighting: a model in one place, as a scan last saw it; and the file that keeps what was seen.

The file is a cache of headers: as long as a model's files keep their size and time, they are not read again. It may
be deleted at any time; what was removed from the disk is then forgotten, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from app.core.files import write_atomically
from engine.api import ModelHeader, ModelInfo

FILE_VERSION = 2  # of the program that read them: another one may read more out of the same file
MOST_KEPT = 10_000

FileState = tuple[str, int, int]  # name, size in bytes, time of the last change in ns


@dataclass(frozen=True, slots=True)
class Sighting:
    """A model at `path`, seen by the source with the key `source`.

    `header` is None where it could not be read, and `problem` says why the model cannot be used. `fingerprint` is the
    same for the same weights elsewhere; `sha256` is that of the weights, where somebody has computed it.
    """

    path: Path
    source: str
    name: str
    files: tuple[FileState, ...]
    fingerprint: str
    header: ModelHeader | None = None
    problem: str | None = None
    sha256: str | None = None
    settings: tuple[tuple[str, float], ...] = ()
    system_prompt: str = ""

    @property
    def size_bytes(self) -> int:
        """Size of the weights."""
        return sum(size for _, size, _ in self.files)


def read_sightings(path: Path) -> dict[Path, Sighting]:
    """What was kept, by place; nothing where the file is missing, damaged or of another version."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get("version") != FILE_VERSION:
        return {}
    listed = content.get("models")
    found = (_parse(one) for one in listed) if isinstance(listed, list) else ()
    return {one.path: one for one in found if one is not None}


def write_sightings(path: Path, sightings: Iterable[Sighting]) -> None:
    """Replace what is kept. Raises OSError."""
    rows = [{**asdict(one), "path": str(one.path)} for one in sightings][-MOST_KEPT:]
    write_atomically(path, json.dumps({"version": FILE_VERSION, "models": rows}, ensure_ascii=False))


def _parse(row: Any) -> Sighting | None:
    """One row; None where it is not what `write_sightings` writes."""
    try:
        header = row["header"]
        return Sighting(
            **{
                **row,
                "path": Path(row["path"]),
                "files": tuple((str(name), int(size), int(time)) for name, size, time in row["files"]),
                "header": None if header is None else _header(header),
                "settings": tuple((str(key), float(value)) for key, value in row["settings"]),
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _header(row: Mapping[str, Any]) -> ModelHeader:
    info = row["info"]
    known = {field.name: field.type for field in fields(ModelInfo)}
    for name, value in info.items():
        if known[name] == "int" and type(value) is not int:
            raise ValueError(name)
    recommended = tuple((str(name), value) for name, value in info["recommended"])
    return ModelHeader(ModelInfo(**{**info, "recommended": recommended}), row["problem"], row["is_model"])
