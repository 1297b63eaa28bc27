"""The translations hold every text of the source, all of them finished, with the same placeholders, and compiled."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "resources" / "translations"
LINGUIST = Path(sys.executable).parent
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%L?n|\(\*[^)]*\)")  # values, numbers, and the patterns of file dialogs


class Text(NamedTuple):
    """A text of the source, as it stands in a .ts file."""

    context: str
    source: str
    comment: str
    is_plural: bool


def read(path: Path) -> dict[Text, tuple[str, tuple[str, ...]]]:
    """Each text with its state (empty: finished) and its translations, several for a plural."""
    found = {}
    for context in ET.parse(path).getroot().findall("context"):
        for message in context.findall("message"):
            is_plural = message.get("numerus") == "yes"
            text = Text(
                context.findtext("name", ""),
                message.findtext("source", ""),
                message.findtext("comment", ""),
                is_plural,
            )
            translation = message.find("translation")
            assert translation is not None
            forms = [form.text or "" for form in translation] if is_plural else [translation.text or ""]
            found[text] = (translation.get("type", ""), tuple(forms))
    return found


@pytest.fixture(scope="module")
def of_source(tmp_path_factory: pytest.TempPathFactory) -> set[Text]:
    """The texts that Qt's own tool finds in the source now."""
    made = tmp_path_factory.mktemp("texts") / "texts.ts"
    subprocess.run(
        [LINGUIST / "pyside6-lupdate", "-silent", "-extensions", "py", ROOT / "app", "-ts", made], check=True
    )
    return set(read(made))


def test_every_text_has_a_chinese_translation(of_source: set[Text]) -> None:
    chinese = read(TEXTS / "fireside_zh_CN.ts")
    assert of_source == set(chinese), "make translations"
    unfinished = [text.source for text, (state, forms) in chinese.items() if state or not all(forms)]
    assert unfinished == []


def test_every_number_has_its_english_forms(of_source: set[Text]) -> None:
    english = read(TEXTS / "fireside_en.ts")
    assert {text for text in of_source if text.is_plural} == set(english), "make translations"
    unfinished = [text.source for text, (state, forms) in english.items() if state or not all(forms)]
    assert unfinished == []


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_translation_keeps_the_placeholders(language: str) -> None:
    for text, (_, forms) in read(TEXTS / f"fireside_{language}.ts").items():
        wanted = sorted(PLACEHOLDER.findall(text.source))
        for form in forms:
            kept = sorted(PLACEHOLDER.findall(form))
            says_one = text.is_plural and form is forms[0] and len(forms) > 1  # "The only chat" names no number
            assert kept == wanted or (says_one and kept == [one for one in wanted if one not in ("%n", "%Ln")]), (
                text.source
            )


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_compiled_texts_are_those_of_the_translation(language: str, tmp_path: Path) -> None:
    made = tmp_path / "made.qm"
    source = TEXTS / f"fireside_{language}.ts"
    subprocess.run([LINGUIST / "pyside6-lrelease", "-silent", source, "-qm", made], check=True)
    assert made.read_bytes() == source.with_suffix(".qm").read_bytes(), "make translations"
