"""Shortcuts: an overview of all keys, and other keys for an action, at once and after a restart."""

from __future__ import annotations

import json

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QKeySequenceEdit, QLabel, QLineEdit, QPushButton, QToolButton, QTreeWidget
from pytestqt.qtbot import QtBot
from window_steps import click, find

from app.application import Application
from app.core.paths import DataFolder

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def lines(application: Application, name: str) -> dict[str, str]:
    """The actions that the list shows, with their keys."""
    tree = find(application, QTreeWidget, name)
    heads = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    items = [head.child(row) for head in heads for row in range(head.childCount())]
    return {item.text(0): item.text(1) for item in items if not item.isHidden()}


def choose(application: Application, title: str) -> None:
    tree = find(application, QTreeWidget, "shortcutsList")
    tree.setCurrentItem(tree.findItems(title, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)[0])


def press(qtbot: QtBot, application: Application, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    """Press keys in the field and wait until it takes them."""
    field = find(application, QKeySequenceEdit, "shortcutKeys")
    with qtbot.waitSignal(field.editingFinished, timeout=3000):
        QTest.keyClick(field, key, modifiers)


def keys_of(application: Application) -> list[str]:
    return [key.toString() for key in application.window.action.new_chat.shortcuts()]


def test_the_overview_lists_every_action_and_finds_by_name_and_by_keys(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.window.action.shortcuts_overview.trigger()
    shown = lines(application, "shortcutsOverview")
    assert {entry.plain_text for entry in application.window.action.entries} <= set(shown)
    assert shown["Send the message"] == "Return"
    field = find(application, QLineEdit, "shortcutsFilter")
    field.setText("ctrl+shift+n")
    assert lines(application, "shortcutsOverview") == {"Temporary chat": "Ctrl+Shift+N"}
    field.setText("zebra")
    assert lines(application, "shortcutsOverview") == {}
    click(application, "changeShortcuts")
    assert find(application, QTreeWidget, "shortcutsList").isVisible()
    find(application, QDialog, "settingsDialog").close()


def test_an_action_gets_other_keys_at_once_and_after_a_restart(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    application = open_window(FakeEngine)
    application.preferences.show_dialog("shortcuts")
    choose(application, "New chat")
    press(qtbot, application, Qt.Key.Key_J, CONTROL)
    assert keys_of(application) == ["Ctrl+J"]
    assert find(application, QToolButton, "newChatButton").toolTip() == "New chat (Ctrl+J)"
    application.window.close()
    assert json.loads(folder.settings.read_text())["shortcuts"] == {"newChat": ["Ctrl+J"]}
    again = open_window(FakeEngine)
    assert keys_of(again) == ["Ctrl+J"]
    again.preferences.show_dialog("shortcuts")
    choose(again, "New chat")
    click(again, "resetShortcut")
    assert keys_of(again) == ["Ctrl+N"]
    again.window.close()
    assert json.loads(folder.settings.read_text())["shortcuts"] == {}


def test_keys_of_another_action_are_taken_from_it_only_after_a_yes(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.show_dialog("shortcuts")
    choose(application, "New chat")
    press(qtbot, application, Qt.Key.Key_E, CONTROL)
    assert find(application, QLabel, "shortcutTold").text() == "Ctrl+E runs “Export…”."
    assert keys_of(application) == ["Ctrl+N"]
    click(application, "takeShortcut")
    assert keys_of(application) == ["Ctrl+E"]
    assert application.window.action.export.shortcuts() == []
    assert not find(application, QPushButton, "takeShortcut").isVisible()
    click(application, "resetAllShortcuts")
    shown = lines(application, "shortcutsList")
    assert (shown["New chat"], shown["Export…"]) == ("Ctrl+N", "Ctrl+E")


def test_one_of_several_keys_is_taken_and_the_others_stay(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.show_dialog("shortcuts")
    choose(application, "New chat")
    press(qtbot, application, Qt.Key.Key_K, CONTROL)
    click(application, "takeShortcut")
    assert lines(application, "shortcutsList")["Find a command…"] == "Ctrl+Shift+P"


def test_keys_that_are_needed_for_writing_are_refused(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.show_dialog("shortcuts")
    choose(application, "New chat")
    for key, modifiers in (
        (Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_C, CONTROL),
    ):
        press(qtbot, application, key, modifiers)
        assert "needed for writing" in find(application, QLabel, "shortcutTold").text()
    assert keys_of(application) == ["Ctrl+N"]
    press(qtbot, application, Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier)
    assert keys_of(application) == ["F6"]
    click(application, "removeShortcut")
    assert keys_of(application) == []


def test_the_search_of_the_settings_finds_an_action(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.show_dialog()
    find(application, QLineEdit, "settingsSearch").setText("temporary")
    assert lines(application, "shortcutsList") == {"Temporary chat": "Ctrl+Shift+N"}


def test_keys_of_an_action_that_is_not_there_any_more_change_nothing(
    open_window: OpenWindow, folder: DataFolder
) -> None:
    folder.settings.write_text(
        json.dumps({"version": 1, "shortcuts": {"newChat": ["Ctrl+J"], "notThere": ["Ctrl+K"]}, "x": 1})
    )
    application = open_window(FakeEngine)
    assert keys_of(application) == ["Ctrl+J"]
    assert [key.toString() for key in application.window.action.palette.shortcuts()] == ["Ctrl+K", "Ctrl+Shift+P"]
