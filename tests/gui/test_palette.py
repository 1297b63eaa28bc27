"""The command palette: found by a few letters, moved in and run by keys, closed by Escape or a click elsewhere."""

from __future__ import annotations

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListView, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot
from window_steps import find, say, shown

from app.application import Application
from app.views.palette_rows import PaletteItem


def opened(application: Application) -> QLineEdit:
    """The field of the palette, opened by keys from where a message is written."""
    application.window.activateWindow()
    assert QTest.qWaitForWindowActive(application.window)  # shortcuts work in no other
    QTest.keyClick(find(application, QPlainTextEdit, "composer"), Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    field = find(application, QLineEdit, "paletteField")
    assert application.window.focusWidget() is field
    return field


def titles(application: Application) -> list[str]:
    model = find(application, QListView, "paletteList").model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_a_command_is_found_by_a_few_letters_and_run_by_enter(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    field = opened(application)
    QTest.keyClicks(field, "tempo")
    assert titles(application) == ["Temporary chat"]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert application.chat.shown.is_temporary
    assert not find(application, QFrame, "commandPalette").isVisible()
    assert application.window.focusWidget() is find(application, QPlainTextEdit, "composer")


def test_a_chat_is_found_by_letters_in_their_order_and_opened(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Foxes and lanterns")
    application.conversations.new_chat()
    field = opened(application)
    assert titles(application)[0] == "Foxes and lanterns"
    QTest.keyClicks(field, "lant fx")
    assert titles(application) == ["Foxes and lanterns"]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert shown(application) == ["Foxes and lanterns", "Hello there."]


def test_arrows_and_tab_move_and_wrap_around(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    field = opened(application)
    rows = find(application, QListView, "paletteList")
    count = len(titles(application))
    at = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_Up, Qt.Key.Key_Backtab, Qt.Key.Key_Up):
        QTest.keyClick(field, key)
        at.append(rows.currentIndex().row())
    assert at == [1, 2, 1, 0, count - 1]
    assert application.window.focusWidget() is field


def test_escape_closes_it_and_gives_the_focus_back_without_stopping_a_reply(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = FakeEngine()
    fake.gate.clear()
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi", wait=False)
    field = opened(application)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not find(application, QFrame, "commandPalette").isVisible()
    assert application.window.focusWidget() is find(application, QPlainTextEdit, "composer")
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert shown(application)[-1] == "Hello there."


def test_a_click_elsewhere_closes_it_and_one_inside_does_not(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    field = opened(application)
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    assert find(application, QFrame, "commandPalette").isVisible()
    QTest.mouseClick(application.window.transcript.viewport(), Qt.MouseButton.LeftButton)
    assert not find(application, QFrame, "commandPalette").isVisible()


def test_it_says_when_nothing_is_found_and_finds_what_others_add(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    chosen: list[str] = []
    application.palette.add_source(
        lambda: [PaletteItem("天气 settings", "", "settings", lambda: chosen.append("weather"))]
    )
    field = opened(application)
    field.setText("zzzz")
    assert find(application, QLabel, "paletteNothing").isVisible()
    QTest.keyClick(field, Qt.Key.Key_Return)
    field.setText("天气")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert chosen == ["weather"]


def test_a_page_of_the_settings_is_found(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    field = opened(application)
    field.setText("settings short")
    assert titles(application) == ["Settings: Shortcuts"]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert find(application, QWidget, "shortcutsSettings").isVisible()


def test_it_fits_into_a_narrow_window_and_follows_its_size(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    opened(application)
    palette = find(application, QFrame, "commandPalette")
    for width in (480, 1400):
        application.window.resize(width, 500)
        QTest.qWait(1)
        assert application.window.rect().contains(palette.geometry())
        assert abs(palette.geometry().center().x() - width // 2) <= 1
