"""The model library in the window: what is found is shown, loaded, forgotten, found again; the picker's list."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine, fake_header
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QTreeWidget,
)
from pytestqt.qtbot import QtBot
from window_steps import click, find

from app.application import Application
from app.controllers import library as library_controller
from app.core.discovery import Machine
from app.core.fit import Memory
from app.core.paths import DataFolder
from benchmarks.tiny_models import tiny_gguf
from engine.api import ModelFileError, ModelHeader

GIB = 1 << 30


def header(path: Path) -> ModelHeader:
    """A model of 4 GiB; one whose name says that it is broken cannot be read."""
    if "broken" in path.name:
        raise ModelFileError("It is cut off; download it again.")
    read = fake_header(path)
    size = 2 * GIB if "small" in path.name else 4 * GIB
    info = replace(read.info, size_bytes=size, cache_values_per_token=131_072, context_length=8192)
    return replace(read, info=info)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A person's folder with three models of LM Studio, one of which GPT4All has, too."""
    folder = tmp_path / "home" / ".lmstudio" / "models" / "ada"
    for number, name in enumerate(("alpha", "beta", "broken")):
        tiny_gguf(folder / f"{name}.gguf", seed=number)
    tiny_gguf(tmp_path / "home" / ".cache" / "gpt4all" / "copy.gguf", seed=1)
    return tmp_path / "home"


def opened(qtbot: QtBot, open_window: OpenWindow, home: Path, fake: FakeEngine | None = None) -> Application:
    engine = fake or FakeEngine()
    application = open_window(lambda: engine, machine=Machine(home, {}, "linux"), read_header=header)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    qtbot.waitUntil(lambda: not application.library.is_looking)
    return application


def listed(application: Application) -> list[str]:
    view = find(application, QTableView, "libraryList")
    model = view.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def choose(application: Application, name: str) -> None:
    view = find(application, QTableView, "libraryList")
    view.selectRow(listed(application).index(name))


def show_library(qtbot: QtBot, application: Application) -> QDialog:
    application.window.action.library.trigger()
    qtbot.waitUntil(lambda: not application.library.is_looking)
    return find(application, QDialog, "libraryDialog")


def facts(application: Application, name: str) -> list[str]:
    return [label.text().replace("\u200b", "") for label in application.window.findChildren(QLabel, name)]


STARTER = "SmolLM2-135M-Instruct.Q4_1"


def test_models_of_other_programs_are_listed_once_with_their_places(
    qtbot: QtBot, open_window: OpenWindow, home: Path
) -> None:
    application = opened(qtbot, open_window, home)
    show_library(qtbot, application)
    assert listed(application) == ["alpha", "beta", "broken", STARTER]
    choose(application, "beta")
    places = [Path(place).name for place in facts(application, "modelPlace")]
    assert places[-2:] == ["beta.gguf", "copy.gguf"]
    assert facts(application, "modelFactName")[-2:] == ["LM Studio", "GPT4All"]
    assert "Fits well" in facts(application, "modelTold")[0]


def test_a_broken_model_says_why_and_cannot_be_loaded(qtbot: QtBot, open_window: OpenWindow, home: Path) -> None:
    application = opened(qtbot, open_window, home)
    show_library(qtbot, application)
    choose(application, "broken")
    assert facts(application, "modelTold") == ["It is cut off; download it again."]
    assert not find(application, QPushButton, "loadModel").isEnabled()


def test_the_filter_takes_words_in_any_order(qtbot: QtBot, open_window: OpenWindow, home: Path) -> None:
    application = opened(qtbot, open_window, home)
    show_library(qtbot, application)
    QTest.keyClicks(find(application, QLineEdit, "libraryFilter"), "ada ET")
    assert listed(application) == ["beta"]


def test_a_model_is_loaded_from_the_library_and_stays_the_choice(
    qtbot: QtBot, open_window: OpenWindow, home: Path
) -> None:
    fake = FakeEngine()
    application = opened(qtbot, open_window, home, fake)
    show_library(qtbot, application)
    choose(application, "beta")
    click(application, "loadModel")
    qtbot.waitUntil(lambda: fake.loaded is not None and fake.loaded.name == "beta")
    qtbot.waitUntil(lambda: not application.models.is_loading)
    application.window.close()
    again = FakeEngine()
    opened(qtbot, open_window, home, again)
    assert again.loaded is not None
    assert again.loaded.name == "beta"


