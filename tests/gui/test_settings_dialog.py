"""Settings: what the dialog changes applies at once and is kept; its search finds them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import fakes
import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_steps import find

from app.application import Application
from app.core.paths import DataFolder
from app.core.settings import LoadSettings
from app.views.settings_page import SettingsPage
from app.worker import Request
from engine.api import Event, LoadRequest


def pick(box: QComboBox, choice: str) -> None:
    """Choose an entry as a person does."""
    box.setCurrentIndex(box.findData(choice))
    box.activated.emit(box.currentIndex())


def listed(application: Application) -> list[str]:
    pages = find(application, QListWidget, "settingsPages")
    return [pages.item(row).text() for row in range(pages.count()) if not pages.item(row).isHidden()]


def test_a_change_in_the_dialog_applies_at_once_and_is_kept(open_window: OpenWindow, folder: DataFolder) -> None:
    application = open_window(FakeEngine)
    application.window.action.preferences.trigger()
    pick(find(application, QComboBox, "themeChoice"), "dark")
    assert application.preferences.settings.theme == "dark"
    assert QGuiApplication.palette().window().color().lightness() < 128
    find(application, QSpinBox, "loadThreads").setValue(2)
    pick(find(application, QComboBox, "loadCacheType"), "q8_0")
    application.window.close()
    stored = json.loads(folder.settings.read_text())
    assert stored["theme"] == "dark"
    assert LoadSettings(**stored["load"]) == LoadSettings(threads=2, cache_type="q8_0")


def test_the_dialog_shows_what_is_set(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.change("load", LoadSettings(context_length=8192))
    application.preferences.change("theme", "light")
    application.preferences.show_dialog("models")
    assert find(application, QSpinBox, "loadContext").value() == 8192
    assert find(application, QSpinBox, "loadThreads").text() == "Automatic"
    assert find(application, QComboBox, "themeChoice").currentData() == "light"
    assert find(application, QSpinBox, "loadContext").isVisible()


def test_searching_leaves_the_settings_with_these_words(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.show_dialog()
    search = find(application, QLineEdit, "settingsSearch")
    search.setText("cores model")
    assert listed(application) == ["Models"]
    assert find(application, QSpinBox, "loadThreads").isVisible()
    assert not find(application, QSpinBox, "loadContext").isVisible()
    search.setText("zebra")
    assert listed(application) == []
    search.setText("models")
    assert find(application, QSpinBox, "loadContext").isVisible()
    search.clear()
    assert listed(application)[:3] == ["General", "Appearance", "Models"]


class _TrayPage(SettingsPage):
    name = "tray"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.language = "en"
        self.row = self.add_setting(QCheckBox())

    def title(self) -> str:
        return "Tray" if self.language == "en" else "托盘"

    def say_texts(self) -> None:
        self.row.say("Stay in the tray" if self.language == "en" else "留在托盘", "")


def test_a_page_that_was_added_follows_the_language(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    page = _TrayPage()
    application.preferences.add_page(lambda: page)
    dialog = application.preferences.show_dialog("tray")
    assert listed(application)[-3:] == ["Tray", "Privacy", "About"]
    assert page.isVisible()
    page.language = "zh"
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.LanguageChange))
    assert listed(application)[-3] == "托盘"
    assert page.row.editor.accessibleName() == "留在托盘"


def test_asking_what_pages_there_are_leaves_none_behind(qapp: QApplication, open_window: OpenWindow) -> None:
    """Pages that nobody showed stayed for ever: two hundred widgets for each language that was chosen."""
    application = open_window(FakeEngine)
    for language in ("zh_CN", "en"):
        application.preferences.change("language", language)
        qapp.processEvents()
        assert ("general", "通用" if language == "zh_CN" else "General") in application.preferences.pages()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert [page for page in qapp.allWidgets() if isinstance(page, SettingsPage)] == []


def test_the_licence_of_each_part_is_shown(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.show_dialog("about")
    parts = find(application, QListWidget, "aboutParts")
    text = find(application, QPlainTextEdit, "aboutLicence")
    assert text.toPlainText() != ""
    (row,) = parts.findItems("PySide6", Qt.MatchFlag.MatchStartsWith)
    parts.setCurrentItem(row)
    assert "LGPL-3.0" in row.text()
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text.toPlainText()


def test_the_model_is_loaded_again_with_other_settings_when_that_is_wanted(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fake.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(fakes, "INFO", dataclasses.replace(fakes.INFO, path=str(tmp_path / "fake.gguf")))
    loads: list[LoadRequest] = []

    class Noting(FakeEngine):
        def run(self, request: Request, cancelled: Callable[[], bool]) -> Iterator[Event]:
            loads.extend([request] if isinstance(request, LoadRequest) else [])
            return super().run(request, cancelled)

    application = open_window(Noting)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    dialog = application.preferences.show_dialog("models")
    find(application, QSpinBox, "loadThreads").setValue(3)
    dialog.reject()
    application.window.message_bar._run_action()
    qtbot.waitUntil(lambda: loads[-1].threads == 3)
    application.preferences.show_dialog("models").reject()
    assert application.window.message_bar.text() == ""
