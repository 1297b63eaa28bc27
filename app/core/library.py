"""Library: the models known on this machine: the starter model, those a person opened, and those a scan found.

Models are used in place; nothing is copied, renamed or written beside them. What a person did (opened, forgot, chose
for a model) is a small JSON file in the data folder; what was found is `app.core.sighting`'s. The models controllers
and `python -m app models` call this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TypeGuard

from app.core.discovery import SOURCES, Found, Machine, Source, Walk, fetched_models, own_folders
from app.core.discovery.hugging_face import repository_name
from app.core.discovery.koboldcpp import model_of_preset
from app.core.fit import Memory, best
from app.core.json_file import JsonFile
from app.core.known_model import KnownModel, Place, gather
from app.core.settings import LoadSettings, Settings
from app.core.sighting import Sighting
from app.core.stored_fields import read
from engine.api import ModelFileError
from engine.starter import starter_model_path

FILE_VERSION = 1
MOST_REMEMBERED = 50
MODEL_ENDINGS = (".gguf", ".safetensors")
OPENED = "opened"  # the source of what was opened here, and of the starter model


class Library:
    """What is known of models; `path` is the JSON file. `notice` is a sentence about that file, or None."""

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path, version=FILE_VERSION, what="The list of opened models")
        self.notice = self._file.notice
        content = self._file.content
        self._opened = _paths(content.get("models"))
        self._forgotten = set(_paths(content.get("forgotten")))
        load = content.get("load")
        self._load = (
            {Path(path): read(LoadSettings, row) for path, row in load.items()} if isinstance(load, dict) else {}
        )
        last = content.get("last")
        self._last = Path(last) if _is_path(last) else None
        self._starter = starter_model_path()
        self._sightings: dict[Path, Sighting] = {}
        self._missing: frozenset[Path] = frozenset()

    def models(self) -> tuple[KnownModel, ...]:
        """The starter model first, then the others by name."""
        seen = [one for one in self._sightings.values() if one.path not in self._forgotten]
        own = [self._starter, *self._opened] if self._starter is not None else self._opened
        unseen = [_unseen(path, self._starter) for path in own if path not in self._sightings]
        found = gather(seen, missing=self._missing, starter=self._starter)
        return tuple(sorted([*unseen, *found], key=lambda model: (not model.is_starter, model.name.casefold())))

    def recent(self) -> tuple[KnownModel, ...]:
        """Models that were loaded, the newest first."""
        by_path = self._by_path()
        order = [self._last, *self._opened] if self._last is not None else self._opened
        return tuple(dict.fromkeys(by_path[path] for path in order if path in by_path))

    def at(self, path: Path) -> KnownModel | None:
        """The model that lies at `path`."""
        return self._by_path().get(path)

    def default(self, memory: Memory | None = None) -> KnownModel | None:
        """The model to start with: the one used last, else the starter, else the best of those that fit."""
        usable = [model for model in self.models() if model.is_loadable]
        last = next((model for model in usable if any(place.path == self._last for place in model.places)), None)
        starter = next((model for model in usable if model.is_starter), None)
        if last is not None or starter is not None or memory is None:
            return last or starter or next((model for model in usable if model.info is None), None)
        return best(usable, memory)

    def remember(self, path: Path) -> None:
        """Put a model that was loaded at the head of the list. Raises OSError when the list cannot be written."""
        self._last = path
        self._forgotten.discard(path)
        if path != self._starter:
            self._opened = [path, *(other for other in self._opened if other != path)][:MOST_REMEMBERED]
        self._write()

    def forget(self, model: KnownModel) -> None:
        """Leave a model out of the lists until it is opened again; its files stay. Raises OSError."""
        gone = {place.path for place in model.places}
        self._opened = [path for path in self._opened if path not in gone]
        self._forgotten |= {path for path in gone if path in self._sightings and path not in self._missing}
        for path in gone & self._missing:
            self._sightings.pop(path)
        self._write()

    def load_settings(self, path: Path) -> LoadSettings | None:
        """How the model at `path` is to be loaded; None: as every other."""
        return self._load.get(path)

    def set_load_settings(self, path: Path, settings: LoadSettings | None) -> None:
        """Load the model at `path` so from now on. Raises OSError."""
        self._load.pop(path, None)
        if settings is not None:
            self._load[path] = settings
        self._write()

    def see(self, sighting: Sighting) -> None:
        """Take in what a scan saw."""
        self._sightings[sighting.path] = sighting
        self._missing -= {sighting.path}

    def see_all(self, sightings: Iterable[Sighting], *, missing: Collection[Path]) -> None:
        """Take in what a whole scan saw: what it did not see is known no more."""
        self._sightings = {one.path: one for one in sightings}
        self._missing = frozenset(missing)

    def source(self) -> Source:
        """The starter model and the opened ones, as a source for scans."""
        starter, opened = self._starter, tuple(self._opened)

        def find(_machine: Machine, _walk: Walk) -> Iterator[Found]:
            for path in (starter, *opened):
                if path is not None and problem_of(path) is None:
                    yield Found(path, model_name(path))

        return Source(OPENED, "Opened here", find)

    def _by_path(self) -> dict[Path, KnownModel]:
        return {place.path: model for model in self.models() for place in model.places}

    def _write(self) -> None:
        self._file.write(
            {
                "models": [str(path) for path in self._opened],
                "last": None if self._last is None else str(self._last),
                "forgotten": sorted(map(str, self._forgotten)),
                "load": {str(path): asdict(settings) for path, settings in self._load.items()},
            }
        )


def sources_of(library: Library, settings: Settings, fetched: Path) -> tuple[Source, ...]:
    """Whom to ask: what was opened or fetched here, own folders, then the programs that are not switched off."""
    own = own_folders([Path(folder) for folder in settings.model_folders if _is_path(folder)])
    return tuple(
        source
        for source in (library.source(), fetched_models(fetched), own, *SOURCES)
        if source.key not in settings.model_sources_off
    )


def _paths(listed: object) -> list[Path]:
    return [Path(item) for item in listed if _is_path(item)] if isinstance(listed, list) else []


def _is_path(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _unseen(path: Path, starter: Path | None) -> KnownModel:
    """A model that no scan has looked at yet."""
    problem = problem_of(path)
    size = 0 if problem is not None else _size_bytes(path)
    place = Place(path, OPENED, is_there=_is_there(path))
    return KnownModel(model_name(path), (place,), size, problem=problem, is_starter=path == starter)


def model_path(chosen: str | Path) -> Path:
    """The model that a chosen or dropped file belongs to: the file itself, its folder for safetensors, or the one
    that a preset of KoboldCpp names.

    Raises ModelFileError when nothing is there or it cannot be a model.
    """
    path = Path(chosen).expanduser().absolute()
    if path.suffix.lower() == ".kcpps":
        path = model_of_preset(path)
    if path.name == "config.json" or path.suffix.lower() == ".safetensors":
        path = path.parent
    problem = problem_of(path)
    if problem is not None:
        raise ModelFileError(problem)
    return path


def model_name(path: Path) -> str:
    """A name for people: the file's without its ending, or the folder's, or the repository's in a hub cache."""
    if path.suffix.lower() in MODEL_ENDINGS:
        return path.stem
    return next((name for folder in path.parts if (name := repository_name(folder)) is not None), path.name)


def problem_of(path: Path) -> str | None:
    """Why there is no model at `path`, as far as its name and kind say; None when there may be one."""
    try:
        if path.is_dir():
            has_config = (path / "config.json").is_file()
            return None if has_config else f"“{path.name}” holds no config.json; choose a model's own folder."
        if not path.is_file():
            return f"“{path.name}” is not there any more; open it from its new place."
        if path.suffix.lower() != ".gguf" and not _is_gguf(path):
            return f"“{path.name}” is not a model file; choose a GGUF file or a folder with config.json."
    except OSError as error:
        return f"“{path.name}” cannot be read ({error.strerror}); check its disk and permissions."
    return None


def _is_gguf(path: Path) -> bool:
    """Whether a file without the ending is one, as Ollama's blobs are."""
    with path.open("rb") as file:
        return file.read(4) == b"GGUF"


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder above it is closed to us, or its name is longer than names can be
        return False


def _size_bytes(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.glob("*.safetensors"))
        return path.stat().st_size
    except OSError:
        return 0