def test_a_removed_file_stays_greyed_and_can_be_found_again(
    qtbot: QtBot, open_window: OpenWindow, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = opened(qtbot, open_window, home)
    gone = home / ".lmstudio" / "models" / "ada" / "alpha.gguf"
    moved = home / "moved.gguf"
    gone.rename(moved)
    show_library(qtbot, application)
    choose(application, "alpha")
    assert "not there any more" in facts(application, "modelTold")[0]
    assert not find(application, QPushButton, "loadModel").isEnabled()
    monkeypatch.setattr(library_controller, "ask_model_file", lambda _parent: str(moved))
    click(application, "findModel")
    qtbot.waitUntil(lambda: not application.models.is_loading)
    click(application, "rescanModels")
    qtbot.waitUntil(lambda: not application.library.is_looking)
    assert listed(application) == ["beta", "broken", "moved", STARTER]


def test_a_forgotten_model_leaves_the_list_and_its_file_stays(
    qtbot: QtBot, open_window: OpenWindow, home: Path
) -> None:
    application = opened(qtbot, open_window, home)
    show_library(qtbot, application)
    choose(application, "broken")
    click(application, "forgetModel")
    assert listed(application) == ["alpha", "beta", STARTER]
    assert (home / ".lmstudio" / "models" / "ada" / "broken.gguf").exists()


def test_a_source_can_be_switched_off_and_a_folder_added(
    qtbot: QtBot, open_window: OpenWindow, home: Path, tmp_path: Path
) -> None:
    application = opened(qtbot, open_window, home)
    show_library(qtbot, application)
    tiny_gguf(tmp_path / "own" / "mine.gguf", seed=9)
    application.preferences.change("model_sources_off", ("lm_studio",))
    application.preferences.change("model_folders", (str(tmp_path / "own"),))
    qtbot.waitUntil(lambda: listed(application) == ["copy", "mine", STARTER])


def test_a_model_is_loaded_in_its_own_way(qtbot: QtBot, open_window: OpenWindow, home: Path) -> None:
    fake = FakeEngine()
    small = tiny_gguf(home / ".lmstudio" / "models" / "ada" / "small.gguf", seed=7)
    application = opened(qtbot, open_window, home, fake)
    dialog = show_library(qtbot, application)
    choose(application, "small")
    draft = find(application, QComboBox, "modelDraft")
    assert draft.count() == 1, "none is smaller"
    choose(application, "beta")
    details = dialog.library.details  # type: ignore[attr-defined]
    details._own.click()
    details._context.setValue(2048)
    details._cache.setCurrentIndex(3)
    details._cache.activated.emit(3)
    assert [draft.itemText(at) for at in range(draft.count())] == ["None", "small"]
    draft.setCurrentIndex(1)
    draft.activated.emit(1)
    click(application, "loadModel")
    qtbot.waitUntil(lambda: fake.loaded is not None and fake.loaded.name == "beta")
    assert fake.loaded is not None
    assert (fake.loaded.context_length, fake.loaded.cache_type) == (2048, "q8_0")
    assert fake.loaded.draft_path == str(small)


def test_a_model_that_does_not_fit_is_told_with_what_would(qtbot: QtBot, open_window: OpenWindow, home: Path) -> None:
    fake = FakeEngine()
    application = opened(qtbot, open_window, home, fake)
    application.models.memory = Memory(int(4.8 * GIB))
    beta = next(model for model in application.library.known() if model.name == "beta")
    application.models.open_known(beta)
    bar = application.window.message_bar
    assert "Does not fit" in bar.text()
    offered = [button for button in bar.findChildren(QPushButton, "messageBarAction") if not button.isHidden()]
    assert [button.text() for button in offered] == [
        "Smaller cache (q8_0)",
        "Context of 1,536 tokens",
        "Load anyway",
    ]
    offered[1].click()
    qtbot.waitUntil(lambda: fake.loaded is not None and fake.loaded.name == "beta")
    assert fake.loaded is not None
    assert fake.loaded.context_length == 1536


def test_the_pickers_list_is_filtered_and_chosen_by_keys(qtbot: QtBot, open_window: OpenWindow, home: Path) -> None:
    fake = FakeEngine()
    application = opened(qtbot, open_window, home, fake)
    picker = application.window.model_picker
    picker.click()
    choices = find(application, QTreeWidget, "modelChoices")
    names = [choices.topLevelItem(row).text(0) for row in range(choices.topLevelItemCount())]  # type: ignore[union-attr]
    assert names == ["Used lately", STARTER, "On this machine", "alpha", "beta"]
    field = find(application, QLineEdit, "modelFilter")
    QTest.keyClicks(field, "a")
    QTest.keyClick(field, Qt.Key.Key_Down)
    current = choices.currentItem()
    assert current is not None
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: fake.loaded is not None and fake.loaded.name == current.text(0))
    assert not choices.isVisible()


def test_without_a_starter_the_best_found_model_is_loaded(
    qtbot: QtBot, open_window: OpenWindow, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.library.starter_model_path", lambda: None)
    tiny_gguf(home / ".lmstudio" / "models" / "ada" / "small.gguf", seed=7)
    monkeypatch.setattr(library_controller, "free_memory", lambda: Memory(int(5 * GIB)))
    fake = FakeEngine()
    opened(qtbot, open_window, home, fake)
    assert fake.loaded is not None
    assert fake.loaded.name == "small"  # the others are tight


def test_with_no_model_at_all_the_window_says_so(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.library.starter_model_path", lambda: None)
    application = open_window(FakeEngine, machine=Machine(folder.root / "nobody", {}, sys.platform))
    qtbot.waitUntil(lambda: "No model was found on this machine" in application.window.message_bar.text())


def test_whether_a_model_fits_is_said_in_the_language_of_now(
    qtbot: QtBot, open_window: OpenWindow, home: Path
) -> None:
    application = opened(qtbot, open_window, home)
    said = {choice.fit for choice in application.window.model_picker.choices if choice.fit}
    application.preferences.change("language", "zh_CN")
    QApplication.processEvents()
    now = {choice.fit for choice in application.window.model_picker.choices if choice.fit}
    assert said
    assert said.isdisjoint(now)
