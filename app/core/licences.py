"""What Fireside stands on, and under which licences; `make licences` writes what is read here."""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.core.themes import RESOURCES

_INDEX = RESOURCES / "licences.json"
_TEXTS = RESOURCES / "licences"


@dataclass(frozen=True, slots=True)
class Licensed:
    """A part of the running application; `version` is empty where it comes with the system or the package."""

    name: str
    version: str
    licence: str
    file: str

    def text(self) -> str:
        """The whole licence. Raises OSError."""
        return (_TEXTS / self.file).read_text(encoding="utf-8")


def licensed_parts() -> list[Licensed]:
    """All parts, by name. Raises OSError or ValueError when the list is missing or damaged."""
    entries = json.loads(_INDEX.read_text(encoding="utf-8"))
    return [Licensed(entry["name"], entry["version"], entry["licence"], entry["text"]) for entry in entries]
