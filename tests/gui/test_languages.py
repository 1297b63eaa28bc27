"""The language: chosen, followed and switched in the open window; and no text of the source bypasses it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLabel, QToolButton
from pytestqt.qtbot import QtBot
from window_steps import find, say, shown

from app.controllers.languages import LanguagesController, closest
from app.core.paths import DataFolder

APP = Path(__file__).resolve().parent.parent.parent / "app"
SAYS = {  # calls whose text a person sees or hears
    "setText", "setToolTip", "setWindowTitle", "setAccessibleName", "setAccessibleDescription", "setPlaceholderText",
    "setSpecialValueText", "setStatusTip", "setTitle", "setSuffix", "setPrefix", "setInformativeText", "setLabelText",
    "setHeaderLabels", "addItem", "addItems", "addAction", "addMenu", "addRow", "addTab", "addButton",
    "QAction", "QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QMenu", "QToolButton",
    "show_error", "show_notice", "show_text", "set_hint", "set_placeholder",
}  # fmt: skip
MARKED_ELSEWHERE = (
    "app/pdf_export.py",
    "app/views/known_sentences.py",
    "app/views/rare_sentences.py",
)  # or `translate` moves what is painted
NAMES = {"Fireside", "English", "简体中文"}  # the same in every language


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (["zh-Hans-CN", "zh"], "zh_CN"),
        (["zh-Hant-TW"], "zh_CN"),
        (["de-DE", "zh-Hans-CN"], "zh_CN"),
        (["en-GB", "zh-Hans-CN"], "en"),
        (["fr-FR", "fr"], "en"),
        (["C"], "en"),
        ([], "en"),
    ],
)
def test_the_window_speaks_the_first_language_of_the_desktop_that_it_knows(wanted: list[str], language: str) -> None:
    assert closest(wanted) == language


def test_an_unknown_language_in_the_settings_counts_as_the_desktops(qapp: QApplication) -> None:
    languages = LanguagesController(qapp, "tlh")
    assert languages.choice == "system"
    assert languages.language == "en"


def test_numbers_have_their_forms_in_english(qapp: QApplication) -> None:
    languages = LanguagesController(qapp, "en")
    told = [qapp.translate("ConversationsController", "%n conversation(s) deleted.", "", count) for count in (1, 2)]
    assert languages.language == "en"
    assert told == ["1 conversation deleted.", "2 conversations deleted."]


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call in the application: where, the name of what is called, and the call."""
    for path in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                yield f"{path.relative_to(APP.parent)}:{node.lineno}", name, node


def literal_words(node: ast.expr) -> list[str]:
    """The literal texts in an argument that have letters to read; those inside further calls are not its own."""
    match node:
        case ast.Constant(value=str() as text):
            return [text] if any(letter.isalpha() for letter in text) else []
        case ast.JoinedStr(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [word for part in parts for word in literal_words(part)]
        case ast.IfExp(body=body, orelse=otherwise):
            return literal_words(body) + literal_words(otherwise)
        case ast.BinOp(left=left, right=right):
            return literal_words(left) + literal_words(right)
        case ast.BoolOp(values=values):
            return [word for value in values for word in literal_words(value)]
    return []


def test_no_literal_text_reaches_a_person_untranslated() -> None:
    found = [
        f"{where}: {name}({word!r})"
        for where, name, call in calls()
        if name in SAYS
        for argument in call.args
        for word in literal_words(argument)
        if word.strip(" —") not in NAMES
    ]
    assert found == []


def test_what_is_translated_is_a_literal_that_the_translators_find() -> None:
    """Qt's extractor reads literals only, and takes a number only as the third argument."""
    found = []
    for where, name, call in calls():
        texts = call.args[1:2] if name == "translate" else call.args[:1]
        if name in ("tr", "translate") and texts and not where.startswith(MARKED_ELSEWHERE):
            text = texts[0].value if isinstance(texts[0], ast.Constant) else None
            is_literal = isinstance(text, str)
            has_number = isinstance(text, str) and re.search("%L?n", text) is not None
            if not is_literal or call.keywords or has_number != (len(call.args) > (3 if name == "translate" else 2)):
                found.append(f"{where}: {ast.unparse(call)}")
    assert found == []


def test_the_language_is_switched_in_the_open_window_and_kept(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    fake = FakeEngine([["word "] * 100_000])
    fake.token_s = 0.002
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi", wait=False)
    qtbot.waitUntil(lambda: shown(application)[1:] not in ([], [""]))
    application.window.action.stop.trigger()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    application.window.action.preferences.trigger()
    choice = find(application, QComboBox, "languageChoice")
    choice.setCurrentIndex(choice.findData("zh_CN"))
    choice.activated.emit(choice.currentIndex())
    QApplication.processEvents()
    assert find(application, QToolButton, "newChatButton").text() == "新建对话"
    assert find(application, QDialog, "settingsDialog").windowTitle() == "设置"
    assert [note.text() for note in application.window.findChildren(QLabel, "messageNote")][-1] == "已停止"
    application.window.close()
    assert json.loads(folder.settings.read_text())["language"] == "zh_CN"
    again = open_window(FakeEngine)
    assert find(again, QToolButton, "newChatButton").text() == "新建对话"
