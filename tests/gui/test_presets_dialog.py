"""The presets dialog: a chat becomes a preset; presets are renamed, copied, deleted with undo, carried in files."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QListWidget, QPushButton
from window_steps import click, find, top_k

from app.application import Application
from app.core.paths import DataFolder
from app.core.presets import Preset, Presets


def listed(application: Application) -> list[str]:
    names = find(application, QListWidget, "presetList")
    return [names.item(row).text() for row in range(names.count())]


def own(folder: DataFolder) -> list[Preset]:
    return [preset for preset in Presets(folder.presets) if not preset.is_built_in]


def rename(application: Application, name: str) -> None:
    line = find(application, QLineEdit, "presetName")
    line.setText(name)
    line.editingFinished.emit()


def bar(application: Application) -> str:
    return application.window.findChildren(QLabel, "messageBarText")[-1].text()


def undo(application: Application) -> None:
    application.window.findChildren(QPushButton, "messageBarAction")[-1].click()


def test_a_chat_is_saved_as_a_preset_and_named(open_window: OpenWindow, folder: DataFolder) -> None:
    application = open_window(FakeEngine)
    top_k(application).setValue(9)
    application.window.settings_panel.savePresetRequested.emit()
    rename(application, "Writer")
    (made,) = own(folder)
    assert (made.name, made.values) == ("Writer", {"top_k": 9})
    assert find(application, QComboBox, "presetPicker").currentText() == "Writer"
    application.conversations.new_chat()
    application.reply_settings.choose_preset(made.id)
    assert top_k(application).value() == 9


def test_a_built_in_preset_cannot_be_changed_but_copied(open_window: OpenWindow, folder: DataFolder) -> None:
    application = open_window(FakeEngine)
    application.presets.show_dialog("code")
    assert not find(application, QLineEdit, "presetName").isEnabled()
    assert not find(application, QPushButton, "deletePreset").isEnabled()
    assert find(application, QLabel, "presetValues").text().startswith("System prompt: You are a careful programmer.")
    click(application, "duplicatePreset")
    assert listed(application)[-1] == "💻 Code 2"
    assert find(application, QLineEdit, "presetName").isEnabled()
    assert own(folder)[0].values["temperature"] == 0.1


def test_a_deleted_preset_comes_back_with_undo_and_its_chat_goes_on(
    open_window: OpenWindow, folder: DataFolder
) -> None:
    application = open_window(FakeEngine)
    top_k(application).setValue(9)
    application.window.settings_panel.savePresetRequested.emit()
    click(application, "deletePreset")
    assert own(folder) == []
    assert top_k(application).value() == 9
    assert find(application, QComboBox, "presetPicker").currentText() == "My preset (deleted)"
    undo(application)
    assert [preset.name for preset in own(folder)] == ["My preset"]
    assert find(application, QComboBox, "presetPicker").currentText() == "My preset"


def test_presets_are_carried_in_a_file(
    open_window: OpenWindow, folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.json"
    monkeypatch.setattr("app.controllers.presets.ask_new_file", lambda *_: path)
    monkeypatch.setattr("app.controllers.presets.ask_preset_file", lambda *_: path)
    application = open_window(FakeEngine)
    application.presets.show_dialog()
    click(application, "newPreset")
    rename(application, "Mine")
    click(application, "exportPresets")
    click(application, "importPresets")
    assert bar(application).startswith("6 preset")
    assert [preset.name for preset in own(folder)] == [
        "Mine",
        "Precise 2",
        "Balanced 2",
        "Creative 2",
        "Code 2",
        "Translate 2",
        "Mine 2",
    ]
    path.write_text("{}")
    click(application, "importPresets")
    assert "holds no presets" in bar(application)


def test_a_preset_takes_the_values_of_the_chat(open_window: OpenWindow, folder: DataFolder) -> None:
    application = open_window(FakeEngine)
    application.presets.show_dialog()
    click(application, "newPreset")
    top_k(application).setValue(9)
    click(application, "takeChatValues")
    assert own(folder)[0].values == {"top_k": 9}
    emoji = find(application, QLineEdit, "presetEmoji")
    emoji.setText("🦊")
    emoji.editingFinished.emit()
    assert listed(application)[-1] == "🦊 New preset"
