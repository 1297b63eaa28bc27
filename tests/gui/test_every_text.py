"""Every text of the window and its dialogs follows the language, tried with one that wraps each text in ⟦⟧."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import OpenWindow
from every_view import OPENERS, Said, everything_said, open_dialog, unlisted_dialogs
from fakes import FakeEngine
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from window_steps import say, unfold_samplers

from app.application import Application

APP = Path(__file__).resolve().parent.parent.parent / "app"
DATA = (  # what a person, a model or the machine named
    "Who are you?", "Hello there.", "Fake model", "/models/fake.gguf", "Fireside", "English", "简体中文", "CUDA",
    "MPS", "MB", "gguf", "notes.txt", "Markdown", "HTML", "Fireside JSON", "Open WebUI", "ShareGPT", "PDF",
    "SmolLM2-135M-Instruct.Q4_1",
)  # fmt: skip


@pytest.fixture(scope="module")
def wrapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translation of every text of the source that puts it in ⟦⟧."""
    texts = tmp_path_factory.mktemp("texts") / "fireside_wrapped.ts"
    linguist = Path(sys.executable).parent
    subprocess.run(
        [linguist / "pyside6-lupdate", "-silent", "-extensions", "py", APP, "-target-language", "en", "-ts", texts],
        check=True,
    )
    tree = ET.parse(texts)
    for message in tree.iter("message"):
        translation = message.find("translation")
        assert translation is not None
        translation.attrib.pop("type", None)
        said = f"⟦{message.findtext('source', '')}⟧"
        forms = translation.findall("numerusform")
        for form in forms or [translation]:
            form.text = said
    tree.write(texts, encoding="utf-8", xml_declaration=True)
    made = texts.with_suffix(".qm")
    subprocess.run([linguist / "pyside6-lrelease", "-silent", texts, "-qm", made], check=True)
    return made


@pytest.fixture
def translator(qapp: QApplication, wrapped: Path) -> Iterator[QTranslator]:
    """That translation, not yet installed; gone after the test."""
    made = QTranslator()
    assert made.load(str(wrapped))
    yield made
    qapp.removeTranslator(made)


@pytest.fixture
def application(qtbot: QtBot, open_window: OpenWindow) -> Application:
    """A window that shows as much as it can at once."""
    application = open_window(FakeEngine)
    say(qtbot, application, "Who are you?")
    window = application.window
    window.action.settings.setChecked(True)
    unfold_samplers(application)
    _ = application.inspector_views  # made behind them
    window.show_load_progress(0.5)
    window.temporary_mark.show()
    window.message_bar.hide()  # a notice goes by itself, in the language in which it came
    return application


def switch(translator: QTranslator) -> None:
    """Change the language, and let the widgets hear of it."""
    QApplication.installTranslator(translator)
    QApplication.processEvents()


def is_data(said: Said) -> bool:
    text = Path(said.text).name if said.text.startswith("/") else said.text
    for known in sorted(DATA, key=len, reverse=True):
        text = text.replace(known, "")
    return not any(letter.isalpha() for letter in text)


def bare(view_texts: Iterator[Said]) -> list[str]:
    """Texts that are neither wrapped nor data."""
    return [str(said) for said in view_texts if "⟦" not in said.text and not is_data(said)]


def test_every_dialog_is_listed() -> None:
    assert unlisted_dialogs() == set()


def test_every_text_of_the_open_window_is_said_anew(application: Application, translator: QTranslator) -> None:
    switch(translator)
    assert "\n".join(bare(everything_said(application.window))) == ""
    QApplication.removeTranslator(translator)
    QApplication.processEvents()
    left = [said for said in everything_said(application.window) if "⟦" in said.text]
    assert left == []


def test_every_text_of_an_empty_window_is_said_anew(
    qtbot: QtBot, open_window: OpenWindow, translator: QTranslator
) -> None:
    application = open_window(FakeEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    switch(translator)
    assert "\n".join(bare(everything_said(application.window))) == ""


@pytest.mark.parametrize("name", sorted(OPENERS))
def test_every_text_of_a_dialog_is_translated(application: Application, translator: QTranslator, name: str) -> None:
    switch(translator)
    dialog = open_dialog(application, name)
    assert "\n".join(bare(everything_said(dialog))) == ""


def test_the_settings_dialog_is_said_anew_while_it_is_open(application: Application, translator: QTranslator) -> None:
    dialog = open_dialog(application, "SettingsDialog")
    switch(translator)
    assert "\n".join(bare(everything_said(dialog))) == ""
