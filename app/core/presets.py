"""Presets: named values for replies, with a persona's look; five are built in, a person's own lie in a JSON file."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.core.files import write_atomically
from app.core.json_file import JsonFile
from app.core.reply_settings import Values, accepted_values
from engine.api import FiresideError

FILE_VERSION = 1
LARGEST_FILE_BYTES = 4 << 20
LONGEST_NAME = 80  # letters
COLORS = re.compile("#[0-9a-f]{6}")


class PresetFileError(FiresideError):
    """A file with presets cannot be read."""


@dataclass(frozen=True, slots=True)
class Preset:
    """`values` are those of `app.core.reply_settings` that it sets.

    `emoji` and `color` (#rrggbb) are how its persona looks. The name of a built-in preset is the English one;
    the window translates it.
    """

    id: str
    name: str
    values: Values = field(default_factory=dict)
    emoji: str = ""
    color: str = ""
    is_built_in: bool = False


BUILT_IN = (
    Preset(
        "precise",
        "Precise",
        {"temperature": 0.2, "top_k": 40, "top_p": 0.9, "min_p": 0.1},
        emoji="🎯",
        is_built_in=True,
    ),
    Preset(
        "balanced",
        "Balanced",
        {"temperature": 0.7, "top_k": 40, "top_p": 0.95, "min_p": 0.05},
        emoji="⚖️",
        is_built_in=True,
    ),
    Preset(
        "creative",
        "Creative",
        {
            "temperature": 1.2,
            "top_k": 0,
            "top_p": 1.0,
            "min_p": 0.08,
            "xtc_probability": 0.3,
            "dry_multiplier": 0.8,
        },
        emoji="🎨",
        is_built_in=True,
    ),
    Preset(
        "code",
        "Code",
        {
            "temperature": 0.1,
            "top_k": 20,
            "top_p": 0.9,
            "repetition_penalty": 1.0,
            "system_prompt": (
                "You are a careful programmer. Answer with complete, working code in fenced blocks that name their "
                "language, then explain in a few sentences what is not obvious. Say so when something is unknown."
            ),
        },
        emoji="💻",
        is_built_in=True,
    ),
    Preset(
        "translate",
        "Translate",
        {
            "temperature": 0.1,
            "top_p": 0.9,
            "repetition_penalty": 1.0,
            "system_prompt": (
                "You are a translator. Translate each message into the language that it asks for; if it asks for "
                "none, into English, or from English into Chinese. Keep tone, names and layout, and answer with "
                "nothing but the translation."
            ),
        },
        emoji="🌐",
        is_built_in=True,
    ),
)


class Presets:
    """The built-in presets and the person's own, kept in the JSON file `path`; `notice` tells of a damaged one.

    What changes raises OSError when the file cannot be written; nothing has changed then.
    """

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path, version=FILE_VERSION, what="The presets")
        self.notice = self._file.notice
        self._own = _parse(self._file.content)

    def __iter__(self) -> Iterator[Preset]:
        return iter((*BUILT_IN, *self._own))

    def get(self, preset_id: str | None) -> Preset | None:
        """The preset of this id."""
        return next((preset for preset in self if preset.id == preset_id), None)

    def add(self, preset: Preset, *, place: int | None = None) -> Preset:
        """Keep a preset at a place among the person's own, by default the last; with a new id if its own is taken."""
        if self.get(preset.id) is not None:
            preset = replace(preset, id=new_id())
        at = len(self._own) if place is None else place
        self._keep([*self._own[:at], preset, *self._own[at:]])
        return preset

    def change(self, preset: Preset) -> None:
        """Put a preset in the place of the own one that has its id."""
        self._keep([preset if one.id == preset.id else one for one in self._own])

    def remove(self, preset_id: str) -> int:
        """Forget an own preset; at which place it stood. Raises KeyError when there is none."""
        place = next((at for at, one in enumerate(self._own) if one.id == preset_id), None)
        if place is None:
            raise KeyError(preset_id)
        self._keep([one for one in self._own if one.id != preset_id])
        return place

    def free_name(self, wanted: str) -> str:
        """The name, with a number behind it if another preset has it."""
        wanted = " ".join(wanted.split())[:LONGEST_NAME]
        taken = {preset.name for preset in self}
        number, name = 2, wanted
        while name in taken:
            number, name = number + 1, f"{wanted} {number}"
        return name

    def _keep(self, own: Sequence[Preset]) -> None:
        self._file.write({"presets": [encoded_preset(preset) for preset in own]})
        self._own = tuple(own)


def new_id() -> str:
    """An id that no preset has."""
    return uuid.uuid4().hex


def export_presets(path: Path, presets: Iterable[Preset]) -> None:
    """Write presets to a file that `read_presets` reads. Raises OSError."""
    content = {"version": FILE_VERSION, "presets": [encoded_preset(preset) for preset in presets]}
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=2))


def read_presets(path: Path) -> tuple[Preset, ...]:
    """The presets of a file, none of them built in. Raises `PresetFileError` when it holds none."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise PresetFileError(
                f"“{path.name}” is larger than {LARGEST_FILE_BYTES >> 20} MiB; it holds no presets."
            )
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PresetFileError(f"“{path.name}” cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise PresetFileError(f"“{path.name}” is not JSON: {error}.") from error
    if isinstance(content, dict) and type(content.get("version")) is int and content["version"] > FILE_VERSION:
        raise PresetFileError(f"“{path.name}” was written by a newer Fireside; update Fireside to read it.")
    found = _parse(content) if isinstance(content, dict) else ()
    if not found:
        raise PresetFileError(f"“{path.name}” holds no presets; choose a file that Fireside exported.")
    return found


def encoded_preset(preset: Preset) -> dict[str, Any]:
    """A preset as JSON holds it."""
    encoded: dict[str, Any] = {"id": preset.id, "name": preset.name, "values": dict(preset.values)}
    return encoded | {key: value for key, value in (("emoji", preset.emoji), ("color", preset.color)) if value}


def parse_preset(stored: object) -> Preset | None:
    """A preset from JSON; None for what is none."""
    if not isinstance(stored, Mapping):
        return None
    identifier, name = stored.get("id"), stored.get("name")
    if not isinstance(identifier, str) or not isinstance(name, str) or not identifier or not name.strip():
        return None
    emoji, color = stored.get("emoji"), stored.get("color")
    return Preset(
        identifier,
        " ".join(name.split())[:LONGEST_NAME],
        accepted_values(stored.get("values")),
        emoji=emoji[:8] if isinstance(emoji, str) else "",
        color=color if isinstance(color, str) and COLORS.fullmatch(color) else "",
    )


def _parse(content: Mapping[str, Any]) -> tuple[Preset, ...]:
    """The presets of a file; those that are damaged or come twice are left out."""
    listed = content.get("presets")
    found: dict[str, Preset] = {preset.id: preset for preset in BUILT_IN}
    for stored in listed if isinstance(listed, list) else ():
        preset = parse_preset(stored)
        if preset is not None:
            found.setdefault(preset.id, preset)
    return tuple(preset for preset in found.values() if not preset.is_built_in)
