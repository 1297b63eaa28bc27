"""Models of LM Studio: `models/PUBLISHER/REPOSITORY/…`, wherever its settings put them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.core.discovery.folders import models_below
from app.core.discovery.machine import Machine
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Walk


def home(machine: Machine, walk: Walk) -> Path:
    """LM Studio's own folder: where its pointer leads, else the old place if it is there, else the new one."""
    pointer = (walk.text(machine.home / ".lmstudio-home-pointer") or "").strip()
    if pointer and "\0" not in pointer:
        return Path(pointer)
    old = machine.home / ".cache" / "lm-studio"
    return old if old.is_dir() else machine.home / ".lmstudio"


def models_folder(machine: Machine, walk: Walk) -> Path:
    """Where the models lie."""
    folder = home(machine, walk)
    chosen = walk.json(folder / "settings.json").get("downloadsFolder")
    return Path(chosen) if isinstance(chosen, str) and chosen and "\0" not in chosen else folder / "models"


def _find(machine: Machine, walk: Walk) -> Iterator[Found]:
    yield from models_below(walk, models_folder(machine, walk))


SOURCE = Source("lm_studio", "LM Studio", _find)
