"""The settings panel: each chat has its own preset and values, and it is shown where a value comes from."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator

import fakes
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QToolButton,
)
from pytestqt.qtbot import QtBot
from window_steps import find, press, say, top_k, unfold_samplers

from app.application import Application
from app.core.json_schema import template
from app.core.paths import DataFolder
from app.core.reply_settings import NAMES
from engine.api import Event, GenerateRequest, LoadRequest, ModelLoaded


def pick(application: Application, preset: str) -> None:
    box = find(application, QComboBox, "presetPicker")
    box.setCurrentIndex(box.findText(preset, Qt.MatchFlag.MatchEndsWith))
    box.activated.emit(box.currentIndex())


def preset(application: Application) -> str:
    return find(application, QComboBox, "presetPicker").currentText()


def temperature(application: Application) -> float:
    return find(application, QDoubleSpinBox, "temperature").value()


def origin_of(application: Application, name: str) -> str:
    row = find(application, QToolButton, f"{name}Back").parentWidget()
    return row.findChild(QLabel, "settingOrigin").text()


class RecommendingEngine(FakeEngine):
    """Its model comes with values of its makers, when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_load = threading.Event()
        self.may_load.set()

    def run(self, request: LoadRequest | GenerateRequest, cancelled: Callable[[], bool]) -> Iterator[Event]:
        if isinstance(request, LoadRequest):
            self.may_load.wait(5)
        info = dataclasses.replace(fakes.INFO, recommended=(("temperature", 0.3), ("top_k", 20)))
        for event in super().run(request, cancelled):
            yield dataclasses.replace(event, info=info) if isinstance(event, ModelLoaded) else event


