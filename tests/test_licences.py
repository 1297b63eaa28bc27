"""What the About page and docs/licences.md list is what constraints.txt pins. `make licences` writes both anew."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from app.core.licences import licensed_parts
from docs.make_licences import PAGE, TEXTS, locked, parts


def test_the_page_lists_every_package_of_the_lock() -> None:
    rows = re.findall(r"^\| (\S+) \| (\d[\w.]*) \| \S.* \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == locked()


def test_the_about_page_has_every_part_of_the_application_in_its_version() -> None:
    versions = {canonicalize_name(name): version for name, version in locked().items()}
    shown = {canonicalize_name(part.name): part.version for part in licensed_parts() if part.version}
    assert shown == {name: versions[name] for name in parts()}


def test_every_part_has_its_licence_and_every_licence_its_part() -> None:
    assert all(part.licence and len(part.text()) > 500 for part in licensed_parts())
    assert {part.file for part in licensed_parts()} == {path.name for path in TEXTS.iterdir()}
