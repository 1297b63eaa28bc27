"""Theme: the tokens of one look (colours, spaces, radii, reading size) and the palette and style sheet made of them.

Read from resources/themes; says nothing about when a theme applies (the appearance controller does) and knows
no widget. Views take their colours and icons from here and write no literal colour.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
THEMES = RESOURCES / "themes"
ICONS = RESOURCES / "icons"
ICON_SIZE = 20  # pixels; the drawings have a 24-pixel grid


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


def palette(theme: Theme) -> QPalette:
    """The colours that Fusion draws with where the style sheet says nothing."""
    roles = {
        QPalette.ColorRole.Window: "background",
        QPalette.ColorRole.Base: "background",
        QPalette.ColorRole.AlternateBase: "surface",
        QPalette.ColorRole.Button: "surface",
        QPalette.ColorRole.ToolTipBase: "surface_raised",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.PlaceholderText: "text_muted",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.Accent: "accent",
        QPalette.ColorRole.Link: "link",
        QPalette.ColorRole.LinkVisited: "link",
        QPalette.ColorRole.Mid: "border",
    }
    made = QPalette(QColor(theme.colors["surface"]), QColor(theme.colors["background"]))
    for role, token in roles.items():
        made.setColor(role, QColor(theme.colors[token]))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.colors["disabled"]))
    return made


def style_sheet(theme: Theme) -> str:
    """The window's style sheet in this theme's colours. Raises KeyError when a token is missing."""
    sheet = Template((THEMES / "window.qss").read_text(encoding="utf-8"))
    radii = {f"radius_{name}": size for name, size in theme.radii.items()}
    return sheet.substitute(theme.colors, font_size=theme.font_size, **radii)


def tinted_icon(name: str, color: str, *, disabled: str | None = None, size: int = ICON_SIZE) -> QIcon:
    """The drawing `name` of resources/icons in `color`; sharp at the screen's scale. Raises OSError if absent."""
    drawing = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    icon = QIcon(_painted(drawing, color, size))
    if disabled is not None:
        icon.addPixmap(_painted(drawing, disabled, size), QIcon.Mode.Disabled)
    return icon


def _painted(drawing: str, color: str, size: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", color).encode()))
    scale = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    pixmap = QPixmap(QSize(size, size) * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap
