"""Which model it was: the SHA-256 of a model's weight files, remembered as long as they stay as they are.

Hashing reads every byte, seconds to minutes: whoever calls `compute` does it in the background and at low priority.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core.json_file import JsonFile

FILE_VERSION = 1
CHUNK_BYTES = 1 << 20
MOST_REMEMBERED = 1000

_SHARD = re.compile(r"(.+)-\d{5}-of-(\d{5})\.gguf")


class ModelHashes:
    """Hashes of models, kept in the JSON file `path`."""

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path, version=FILE_VERSION, what="The list of model hashes")
        known = self._file.content.get("models")
        self._known: dict[str, Any] = known if isinstance(known, dict) else {}

    def known(self, model: Path) -> str | None:
        """The hash of a model that was computed before, unless its files were changed or are gone."""
        entry = self._known.get(str(model))
        if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), str):
            return None
        try:
            is_same = entry.get("files") == _state(weight_files(model))
        except OSError:
            return None
        return entry["sha256"] if is_same else None

    def compute(self, model: Path, *, cancelled: Callable[[], bool] = lambda: False) -> str | None:
        """The hash of a model, read from its files unless it is known; None when `cancelled()` became true.

        Of one file it is the file's own SHA-256; of several, that of the lines `SHA-256  NAME` that sha256sum prints.
        Raises OSError.
        """
        found = self.known(model)
        if found is not None:
            return found
        files = weight_files(model)
        before = _state(files)
        hashes: list[str] = []
        for file in files:
            one = _sha256(file, cancelled)
            if one is None:
                return None
            hashes.append(one)
        sha256 = hash_of_files([(one, file.name) for one, file in zip(hashes, files, strict=True)])
        if _state(files) == before:
            self._known.pop(str(model), None)
            self._known[str(model)] = {"files": before, "sha256": sha256}
            self._file.write({"models": dict([*self._known.items()][-MOST_REMEMBERED:])})
        return sha256


def hash_of_files(files: list[tuple[str, str]]) -> str:
    """The hash of a model from the (SHA-256, name) of its files, as `ModelHashes.compute` says."""
    lines = "".join(f"{sha256}  {name}\n" for sha256, name in files)
    return files[0][0] if len(files) == 1 else hashlib.sha256(lines.encode()).hexdigest()


def weight_files(model: Path) -> list[Path]:
    """The files that hold a model's weights, by name: a GGUF file with its other shards, or a folder's safetensors.

    Raises OSError when there are none.
    """
    if model.is_dir():
        files = sorted(model.glob("*.safetensors"))
    elif shard := _SHARD.fullmatch(model.name):
        files = sorted(
            one
            for one in model.parent.iterdir()
            if (other := _SHARD.fullmatch(one.name)) and other.groups() == shard.groups()
        )
    else:
        files = [model]
    if not files:
        raise FileNotFoundError(f"{model} holds no weights")
    return files


def _state(files: list[Path]) -> list[list[Any]]:
    """What changes when a file does; lists, as JSON gives them back."""
    return [[file.name, (status := file.stat()).st_size, status.st_mtime_ns] for file in files]


def _sha256(file: Path, cancelled: Callable[[], bool]) -> str | None:
    digest = hashlib.sha256()
    with file.open("rb", buffering=0) as content:
        while chunk := content.read(CHUNK_BYTES):
            if cancelled():
                return None
            digest.update(chunk)
    return digest.hexdigest()
