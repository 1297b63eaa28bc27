"""The tray and notifications: closing hides, replies go on, long ones are told, and of their text only if allowed."""

from __future__ import annotations

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot
from window_steps import find, say, shown

from app.application import Application
from app.controllers.desktop import LONG_REPLY_S


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desktop with a tray."""
    monkeypatch.setattr("app.controllers.desktop.QSystemTrayIcon.isSystemTrayAvailable", lambda: True)


def pick(application: Application, text: str) -> None:
    menu = find(application, QMenu, "trayMenu")
    next(action for action in menu.actions() if action.text() == text).trigger()


def told(application: Application, monkeypatch: pytest.MonkeyPatch, *, took_s: float = LONG_REPLY_S) -> list[str]:
    """What is notified from now on; every reply seems to take `took_s`."""
    messages: list[str] = []
    tray = application.desktop.tray
    monkeypatch.setattr(tray, "showMessage", lambda title, text, *_rest: messages.append(title + text))
    times = iter(range(1000))
    application.desktop._clock = lambda: next(times) * took_s
    return messages


def leave(application: Application) -> None:
    """Turn to another window."""
    application.window.hide()


def test_without_a_tray_the_option_cannot_be_chosen_and_says_why(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    assert not QSystemTrayIcon.isSystemTrayAvailable()
    application.preferences.change("tray", True)  # as a person had set it on another desktop
    application.preferences.show_dialog("desktop")
    option = find(application, QCheckBox, "stayInTray")
    assert not option.isEnabled()
    assert not option.isChecked()
    assert "no tray" in option.accessibleDescription()
    assert application.window.close()


def test_closing_hides_the_window_and_a_reply_goes_on(desktop: None, qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    fake.gate.clear()
    application = open_window(lambda: fake)
    application.preferences.show_dialog("desktop")
    find(application, QCheckBox, "stayInTray").click()
    find(application, QCheckBox, "stayInTray").window().close()
    say(qtbot, application, "Hi", wait=False)
    assert application.desktop.tray.toolTip() == "Fireside: a reply is being written"
    assert not application.window.close()
    assert not application.window.isVisible()
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert application.desktop.tray.toolTip() == "Fireside"
    pick(application, "Show Fireside")
    assert application.window.isVisible()
    assert shown(application) == ["Hi", "Hello there."]


def test_the_menu_begins_a_chat_and_quits(desktop: None, qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.change("tray", True)
    say(qtbot, application, "Hi")
    application.window.close()
    pick(application, "New chat")
    assert application.window.isVisible()
    assert shown(application) == []
    application.window.close()
    with qtbot.waitSignal(application.window.closing):
        pick(application, "Quit")
    assert not application.desktop.tray.isVisible()


def test_the_tray_goes_when_it_is_not_wanted_any_more(desktop: None, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.change("tray", True)
    assert application.desktop.tray.isVisible()
    application.preferences.change("tray", False)
    assert not application.desktop.tray.isVisible()
    assert application.window.close()


def test_a_long_reply_is_told_without_its_text_and_a_click_shows_its_chat(
    desktop: None, qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    messages = told(application, monkeypatch)
    fake.gate.clear()
    say(qtbot, application, "Hi", wait=False)
    application.conversations.new_chat()
    leave(application)
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert messages == ["The reply is ready"]
    application.desktop.tray.messageClicked.emit()
    assert application.window.isVisible()
    assert shown(application) == ["Hi", "Hello there."]


def test_the_text_is_told_only_when_it_was_turned_on(
    desktop: None, qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    application.preferences.change("notify_text", True)
    messages = told(application, monkeypatch)
    leave(application)
    say(qtbot, application, "Hi")
    assert messages == ["The reply is readyHello there."]


@pytest.mark.parametrize("why", ["short", "in front", "turned off", "stopped"])
def test_nothing_is_told_of_a_reply_that_is(
    why: str, desktop: None, qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    messages = told(application, monkeypatch, took_s=9.0 if why == "short" else LONG_REPLY_S)
    application.preferences.change("notify", why != "turned off")
    if why == "in front":
        application.window.activateWindow()
        assert QTest.qWaitForWindowActive(application.window)
    else:
        leave(application)
    if why == "stopped":
        fake.gate.clear()
    say(qtbot, application, "Hi", wait=why != "stopped")
    application.chat.stop()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert messages == []
