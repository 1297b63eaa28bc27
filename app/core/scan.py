"""Scan: asks sources what lies on this machine and reads the headers that are new; yields sightings one by one.

Called on a thread of its own by the library's controller, and by `python -m app models`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.discovery import Found, Machine, Source, Walk
from app.core.fingerprint import fingerprint
from app.core.model_hash import weight_files
from app.core.sighting import FileState, Sighting, read_sightings, write_sightings
from engine.api import FiresideError, ModelHeader

logger = logging.getLogger(__name__)

FRESH_S = 600.0  # a file that was written so lately and cannot be read may still be on its way
GROWTH_S = 0.5  # then it is looked at again after so long: a download has gone on meanwhile

ReadHeader = Callable[[Path], ModelHeader]


def scan(
    sources: Sequence[Source],
    machine: Machine,
    walk: Walk,
    *,
    known: Mapping[Path, Sighting],
    read_header: ReadHeader,
    sha256_of: Callable[[Path], str | None] = lambda _path: None,
) -> Iterator[Sighting]:
    """Every model that is there, once for each place. Raises `Cancelled` when the walk says so.

    `known` are earlier sightings, by place; `sha256_of` knows hashes that were computed before.
    """
    seen: set[Path] = set()
    doubtful: list[Sighting] = []
    for source in sources:
        for found in source.find(machine, walk):
            place = _resolved(found.path)
            if place in seen:
                continue
            seen.add(place)
            sighting = look_at(found, source.key, known=known, read_header=read_header)
            if sighting is None:
                continue
            if sighting.header is None and found.path not in known and _is_fresh(sighting):
                doubtful.append(sighting)
            else:
                yield replace(sighting, sha256=sighting.sha256 or sha256_of(found.path))
    if doubtful:
        time.sleep(GROWTH_S)
        yield from (sighting for sighting in doubtful if state_of(sighting.path) == sighting.files)


def look_at(found: Found, source: str, *, known: Mapping[Path, Sighting], read_header: ReadHeader) -> Sighting | None:
    """What a model is; None when it was written or removed meanwhile."""
    before = state_of(found.path)
    if before is None:
        return None
    earlier = known.get(found.path)
    if earlier is None or earlier.files != before:
        try:
            mark = fingerprint(weight_files(found.path))
        except OSError as error:
            reason = f"It cannot be read ({error.strerror or error}); check its permissions."
            return Sighting(found.path, source, found.name, before, f"unread {found.path}", problem=reason)
        header, problem = _read(found, read_header)
        if state_of(found.path) != before:
            return None
        earlier = Sighting(found.path, source, found.name, before, mark, header, problem)
    return replace(
        earlier,
        source=source,
        name=found.name,
        problem=found.problem or earlier.problem,
        sha256=found.sha256,
        settings=found.settings,
        system_prompt=found.system_prompt,
    )


def _is_fresh(sighting: Sighting) -> bool:
    return max(time_ns for _, _, time_ns in sighting.files) / 1e9 > time.time() - FRESH_S


def state_of(path: Path) -> tuple[FileState, ...] | None:
    """What changes when a model's files do; None when they are not there."""
    try:
        return tuple((file.name, (status := file.stat()).st_size, status.st_mtime_ns) for file in weight_files(path))
    except OSError:
        return None


def _read(found: Found, read_header: ReadHeader) -> tuple[ModelHeader | None, str | None]:
    if found.problem is not None:
        return None, found.problem
    try:
        header = read_header(found.path)
    except FiresideError as error:
        return None, str(error)
    return header, header.problem


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path


@dataclass(frozen=True, slots=True)
class Survey:
    """What a whole scan saw; `missing` are places of models that it saw earlier and that are gone now.

    `notices` say what could not be looked at.
    """

    sightings: tuple[Sighting, ...]
    missing: frozenset[Path]
    notices: tuple[str, ...]


def survey(
    file: Path,
    sources: Sequence[Source],
    machine: Machine,
    *,
    read_header: ReadHeader,
    sha256_of: Callable[[Path], str | None] = lambda _path: None,
    cancelled: Callable[[], bool] = lambda: False,
    tell: Callable[[Sighting], None] = lambda _sighting: None,
) -> Survey:
    """A whole scan, with what `file` keeps of the last one; it is brought up to date. Raises `Cancelled`.

    `tell` hears of each sighting at once.
    """
    known = read_sightings(file)
    walk = Walk(cancelled=cancelled)
    seen: dict[Path, Sighting] = {}
    for sighting in scan(sources, machine, walk, known=known, read_header=read_header, sha256_of=sha256_of):
        seen[sighting.path] = sighting
        tell(sighting)
    asked = {source.key for source in sources}
    gone = {
        path: one
        for path, one in known.items()
        if path not in seen and one.source in asked and state_of(path) is None and _is_shown(one)
    }
    everything = {**gone, **seen}
    if everything != known:
        try:
            write_sightings(file, everything.values())
        except OSError as error:
            logger.warning("what was found cannot be kept: %s", error)
    return Survey(tuple(everything.values()), frozenset(gone), tuple(walk.notices))


def _is_shown(sighting: Sighting) -> bool:
    return sighting.header is None or sighting.header.is_model
