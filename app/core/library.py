"""Library: the models known on this machine: the starter model and the files and folders a person opened.

Models are used in place; nothing is copied, renamed or written beside them. The list of opened ones is a small
JSON file in the data folder. The models controller and `python -m app models` call this.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from app.core.json_file import JsonFile
from engine.api import ModelFileError
from engine.starter import starter_model_path

FILE_VERSION = 1
MOST_REMEMBERED = 50
MODEL_ENDINGS = (".gguf", ".safetensors")


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model's place. `problem` says in one sentence why it cannot be opened now; None when nothing is known."""

    path: Path
    name: str
    size_bytes: int
    is_starter: bool
    problem: str | None = None


class Library:
    """The list of known models, kept in the JSON file `path`. `notice` is a sentence about that file, or None."""

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path, version=FILE_VERSION, what="The list of opened models")
        self.notice = self._file.notice
        self._opened = _read_list(self._file.content)
        last = self._file.content.get("last")
        self._last = Path(last) if _is_path(last) else None

    def models(self) -> tuple[KnownModel, ...]:
        """The starter model first, then the opened ones, the newest first."""
        starter = starter_model_path()
        known = [] if starter is None else [_known(starter, is_starter=True)]
        return (*known, *(_known(path, is_starter=False) for path in self._opened if path != starter))

    def default(self) -> KnownModel | None:
        """The model to start with: the one used last if it is still there, else the first that is."""
        usable = [model for model in self.models() if model.problem is None]
        last = next((model for model in usable if model.path == self._last), None)
        return last or next(iter(usable), None)

    def remember(self, path: Path) -> None:
        """Put a model that was loaded at the head of the list. Raises OSError when the list cannot be written."""
        self._last = path
        if path != starter_model_path():
            self._opened = [path, *(other for other in self._opened if other != path)][:MOST_REMEMBERED]
        self._file.write({"models": [str(other) for other in self._opened], "last": str(path)})


def _read_list(content: dict[str, Any]) -> list[Path]:
    listed = content.get("models", [])
    return [Path(item) for item in listed if _is_path(item)] if isinstance(listed, list) else []


def _is_path(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and "\0" not in value


def model_path(chosen: str | Path) -> Path:
    """The model that a chosen or dropped file belongs to: the file itself, or its folder for safetensors.

    Raises ModelFileError when nothing is there or it cannot be a model.
    """
    path = Path(chosen).expanduser().absolute()
    if path.name == "config.json" or path.suffix.lower() == ".safetensors":
        path = path.parent
    problem = _problem(path)
    if problem is not None:
        raise ModelFileError(problem)
    return path


def _known(path: Path, *, is_starter: bool) -> KnownModel:
    problem = _problem(path)
    size = 0 if problem is not None else _size_bytes(path)
    return KnownModel(path, model_name(path), size, is_starter, problem)


def model_name(path: Path) -> str:
    """A name for people: the file's without its ending, or the folder's, or the repository's in a hub cache."""
    for folder in path.parts:
        if folder.startswith("models--"):
            return folder.removeprefix("models--").replace("--", "/")
    return path.stem if path.suffix.lower() in MODEL_ENDINGS else path.name


def _problem(path: Path) -> str | None:
    try:
        if path.is_dir():
            has_config = (path / "config.json").is_file()
            return None if has_config else f"“{path.name}” holds no config.json; choose a model's own folder."
        if not path.is_file():
            return f"“{path.name}” is not there any more; open it from its new place."
    except OSError as error:
        return f"“{path.name}” cannot be read ({error.strerror}); check its disk and permissions."
    if path.suffix.lower() != ".gguf":
        return f"“{path.name}” is not a model file; choose a GGUF file or a folder with config.json."
    return None


def _size_bytes(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.glob("*.safetensors"))
        return path.stat().st_size
    except OSError:
        return 0
