"""The application's icon, drawn of resources/icons/flame.svg in the accent colour: SVG, PNG, ICO and ICNS.

`python packaging/icons.py FOLDER` writes them; `make package` calls it.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from app.core.themes import RESOURCES, load_theme

PNG_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)  # pixels, of the hicolor icon theme
ICO_SIZES = (16, 24, 32, 48, 64, 256)
ICNS_SIZES = {
    **{b"icp4": 16, b"icp5": 32, b"ic11": 32, b"ic12": 64},
    **{b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic10": 1024},
}
SQUARE = '<rect width="24" height="24" rx="5.25" fill="{accent}" stroke="none"/>'
FLAME = '<g transform="translate(12 12) scale(.78) translate(-12 -12)">{paths}</g>'


def drawing() -> str:
    """The flame on a rounded square."""
    colors = load_theme("light").colors
    flame = (RESOURCES / "icons" / "flame.svg").read_text(encoding="utf-8")
    head, tail = flame.index(">") + 1, flame.rindex("</svg>")
    inside = SQUARE.format(accent=colors["accent"]) + FLAME.format(paths=flame[head:tail])
    return f"{flame[:head]}{inside}{flame[tail:]}".replace("currentColor", colors["on_accent"])


def png(svg: str, size: int) -> bytes:
    """The drawing in `size` pixels, as the bytes of a PNG."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # the stub wants bytes, Qt takes text
    return bytes(buffer.data().data())


def ico(svg: str) -> bytes:
    """For Windows: a directory of 16 bytes for each PNG, then the PNGs (256 pixels are written as 0)."""
    images = [png(svg, size) for size in ICO_SIZES]
    offset = 6 + 16 * len(images)
    directory = struct.pack("<HHH", 0, 1, len(images))
    for size, image in zip(ICO_SIZES, images, strict=True):
        directory += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(image), offset)
        offset += len(image)
    return directory + b"".join(images)


def icns(svg: str) -> bytes:
    """For macOS: each PNG behind its type and its length with this head."""
    parts = b"".join(
        kind + struct.pack(">I", 8 + len(image)) + image
        for kind, image in ((kind, png(svg, size)) for kind, size in ICNS_SIZES.items())
    )
    return b"icns" + struct.pack(">I", 8 + len(parts)) + parts


def main(folder: Path) -> None:
    """Write all of them."""
    _qt = QGuiApplication([sys.argv[0], "-platform", "offscreen"])
    svg = drawing()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fireside.svg").write_text(svg, encoding="utf-8")
    for size in PNG_SIZES:
        (folder / f"fireside-{size}.png").write_bytes(png(svg, size))
    (folder / "fireside.ico").write_bytes(ico(svg))
    (folder / "fireside.icns").write_bytes(icns(svg))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
