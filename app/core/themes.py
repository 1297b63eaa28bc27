"""The tokens of a look (colours, spaces, radii, reading size), for the window and for exports; knows no Qt."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RESOURCES = Path(__file__).resolve().parent.parent.parent / "resources"
THEMES = RESOURCES / "themes"


@dataclass(frozen=True, slots=True)
class Theme:
    """The tokens of one look. Colours are `#rrggbb`; spacing, radii and `font_size` are pixels."""

    name: str
    dark: bool
    colors: Mapping[str, str]
    spacing: Mapping[str, int]
    radii: Mapping[str, int]
    font_size: int


def load_theme(name: str) -> Theme:
    """The theme `light` or `dark`. Raises OSError or ValueError when its file is missing or damaged."""
    data = tomllib.loads((THEMES / f"{name}.toml").read_text(encoding="utf-8"))
    return Theme(
        name=data["name"],
        dark=data["dark"],
        colors=data["colors"],
        spacing=data["spacing"],
        radii=data["radii"],
        font_size=data["font_size"],
    )
