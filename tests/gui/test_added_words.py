"""Prose that grows by words is shown as if all of it had been read again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from reference_data import FIXTURES, names, read_json

from app.core.added_words import only_adds_words
from app.core.block_stream import BlockStream, Item, Prose
from app.theme import load_theme
from app.views.text_block import ProseBlock

TRIED = int(os.environ.get("FIRESIDE_FUZZ", "500")) // 10  # examples of each file
WORDS = " and more words, 更多的话 (as one may say): some; others. Then it ends"
TEXT = """The *fox* went **home** and `slept` there. It read ~~it~~ about
example.org and www.example.org and $x^2$ of 3.5 km; _it_ was late - very late... "Late," it said.

- an item that is long
  and has a second line
- [ ] and one with a box

7. a number

# A heading that grows

Some [links](https://example.org) are rare

the end of it"""


def pieces(text: str) -> list[str]:
    return re.findall(r" ?[^\W_]+|[\W_]", text)


def shown_alike(grown: ProseBlock, whole: ProseBlock) -> bool:
    whole.number = grown.number
    whole.show_source(grown.source)
    return grown.document.toHtml() == whole.document.toHtml()


def grow(text: str, grown: ProseBlock, whole: ProseBlock) -> int:
    """Show a text piece by piece as a reply does; how often words were just added. Fails where that shows."""
    stream, added, is_prose = BlockStream(), 0, False
    for piece in pieces(text):
        change = stream.push(piece)
        if change.appended is None:
            is_prose = isinstance(change.open, Prose | Item)
        if isinstance(change.open, Prose | Item):
            grown.number = change.open.number if isinstance(change.open, Item) else None
            grown.show_source(change.open.source)
        elif change.appended is not None and is_prose:
            grown.append_words(change.appended)
            added += 1
            assert shown_alike(grown, whole), grown.source
    return added


@pytest.fixture
def blocks(qtbot: QtBot) -> Iterator[tuple[ProseBlock, ProseBlock]]:
    parent = QWidget()
    qtbot.addWidget(parent)
    made = ProseBlock(load_theme("light"), parent), ProseBlock(load_theme("light"), parent)
    for block in made:
        block.height_for(500)
    yield made


def test_words_are_added_as_if_all_had_been_read_again(blocks: tuple[ProseBlock, ProseBlock]) -> None:
    assert grow(TEXT, *blocks) > len(pieces(TEXT)) / 3


@pytest.mark.parametrize("name", names("markdown", "*.json"))
def test_the_specifications_examples_grow_alike(name: str, blocks: tuple[ProseBlock, ProseBlock]) -> None:
    read = read_json(FIXTURES / "markdown" / name)
    texts = [example["markdown"] for example in (read if isinstance(read, list) else read["tests"])]
    for text in texts[:: max(len(texts) // TRIED, 1)]:
        grow(text.rstrip("\n") + WORDS, *blocks)


@pytest.mark.parametrize(
    "source, more",
    [
        ("a **b**", "c"),
        ("a _b_", "c"),
        ("a [b", "](c)"),
        ("[b](c", " d)"),
        ("[b]: http", " title"),
        ("see www.example", "s"),
        ("see example.", "org"),
        ("> a", " b"),
        ("| a | b", " c"),
        ("```py", "thon"),
        ("- a\n\n      code", " more"),
        ("a &copy", ";"),
        ("a  ", "b"),
        ("$$ a", " b"),
        ("a", "\nb"),
        ("12", "3"),
    ],
)
def test_what_may_be_read_otherwise_is_read_again(source: str, more: str) -> None:
    assert not only_adds_words(source, more)
