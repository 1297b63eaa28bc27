"""The window comes back as it was left."""

from __future__ import annotations

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from window_steps import say, shown

from app.controllers.window_state import reachable

SCREEN = QRect(0, 0, 1000, 700)


def test_place_widths_and_what_is_shown_come_back(open_window: OpenWindow) -> None:
    first = open_window(FakeEngine)
    first.window.setGeometry(10, 40, 780, 500)
    first.window.action.settings.setChecked(True)
    QApplication.processEvents()
    first.window.set_side_widths(210, 260)
    widths = first.window.side_widths()
    first.window.close()
    second = open_window(FakeEngine)
    assert second.window.geometry() == QRect(10, 40, 780, 500)
    assert second.window.settings_panel.isVisible()
    assert second.window.side_widths() == widths
    second.window.action.sidebar.setChecked(False)
    second.window.action.settings.setChecked(False)
    second.window.close()
    third = open_window(FakeEngine)
    assert not third.window.sidebar.isVisible()
    assert not third.window.settings_panel.isVisible()
    third.window.action.sidebar.setChecked(True)
    QApplication.processEvents()
    assert third.window.side_widths()[0] == widths[0]


def test_a_sidebar_that_only_a_narrow_window_folded_comes_back(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.window.resize(500, 500)
    QApplication.processEvents()
    assert not application.window.sidebar.isVisible()
    application.window.close()
    again = open_window(FakeEngine)
    assert not again.window.sidebar.isVisible()
    again.window.resize(1000, 500)
    QApplication.processEvents()
    assert again.window.sidebar.isVisible()


def test_a_sidebar_that_was_hidden_stays_so_when_the_window_grows(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.window.action.sidebar.setChecked(False)
    for width in (500, 1000):
        application.window.resize(width, 500)
        QApplication.processEvents()
    assert not application.window.sidebar.isVisible()


def test_folders_stay_folded(open_window: OpenWindow) -> None:
    first = open_window(FakeEngine)
    first.conversations.create_folder("Work", None, [first.store.create_conversation("a").id])
    (folder,) = first.store.folders()
    first.window.sidebar.model.toggle_folder(folder.id)
    first.window.close()
    assert open_window(FakeEngine).window.sidebar.model.closed_folders == (folder.id,)


def test_the_last_chat_is_open_again_only_if_that_is_wanted_and_it_is_still_there(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    first = open_window(FakeEngine)
    say(qtbot, first, "Remember me")
    first.window.close()
    second = open_window(FakeEngine)
    assert shown(second) == []
    second.preferences.change("start_with", "last")
    (chat,) = second.store.conversations()
    second.conversations.open(chat.id)
    second.window.close()
    third = open_window(FakeEngine)
    assert shown(third) == ["Remember me", "Hello there."]
    third.store.delete_conversation(chat.id)
    third.window.close()
    fourth = open_window(FakeEngine)
    assert shown(fourth) == []
    assert fourth.window.message_bar.text() == ""


@pytest.mark.parametrize(
    ("window", "place"),
    [
        (QRect(100, 50, 400, 300), QRect(100, 50, 400, 300)),
        (QRect(-300, 50, 400, 300), QRect(-300, 50, 400, 300)),  # enough of it can be grasped
        (QRect(1500, 50, 400, 300), QRect(300, 200, 400, 300)),  # a screen to the right is gone
        (QRect(100, -40, 400, 300), QRect(300, 200, 400, 300)),  # its upper edge is above the screen
        (QRect(5000, 50, 2000, 2000), QRect(0, 0, 1000, 700)),
    ],
)
def test_a_window_off_all_screens_is_moved_onto_one(window: QRect, place: QRect) -> None:
    assert reachable(window, [SCREEN]) == place


def test_a_narrow_window_has_its_panel_below_the_chat(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window(FakeEngine).window
    window.resize(1200, 700)
    window.action.settings.setChecked(True)
    window.set_side_widths(210, 280)
    widths = window.side_widths()
    window.resize(480, 700)
    qtbot.waitUntil(lambda: window.settings_panel.width() > 400)
    assert window.transcript.width() > 400
    window.resize(1200, 700)
    qtbot.wait(300)
    assert window.side_widths() == widths