def test_what_is_said_before_the_model_is_there_is_answered_as_its_makers_advise(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = RecommendingEngine()
    fake.may_load.clear()
    application = open_window(lambda: fake)
    application.reply_settings.change_value("top_k", 7)
    say(qtbot, application, "early", wait=False)
    application.conversations.new_chat()  # whose settings are others
    fake.may_load.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert (fake.requests[-1].sampler.temperature, fake.requests[-1].sampler.top_k) == (0.3, 7)
    (record,) = application.store.records(application.store.conversations()[0].id).values()
    assert record["sampler"]["temperature"] == 0.3


def test_what_is_set_in_one_chat_stays_in_it(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    say(qtbot, application, "first")
    first = application.chat.conversation_id
    find(application, QDoubleSpinBox, "temperature").setValue(1.5)
    find(application, QPlainTextEdit, "systemPrompt").setPlainText("Be brief.")
    find(application, QPlainTextEdit, "stopStrings").setPlainText("END\\n\n##")
    say(qtbot, application, "again")
    assert fake.requests[-1].sampler.temperature == 1.5
    assert fake.requests[-1].prompt[0].content == "Be brief."
    assert fake.requests[-1].stop == ("END\n", "##")
    application.conversations.new_chat()
    assert temperature(application) == 0.7
    say(qtbot, application, "second")
    assert fake.requests[-1].sampler.temperature == 0.7
    application.chat.open(first)
    assert temperature(application) == 1.5
    assert find(application, QPlainTextEdit, "stopStrings").toPlainText() == "END\\n\n##"


def test_what_is_set_before_the_first_message_is_kept_with_the_chat(qtbot: QtBot, open_window: OpenWindow) -> None:
    first = open_window(FakeEngine)
    pick(first, "Creative")
    top_k(first).setValue(7)
    say(qtbot, first, "Hi")
    first.window.close()
    second = open_window(FakeEngine)
    second.chat.open(second.store.conversations()[0].id)
    assert preset(second).endswith("Creative")
    assert top_k(second).value() == 7
    assert temperature(second) == 1.2


def test_it_is_said_where_a_value_comes_from_and_there_is_a_way_back(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(RecommendingEngine)
    application.window.action.settings.setChecked(True)
    qtbot.waitUntil(lambda: temperature(application) == 0.3)
    assert origin_of(application, "temperature") == "from the model"
    assert origin_of(application, "seed") == ""
    pick(application, "Precise")
    assert origin_of(application, "temperature") == "from preset “Precise”"
    find(application, QSlider, "temperatureSlider").setValue(90)
    assert temperature(application) == 0.9
    assert origin_of(application, "temperature") == "this chat"
    back = find(application, QToolButton, "temperatureBack")
    assert back.text() == "Back to 0.2"
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    assert temperature(application) == 0.2
    assert back.isHidden()


def test_a_chat_becomes_the_default_for_its_model(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(RecommendingEngine)
    qtbot.waitUntil(lambda: temperature(application) == 0.3)
    top_k(application).setValue(9)
    application.window.settings_panel.makeDefaultRequested.emit(True)
    assert application.preferences.settings.own_by_model == {"/models/fake.gguf": {"top_k": 9}}
    application.conversations.new_chat()
    application.window.settings_panel.resetAllRequested.emit()
    assert top_k(application).value() == 9
    assert origin_of(application, "topK") == "your default for this model"


def test_dropped_changes_come_back_with_undo(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    top_k(application).setValue(9)
    application.window.settings_panel.resetAllRequested.emit()
    assert top_k(application).value() == 40
    application.window.message_bar._run_action()
    assert top_k(application).value() == 9


def test_a_branch_is_answered_like_the_chat_it_comes_from(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    pick(application, "Code")
    application.reply_settings.save()
    application.conversations.branch(application.chat.conversation_id or "")
    assert preset(application).endswith("Code")


def test_a_temporary_chat_keeps_its_settings_while_it_lives(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    application = open_window(FakeEngine)
    application.window.action.temporary_chat.trigger()
    top_k(application).setValue(9)
    say(qtbot, application, "Hi")
    application.conversations.new_chat()
    assert top_k(application).value() == 40
    application.window.message_bar._run_action()
    QApplication.processEvents()
    assert top_k(application).value() == 9


def test_every_value_has_a_row_with_a_title_and_a_line_of_help(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    panel = application.window.settings_panel
    unfold_samplers(application)
    assert set(panel._rows) == set(NAMES)
    for name, row in panel._rows.items():
        part = row.editor.focus_part
        assert part.accessibleName(), name
        assert part.accessibleDescription(), name


def test_more_samplers_are_folded_away_until_they_are_wanted(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    application.window.action.settings.setChecked(True)
    assert application.window.findChild(QDoubleSpinBox, "dryMultiplier") is None
    press(application, "moreSamplersButton")
    find(application, QDoubleSpinBox, "dryMultiplier").setValue(0.8)
    find(application, QPlainTextEdit, "dryBreakers").setPlainText("\\n\n;")
    find(application, QPlainTextEdit, "logitBias").setPlainText("7 = -5\nnonsense\n 12=1.5 ")
    say(qtbot, application, "Hi")
    sampler = fake.requests[-1].sampler
    assert sampler.dry_multiplier == 0.8
    assert sampler.dry_breakers == ("\n", ";")
    assert sampler.logit_bias == ((7, -5.0), (12, 1.5))
    assert find(application, QPlainTextEdit, "logitBias").toPlainText() == "7 = -5\nnonsense\n 12=1.5 "


def test_replies_are_held_to_the_schema_that_was_written(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    find(application, QPushButton, "jsonSchema").click()
    text = find(application, QPlainTextEdit, "schemaText")
    text.setPlainText('{"type": "strin"}')
    use = find(application, QPushButton, "useSchema")
    assert not use.isEnabled()
    qtbot.waitUntil(lambda: any("strin" in label.text() for label in text.window().findChildren(QLabel)))
    assert not use.isEnabled()
    pick_template = find(application, QComboBox, "schemaTemplate")
    pick_template.setCurrentIndex(pick_template.findData("strings"))
    pick_template.activated.emit(pick_template.currentIndex())
    assert use.isEnabled()
    use.click()
    say(qtbot, application, "Hi")
    assert fake.requests[-1].json_schema == template("strings")
    assert find(application, QPushButton, "jsonSchema").text().startswith("On")
    find(application, QPushButton, "jsonSchema").click()
    find(application, QPushButton, "dropSchema").click()
    say(qtbot, application, "Hi")
    assert fake.requests[-1].json_schema is None


def test_new_chats_begin_with_a_preset(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    pick(application, "Precise")
    application.window.settings_panel.beginWithPresetRequested.emit()
    application.window.close()
    again = open_window(FakeEngine)
    assert preset(again).endswith("Precise")
    assert temperature(again) == 0.2
    pick(again, "None")
    again.window.settings_panel.beginWithPresetRequested.emit()
    again.conversations.new_chat()
    assert preset(again) == "None"
