"""The icons that packages are made with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage, QImageReader

ROOT = Path(__file__).resolve().parent.parent


def test_the_icons_of_a_package_are_pictures_of_the_size_in_their_names(tmp_path: Path) -> None:
    drawing = [sys.executable, str(ROOT / "packaging" / "icons.py"), str(tmp_path)]
    subprocess.run(drawing, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60)
    icons = {file.stem: QImage(str(file)) for file in tmp_path.glob("*.png")}
    assert {f"fireside-{icon.width()}" for icon in icons.values()} == set(icons)
    assert icons["fireside-512"].pixelColor(256, 8).alpha() == 255
    assert QImageReader(str(tmp_path / "fireside.ico")).imageCount() == 6
