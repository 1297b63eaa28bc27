"""Getting a model: asked first, found on a hub of this machine, fetched, paused over a restart, used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine, fake_header
from hub_server import Hub, serving
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton, QTabWidget, QTreeWidget
from pytestqt.qtbot import QtBot
from window_steps import click, find

from app.application import Application
from app.core import secrets
from app.core.discovery import Machine
from app.core.paths import DataFolder
from benchmarks.tiny_models import tiny_gguf


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    content = tiny_gguf(tmp_path / "made.gguf").read_bytes()
    with serving(Hub({"tiny-Q4_K_M.gguf": content})) as running:
        yield running


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The keyring of the machine that runs the tests is left alone."""
    kept: dict[str, str] = {}
    monkeypatch.setattr(secrets.Secrets, "get", lambda _self, address: kept.get(address))
    monkeypatch.setattr(secrets.Secrets, "set", lambda _self, address, token: bool(kept.update({address: token})))
    return kept


def opened(qtbot: QtBot, open_window: OpenWindow, hub: Hub, tmp_path: Path) -> Application:
    application = open_window(FakeEngine, machine=Machine(tmp_path / "home", {}, "linux"), read_header=fake_header)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    application.preferences.change("hub_endpoint", hub.address)
    return application


def show_hub(qtbot: QtBot, application: Application) -> None:
    application.window.action.library.trigger()
    qtbot.waitUntil(lambda: not application.library.is_looking)
    find(application, QTabWidget, "libraryTabs").setCurrentIndex(1)


def find_offer(qtbot: QtBot, application: Application) -> None:
    QTest.keyClicks(find(application, QLineEdit, "hubSearch"), "tiny")
    QTest.keyClick(find(application, QLineEdit, "hubSearch"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: find(application, QPushButton, "hubDownload").isEnabled())


def states(application: Application) -> list[str]:
    return [label.text() for label in application.window.findChildren(QLabel, "settingHelp") if label.text()]


def test_nothing_is_asked_of_the_network_before_a_yes(
    qtbot: QtBot, open_window: OpenWindow, hub: Hub, tmp_path: Path
) -> None:
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    assert not find(application, QLineEdit, "hubSearch").isVisible()
    assert hub.requests == []
    click(application, "allowHub")
    assert hub.requests == []
    assert application.preferences.settings.allows_hub


def test_a_model_is_found_fetched_and_used(qtbot: QtBot, open_window: OpenWindow, hub: Hub, tmp_path: Path) -> None:
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    click(application, "allowHub")
    find_offer(qtbot, application)
    click(application, "hubDownload")
    qtbot.waitUntil(
        lambda: any(button.isVisible() for button in _buttons(application, "openDownload")), timeout=10_000
    )
    qtbot.waitUntil(lambda: not application.library.is_looking)
    (model,) = [model for model in application.library.known() if model.name == "tiny-Q4_K_M"]
    click(application, "openDownload")
    qtbot.waitUntil(lambda: application.models.is_in_use(model))


def test_a_download_that_was_under_way_waits_for_a_click_after_a_restart(
    qtbot: QtBot, open_window: OpenWindow, hub: Hub, folder: DataFolder, tmp_path: Path
) -> None:
    hub.slow = threading.Event()
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    click(application, "allowHub")
    find_offer(qtbot, application)
    click(application, "hubDownload")
    qtbot.waitUntil(lambda: any("/resolve/" in address for address, _, _ in hub.requests))
    threading.Timer(0.2, hub.slow.set).start()
    click(application, "pauseDownload")
    qtbot.waitUntil(lambda: any(button.isVisible() for button in _buttons(application, "resumeDownload")))
    application.close()
    asked = len(hub.requests)
    again = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, again)
    assert len(hub.requests) == asked
    click(again, "resumeDownload")
    qtbot.waitUntil(lambda: any(button.isVisible() for button in _buttons(again, "openDownload")), timeout=10_000)
    (path,) = folder.fetched_models.rglob("*.gguf*")
    assert path.name == "tiny-Q4_K_M.gguf"


