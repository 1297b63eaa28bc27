"""The model of a KoboldCpp preset (`.kcpps`): KoboldCpp keeps no list of its own, a person drops a preset."""

from __future__ import annotations

from pathlib import Path

from app.core.discovery.walk import Walk
from engine.api import ModelFileError


def model_of_preset(preset: Path) -> Path:
    """The model that a preset names. Raises `ModelFileError` when it names none on this machine."""
    content = Walk().json(preset)
    for key in ("model_param", "model"):
        named = content.get(key)
        if isinstance(named, list):
            named = next(iter(named), None)
        if isinstance(named, str) and named and "\0" not in named and "://" not in named:
            return preset.parent / named
    raise ModelFileError(f"“{preset.name}” names no model file on this machine; open the model file itself.")
