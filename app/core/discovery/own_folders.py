"""Models in folders that a person chose: any layout, among them text-generation-webui's `user_data/models`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from app.core.discovery.folders import models_below
from app.core.discovery.machine import Machine
from app.core.discovery.source import Found, Source
from app.core.discovery.walk import Walk

KEY = "folders"
_WEBUI = (("user_data", "models"), ("..", "user_data", "models"))  # portable builds keep it beside themselves


def own_folders(folders: Sequence[Path]) -> Source:
    """The source of the chosen folders."""

    def find(_machine: Machine, walk: Walk) -> Iterator[Found]:
        for folder in folders:
            yield from models_below(walk, models_folder(folder))

    return Source(KEY, "Own folders", find)


def models_folder(chosen: Path) -> Path:
    """The folder to look into: of an installation of text-generation-webui, only where it keeps its models."""
    if (chosen / "server.py").is_file() or (chosen / "one_click.py").is_file():
        for parts in _WEBUI:
            if chosen.joinpath(*parts).is_dir():
                return chosen.joinpath(*parts)
    return chosen