def test_a_yes_that_is_taken_back_stops_what_is_under_way(
    qtbot: QtBot, open_window: OpenWindow, hub: Hub, folder: DataFolder, tmp_path: Path
) -> None:
    hub.slow = threading.Event()
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    click(application, "allowHub")
    find_offer(qtbot, application)
    click(application, "hubDownload")
    qtbot.waitUntil(lambda: any("/resolve/" in address for address, _, _ in hub.requests))
    application.preferences.change("allows_hub", False)
    hub.slow.set()
    qtbot.waitUntil(lambda: any(button.isVisible() for button in _buttons(application, "resumeDownload")))
    assert [path.name for path in folder.fetched_models.rglob("*.gguf")] == []


def test_a_failure_is_told_where_it_happened(qtbot: QtBot, open_window: OpenWindow, hub: Hub, tmp_path: Path) -> None:
    hub.status = 403
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    click(application, "allowHub")
    QTest.keyClicks(find(application, QLineEdit, "hubSearch"), "tiny")
    click(application, "hubFind")
    qtbot.waitUntil(lambda: "licence" in find(application, QLabel, "hubNotice").text())


def test_an_offer_that_cannot_run_is_refused_and_leaves_nothing(
    qtbot: QtBot, open_window: OpenWindow, hub: Hub, folder: DataFolder, tmp_path: Path
) -> None:
    hub.files = {"other-Q8_0.gguf": b"no model at all" * 100}
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    click(application, "allowHub")
    find_offer(qtbot, application)
    click(application, "hubDownload")
    qtbot.waitUntil(lambda: any("not a GGUF" in text or "not a model" in text for text in states(application)))
    assert list(folder.fetched_models.rglob("*.gguf*")) == []


def test_another_address_needs_another_yes(
    qtbot: QtBot, open_window: OpenWindow, hub: Hub, tmp_path: Path, no_keyring: dict[str, str]
) -> None:
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    click(application, "allowHub")
    application.downloads.change_connection("http://127.0.0.1:9", "token")
    assert not application.preferences.settings.allows_hub
    qtbot.waitUntil(lambda: no_keyring == {"http://127.0.0.1:9": "token"})
    assert find(application, QPushButton, "allowHub").isVisible()
    application.downloads.change_connection("nonsense", "")
    assert application.preferences.settings.hub_endpoint == "http://127.0.0.1:9"


def test_a_keyring_that_waits_for_a_person_does_not_stop_the_window(
    qtbot: QtBot, open_window: OpenWindow, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = threading.Event()
    monkeypatch.setattr(secrets.Secrets, "get", lambda _self, _address: unlocked.wait(10) and "token")
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    click(application, "allowHub")
    seen: list[str] = []

    def look() -> None:
        token = find(application, QLineEdit, "hubToken")
        seen.append(token.placeholderText())
        unlocked.set()
        qtbot.waitUntil(lambda: token.placeholderText() != "")
        seen.append(token.placeholderText())
        find(application, QDialog, "hubConnectionDialog").reject()

    QTimer.singleShot(0, look)
    click(application, "hubConnection")
    assert seen == ["", "Kept in the system's keyring"]


def _buttons(application: Application, name: str) -> list[QPushButton]:
    return application.window.findChildren(QPushButton, name)


def test_an_answer_for_a_page_that_was_closed_is_dropped(
    qtbot: QtBot, open_window: OpenWindow, hub: Hub, tmp_path: Path
) -> None:
    application = opened(qtbot, open_window, hub, tmp_path)
    show_hub(qtbot, application)
    click(application, "allowHub")
    QTest.keyClicks(find(application, QLineEdit, "hubSearch"), "tiny")
    click(application, "hubFind")
    find(application, QDialog, "libraryDialog").close()
    show_hub(qtbot, application)
    qtbot.waitUntil(lambda: bool(hub.requests))
    qtbot.wait(200)
    (shown,) = [tree for tree in application.window.findChildren(QTreeWidget, "hubModels") if tree.isVisible()]
    assert shown.topLevelItemCount() == 0
