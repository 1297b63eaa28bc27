"""Sentences of the engine and the core, said in the language of the window."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.controllers.languages import LanguagesController
from app.views.known_sentences import FORMS, said

ROOT = Path(__file__).resolve().parent.parent.parent


def texts_of_source() -> Iterator[str]:
    """Every text that the engine, the core and the controllers can make, with `{}` for each value."""
    for folder in ("engine", "app/core", "app/controllers", "app/server"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_every_known_form_is_one_that_the_source_makes() -> None:
    made = set(texts_of_source())
    assert [form for form in map(str, FORMS) if re.sub(r"\{\w+\}", "{}", form) not in made] == []


def test_a_sentence_is_found_by_the_form_that_it_has() -> None:
    """A general form before a special one would take its sentences."""
    for form in map(str, FORMS):
        names = re.findall(r"\{(\w+)\}", form)
        assert said(form.format(**{name: f"<{name}>" for name in names})) == form.format(
            **{name: f"<{name}>" for name in names}
        )


@pytest.mark.parametrize(
    ("sentence", "chinese"),
    [
        (
            "The conversation cannot be saved: the disk that holds “fireside.sqlite3” in /data is full; "
            "free some space, then try again.",
            "无法保存对话：“fireside.sqlite3”（位于 /data）所在的磁盘已满；请先腾出一些空间，然后重试。",
        ),
        ("No model is loaded yet; open one first.", "尚未加载模型；请先打开一个模型。"),
        ("Something that nobody foresaw {braces}.", "Something that nobody foresaw {braces}."),
    ],
)
def test_an_error_is_told_in_chinese_with_its_values(qapp: QApplication, sentence: str, chinese: str) -> None:
    languages = LanguagesController(qapp, "zh_CN")
    assert said(sentence) == chinese
    languages.choose("en")
    assert said(sentence) == sentence
