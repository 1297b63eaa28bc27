"""The palette, the style sheet and the icons that are made of a theme's tokens.

Says nothing about when a theme applies (the appearance controller does) and knows
no widget. Views take their colours and icons from here and write no literal colour.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.core.themes import RESOURCES, THEMES, Theme, load_theme

__all__ = [
    "RESOURCES",
    "Theme",
    "code_font",
    "fixed_font",
    "load_theme",
    "palette",
    "style_sheet",
    "text_font",
    "tinted_icon",
]

ICONS = RESOURCES / "icons"
ICON_SIZE = 20  # pixels; the drawings have a 24-pixel grid
TITLE = 1.5  # of the reading size
POINTING = {
    "chevron-left",
    "chevron-right",
    "sidebar",
    "undo",
    "continue",
    "branch",
    "quit",
}  # icons with a direction
_ICON_FILE = re.compile(r"\$icons/([\w-]+)\.(\w+)\.svg")


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
    sheet = (THEMES / "window.qss").read_text(encoding="utf-8")
    radii = {f"radius_{name}": size for name, size in theme.radii.items()}
    sizes = {
        "font_size": theme.font_size,
        "title_size": round(theme.font_size * TITLE),
        "code_size": theme.font_size - 1,
    }
    icons = _drawn(set(_ICON_FILE.findall(sheet)), theme)
    return Template(sheet).substitute(theme.colors, icons=icons.as_posix(), **sizes, **radii)


def text_font(theme: Theme) -> QFont:
    """The desktop's font for controls, in the size that a person chose."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * theme.text_percent / 100)
    else:
        font.setPixelSize(round(font.pixelSize() * theme.text_percent / 100))
    return font


def code_font(theme: Theme) -> QFont:
    """The desktop's font for code, a little smaller than what is read."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(theme.font_size - 1)
    return font


def fixed_font(like: QFont) -> QFont:
    """The desktop's font for code, as large as another font."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    if like.pointSizeF() > 0:
        font.setPointSizeF(like.pointSizeF())
    else:
        font.setPixelSize(like.pixelSize())
    return font


def tinted_icon(name: str, color: str, *, disabled: str | None = None, size: int = ICON_SIZE) -> QIcon:
    """The drawing `name` of resources/icons in `color`, sharp at the screen's scale. Raises OSError if absent.

    One that points somewhere is mirrored where texts run from right to left.
    """
    return _tinted(name, color, disabled, size, is_mirrored=_reads_from_right())


@cache
def _tinted(name: str, color: str, disabled: str | None, size: int, *, is_mirrored: bool) -> QIcon:
    drawing = _drawing(name, is_mirrored=is_mirrored)
    icon = QIcon(_painted(drawing, color, size))
    if disabled is not None:
        icon.addPixmap(_painted(drawing, disabled, size), QIcon.Mode.Disabled)
    return icon


@cache
def _drawings() -> TemporaryDirectory[str]:
    """Where the icons of style sheets lie, which Qt reads from files and cannot tint; gone when Fireside ends."""
    return TemporaryDirectory(prefix="fireside-icons-")


def _drawn(files: set[tuple[str, str]], theme: Theme) -> Path:
    """The folder with these icons, as (name, token of the colour), in the theme's colours."""
    folder = Path(_drawings().name) / theme.name
    folder.mkdir(exist_ok=True)
    for name, token in files:
        drawing = _drawing(name, is_mirrored=_reads_from_right()).replace("currentColor", theme.colors[token])
        (folder / f"{name}.{token}.svg").write_text(drawing, encoding="utf-8")
    return folder


def _reads_from_right() -> bool:
    return QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft


def _drawing(name: str, *, is_mirrored: bool) -> str:
    drawing = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    if not is_mirrored or name not in POINTING:
        return drawing
    head, tail = drawing.index(">") + 1, drawing.rindex("</svg>")
    return f'{drawing[:head]}<g transform="matrix(-1 0 0 1 24 0)">{drawing[head:tail]}</g></svg>'


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
