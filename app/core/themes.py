"""The tokens of a look (colours, spaces, radii, reading size), for the window and for exports; knows no Qt."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

_APP = Path(__file__).resolve().parent.parent
RESOURCES = _APP / "resources" if (_APP / "resources").is_dir() else _APP.parent / "resources"  # installed, or source
THEMES = RESOURCES / "themes"
THEME_NAMES = ("light", "dark", "contrast-light", "contrast-dark")


@dataclass(frozen=True, slots=True)
class Theme:
    """The tokens of one look. Colours are `#rrggbb`; spacing, radii and `font_size` are pixels.

    `text_percent` is how large texts are beside their usual size; `font_size` is in it already.
    """

    name: str
    dark: bool
    colors: Mapping[str, str]
    spacing: Mapping[str, int]
    radii: Mapping[str, int]
    font_size: int
    text_percent: int = 100


@cache
def load_theme(name: str) -> Theme:
    """The theme of a name in `THEME_NAMES`. Raises OSError or ValueError when its file is missing or damaged.

    Read once: a transcript asks for it with each message of a person that comes into view, and reading takes 0.2 ms.
    """
    data = tomllib.loads((THEMES / f"{name}.toml").read_text(encoding="utf-8"))
    return Theme(
        name=data["name"],
        dark=data["dark"],
        colors=data["colors"],
        spacing=data["spacing"],
        radii=data["radii"],
        font_size=data["font_size"],
    )


def with_text_size(theme: Theme, percent: int) -> Theme:
    """A theme as it is loaded, with all texts in `percent` of their usual size."""
    return replace(theme, font_size=round(theme.font_size * percent / 100), text_percent=percent)
