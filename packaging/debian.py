"""The application folder as a Debian package: menu entry, icons, the type of .gguf files, what it depends on.

`python packaging/debian.py` makes dist/fireside_VERSION_ARCHITECTURE.deb of dist/fireside; `make package` calls it.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINUX = ROOT / "packaging" / "linux"
ICONS = ROOT / "build" / "icons"
VERSION = version("fireside")
# What the folder needs and does not bring; `packaging/check.py` runs it on a system with nothing but these.
DEPENDS = (
    *("libc6 (>= 2.36)", "libgcc-s1", "libstdc++6 (>= 12)", "libegl1", "libgl1", "libx11-6", "libx11-xcb1"),
    *("libxcb1", "libwayland-client0", "libwayland-cursor0", "libwayland-egl1", "libfontconfig1", "libfreetype6"),
    *("libdbus-1-3", "libglib2.0-0 | libglib2.0-0t64"),
)
RECOMMENDS = (
    *("fonts-dejavu-core | fonts-liberation | fonts-noto-core", "shared-mime-info", "libgl1-mesa-dri"),
    "ca-certificates",  # for models from the hub and from servers elsewhere
)
CONTROL = """\
Package: fireside
Version: {version}
Architecture: {architecture}
Maintainer: The Fireside developers <fireside@localhost>
Installed-Size: {installed_kib}
Section: utils
Priority: optional
Depends: {depends}
Recommends: {recommends}
Description: chat with a language model that runs on this computer
 Fireside opens on a chat with a model in it. Type, and it answers, word by
 word, without an account and without the internet: nothing that you write
 leaves the computer. Models in GGUF and safetensors run where they lie.
"""


def lay_out(root: Path) -> None:
    """Put all files where the system looks for them, below `root`."""
    share = root / "usr" / "share"
    shutil.copytree(ROOT / "dist" / "fireside", root / "usr" / "lib" / "fireside", symlinks=True)
    started = root / "usr" / "bin" / "fireside"
    started.parent.mkdir(parents=True)
    started.symlink_to("../lib/fireside/fireside")
    for source, place in (
        (LINUX / "fireside.desktop", share / "applications" / "fireside.desktop"),
        (LINUX / "app.fireside.Fireside.metainfo.xml", share / "metainfo" / "app.fireside.Fireside.metainfo.xml"),
        (LINUX / "fireside-mime.xml", share / "mime" / "packages" / "fireside.xml"),
        (ICONS / "fireside.svg", share / "icons" / "hicolor" / "scalable" / "apps" / "fireside.svg"),
        (ROOT / "docs" / "licences.md", share / "doc" / "fireside" / "licences.md"),
        (ROOT / "LICENSE", share / "doc" / "fireside" / "copyright"),
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
    for icon in ICONS.glob("fireside-*.png"):
        size = icon.stem.removeprefix("fireside-")
        place = share / "icons" / "hicolor" / f"{size}x{size}" / "apps" / "fireside.png"
        place.parent.mkdir(parents=True)
        shutil.copyfile(icon, place)


def main() -> None:
    """Build the package."""
    root = ROOT / "build" / "deb"
    shutil.rmtree(root, ignore_errors=True)
    lay_out(root)
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    size_bytes = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir())
    control = CONTROL.format(
        version=VERSION,
        architecture=architecture,
        installed_kib=size_bytes >> 10,
        depends=", ".join(DEPENDS),
        recommends=", ".join(RECOMMENDS),
    )
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    package = ROOT / "dist" / f"fireside_{VERSION}_{architecture}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, package], check=True)
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
