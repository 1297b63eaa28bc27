"""KnownModel: a model as people think of it: the same weights, however many programs keep a copy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.core.sighting import Sighting
from engine.api import ModelInfo


@dataclass(frozen=True, slots=True)
class Place:
    """Where a copy lies; `source` is the key of who keeps it. One that was removed is not there."""

    path: Path
    source: str
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model and the places where it lies, the best first. `problem` says in one sentence why it cannot be loaded.

    `info` is None where no header could be read. `sha256` is that of the weights where somebody computed it;
    `settings` and `system_prompt` are what the program that keeps the model recommends.
    """

    name: str
    places: tuple[Place, ...]
    size_bytes: int
    info: ModelInfo | None = None
    problem: str | None = None
    sha256: str | None = None
    is_starter: bool = False
    settings: tuple[tuple[str, float], ...] = ()
    system_prompt: str = ""

    @property
    def path(self) -> Path:
        """What to load: the first place that is there."""
        return next((place.path for place in self.places if place.is_there), self.places[0].path)

    @property
    def is_there(self) -> bool:
        """Whether any copy is left."""
        return any(place.is_there for place in self.places)

    @property
    def is_loadable(self) -> bool:
        """Whether nothing is known that speaks against loading it."""
        return self.problem is None and self.is_there


def gather(sightings: Iterable[Sighting], *, missing: Collection[Path], starter: Path | None) -> list[KnownModel]:
    """Models from sightings: those of the same weights are one. What only goes with a model is left out.

    `missing` are the places of sightings that are not there any more.
    """
    groups: dict[str, list[list[Sighting]]] = {}
    for sighting in sightings:
        if sighting.header is None or sighting.header.is_model:
            alike = groups.setdefault(sighting.fingerprint, [])
            group = next((group for group in alike if _may_be_same(sighting, group)), None)
            if group is None:
                alike.append([sighting])
            else:
                group.append(sighting)
    models = [_model(group, missing, starter) for alike in groups.values() for group in alike]
    return sorted(models, key=lambda model: (not model.is_starter, model.name.casefold(), str(model.path)))


def _may_be_same(sighting: Sighting, group: list[Sighting]) -> bool:
    hashes = {one.sha256 for one in (sighting, *group)} - {None}
    return len(hashes) <= 1


def _model(group: list[Sighting], missing: Collection[Path], starter: Path | None) -> KnownModel:
    there = [one for one in group if one.path not in missing]
    first = (there or group)[0]
    best = next((one for one in there if one.problem is None), first)
    recommends = next((one for one in group if one.settings or one.system_prompt), first)
    if best is not first:
        group = [best, *(one for one in group if one is not best)]
    return KnownModel(
        best.name,
        tuple(Place(one.path, one.source, one.path not in missing) for one in group),
        best.size_bytes,
        info=None if best.header is None else best.header.info,
        problem=best.problem if there else f"“{best.name}” is not there any more; find it again or forget it.",
        sha256=next((one.sha256 for one in group if one.sha256 is not None), None),
        is_starter=starter is not None and any(one.path == starter for one in group),
        settings=recommends.settings,
        system_prompt=recommends.system_prompt,
    )
