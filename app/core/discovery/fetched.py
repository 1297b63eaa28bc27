"""Models that Fireside fetched itself: they lie in the data folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.core.discovery.folders import models_below
from app.core.discovery.machine import Machine
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Walk


def fetched_models(folder: Path) -> Source:
    """The source of the folder that downloads go to."""

    def find(_machine: Machine, walk: Walk) -> Iterator[Found]:
        yield from models_below(walk, folder)

    return Source("fetched", "Downloads", find)
