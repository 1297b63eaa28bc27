"""The guide names what there is: pictures, pages, commands, keys and settings.

`FIRESIDE_WRITE_TABLES=1` writes its tables anew, `make guide` its pictures.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from reference_data import REPOSITORY

from app.core.reply_settings import NAMES
from app.views.actions import ActionEntry, WindowActions
from app.views.value_texts import value_texts
from docs.make_screenshots import IMAGES, MOST_BYTES, SCENES

GUIDE = REPOSITORY / "docs" / "guide"
PAGES = (*sorted(GUIDE.glob("*.md")), REPOSITORY / "README.md")
ALL_BYTES = 2_500_000  # of all pictures: everybody who clones the repository fetches them
PICTURE = re.compile(r"(?:\]\(|\bsrc(?:set)?=\")([\w./-]+\.png)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
KEYS = re.compile(r"\b(?:(?:Ctrl|Alt|Shift)\+)+(?:[A-Z][a-z]+|[A-Z0-9.,/+-](?!\w))|\bF[1-9]\d?\b")
NAMED = re.compile(r"\*\*([^*]+)\*\* \((Ctrl\+[^)\s]+)\)")


@pytest.fixture
def entries(qapp: QApplication) -> Iterator[tuple[ActionEntry, ...]]:
    window = QWidget()
    yield WindowActions(window).entries
    window.deleteLater()


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def spoken(keys: QKeySequence) -> str:
    return keys.toString(QKeySequence.SequenceFormat.PortableText)


def commands(entries: tuple[ActionEntry, ...]) -> str:
    rows = [
        f"| {entry.plain_text.rstrip('…')} | {', '.join(dict.fromkeys(map(spoken, entry.keys))) or '—'} |"
        for entry in entries
    ]
    return "\n".join(["| command | keys |", "|---|---|", *rows])


def values(_entries: tuple[ActionEntry, ...]) -> str:
    texts = value_texts()
    rows = [f"| {texts[name].title} | {texts[name].help} |" for name in sorted(NAMES, key=list(texts).index)]
    return "\n".join(["| value | what it does |", "|---|---|", *rows])


def test_every_picture_is_named_and_every_named_picture_exists() -> None:
    named = {(page.parent / path).resolve() for page in PAGES for path in PICTURE.findall(text(page))}
    assert named == {path.resolve() for path in IMAGES.glob("*")}


def test_every_picture_is_a_scene_of_the_script() -> None:
    assert sorted(path.stem for path in IMAGES.glob("*.png")) == sorted(scene.name for scene in SCENES)


def test_the_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in IMAGES.glob("*.png")}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
    assert sum(sizes.values()) <= ALL_BYTES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(text(page)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        headings = {
            re.sub(r"[^\w -]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
            for line in (text(target).splitlines() if target.suffix == ".md" and target.is_file() else ())
            if line.startswith("#")
        }
        if "://" not in link and (not target.exists() or (anchor and anchor not in headings)):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_the_table_of_pages() -> None:
    listed = {link for link in LINK.findall(text(GUIDE / "README.md")) if "/" not in link}
    assert listed == {page.name for page in GUIDE.glob("*.md")} - {"README.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_key_that_a_page_names_does_something(page: Path, entries: tuple[ActionEntry, ...]) -> None:
    *_, elsewhere = text(GUIDE / "keyboard.md").partition("## Where the cursor is")
    known = {spoken(keys) for entry in entries for keys in entry.keys} | set(KEYS.findall(elsewhere))
    assert set(KEYS.findall(text(page))) - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_command_that_is_named_with_a_key_has_it(page: Path, entries: tuple[ActionEntry, ...]) -> None:
    keys = {entry.plain_text.rstrip("…"): {spoken(keys) for keys in entry.keys} for entry in entries}
    named = [(" ".join(name.split()).rstrip("…"), key) for name, key in NAMED.findall(text(page))]
    assert [(name, key) for name, key in named if key not in keys.get(name, ())] == []


@pytest.mark.parametrize(("name", "table"), [("keyboard", commands), ("settings", values)])
def test_a_table_says_what_the_window_has(
    name: str, table: Callable[[tuple[ActionEntry, ...]], str], entries: tuple[ActionEntry, ...]
) -> None:
    page = GUIDE / f"{name}.md"
    before, begin, rest = text(page).partition(f"<!-- {table.__name__} -->\n")
    found, end, after = rest.partition("<!-- end -->")
    assert end
    if os.environ.get("FIRESIDE_WRITE_TABLES"):
        page.write_text(f"{before}{begin}{table(entries)}\n{end}{after}", encoding="utf-8")
    else:
        assert found == table(entries) + "\n"
