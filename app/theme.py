"""The palette, the style sheet and the icons that are made of a theme's tokens.

Says nothing about when a theme applies (the appearance controller does) and knows
no widget. Views take their colours and icons from here and write no literal colour.
"""

from __future__ import annotations

from functools import cache
from string import Template

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.core.themes import RESOURCES, THEMES, Theme, load_theme

__all__ = ["RESOURCES", "Theme", "load_theme", "palette", "style_sheet", "tinted_icon"]

ICONS = RESOURCES / "icons"
ICON_SIZE = 20  # pixels; the drawings have a 24-pixel grid


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
    icons = (ICONS / theme.name).as_posix()  # style sheets cannot tint
    return sheet.substitute(theme.colors, font_size=theme.font_size, icons=icons, **radii)


@cache
def tinted_icon(name: str, color: str, *, disabled: str | None = None, size: int = ICON_SIZE) -> QIcon:
    """The drawing `name` of resources/icons in `color`, sharp at the screen's scale. Raises OSError if absent."""
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
