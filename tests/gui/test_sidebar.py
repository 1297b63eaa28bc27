"""The sidebar: pins, folders, tags, several chats at once, and the bin."""

from __future__ import annotations

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QListView, QMenu, QToolButton, QTreeWidget
from pytestqt.qtbot import QtBot
from window_steps import click, find, say, shown

from app.application import Application
from app.views.conversation_list import ConversationRow, FolderRow, HeaderRow, Role


def rows(application: Application) -> list[str]:
    """The rows as a person reads them, two spaces a level."""
    model = application.window.sidebar.model
    lines = []
    for number in range(model.rowCount()):
        match model.index(number).data(Role.ROW):
            case HeaderRow(title):
                lines.append(f"-- {title}")
            case FolderRow(folder, depth, is_open, chats):
                lines.append("  " * depth + f"{folder.name} ({chats}){'' if is_open else ' +'}")
            case ConversationRow() as row:
                lines.append("  " * row.depth + row.title)
    return lines


def chats(application: Application, *titles: str) -> list[str]:
    """Chats of these titles, the first at the top."""
    made = [application.store.create_conversation(title).id for title in reversed(titles)]
    application.conversations.refresh()
    return made[::-1]


def choose(application: Application, *ids: str) -> QListView:
    view = find(application, QListView, "conversationList")
    view.selectionModel().clearSelection()
    for one in ids:
        index = application.window.sidebar.model.index_of(one)
        view.selectionModel().select(index, QItemSelectionModel.SelectionFlag.Select)
    return view


def pick(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


def test_pinned_chats_come_first_then_folders_then_the_others(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    a, b, _c, d = chats(application, "a", "b", "c", "d")
    work = application.store.create_folder("Work")
    tea = application.store.create_folder("Tea", work.id)
    application.conversations.move([a], tea.id)
    application.conversations.move([b], work.id)
    menus = application.window.sidebar.menus
    pick(menus.conversation_menu([d]), "Pin")
    assert rows(application) == [
        "-- Pinned", "d", "-- Folders", "Work (2)", "  Tea (1)", "    a", "  b", "-- Today", "c",
    ]  # fmt: skip
    pick(menus.conversation_menu([d]), "Unpin")
    assert rows(application)[-2:] == ["c", "d"]


def test_a_folder_folds_when_it_is_clicked(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    (a,) = chats(application, "a")
    application.conversations.create_folder("Work", None, [a])
    view = find(application, QListView, "conversationList")
    place = view.visualRect(application.window.sidebar.model.index(1)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert rows(application) == ["-- Folders", "Work (1) +"]
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert rows(application) == ["-- Folders", "Work (1)", "  a"]


def test_chats_dropped_onto_a_folder_move_into_it_and_out_again(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    a, b, _c = chats(application, "a", "b", "c")
    application.store.create_folder("Work")
    application.conversations.refresh()
    model = application.window.sidebar.model
    data = model.mimeData([model.index_of(a), model.index_of(b)])
    assert model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, model.index(1))
    assert rows(application) == ["-- Folders", "Work (2)", "  a", "  b", "-- Today", "c"]
    header = model.index(rows(application).index("-- Today"))
    assert model.dropMimeData(model.mimeData([model.index_of(a)]), Qt.DropAction.MoveAction, -1, -1, header)
    assert rows(application) == ["-- Folders", "Work (1)", "  b", "-- Today", "a", "c"]


def test_a_folder_is_made_renamed_and_removed_and_its_chats_stay(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    (a,) = chats(application, "a")
    menus = application.window.sidebar.menus
    answers = iter(["Work", "Play"])
    monkeypatch.setattr("app.views.sidebar_menus.QInputDialog.getText", lambda *_arguments: (next(answers), True))
    move = menus.conversation_menu([a]).findChild(QMenu, "moveMenu")
    assert move is not None
    pick(move, "New folder…")
    assert rows(application) == ["-- Folders", "Work (1)", "  a"]
    (folder,) = application.store.folders()
    pick(menus.folder_menu(folder), "Rename…")
    assert rows(application) == ["-- Folders", "Play (1)", "  a"]
    pick(menus.folder_menu(folder), "Remove folder, keep its chats")
    assert rows(application) == ["-- Today", "a"]


def test_tags_are_given_to_several_chats_and_keep_what_each_has(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    a, b = chats(application, "a", "b")
    application.store.set_tags(a, ["old", "both"])
    application.store.set_tags(b, ["both"])
    application.conversations.refresh()
    seen: list[str] = []

    def answer(*arguments: str) -> tuple[str, bool]:
        seen.append(arguments[-1])
        return "both, #new one", True

    monkeypatch.setattr("app.views.sidebar_menus.QInputDialog.getText", answer)
    pick(application.window.sidebar.menus.conversation_menu([a, b]), "Tags…")
    assert seen == ["both"]
    assert {one.title: one.tags for one in application.store.conversations()} == {
        "a": ("both", "new one", "old"),
        "b": ("both", "new one"),
    }


def test_several_chats_are_deleted_at_once_and_come_back(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    a, b, _c = chats(application, "a", "b", "c")
    QTest.keyClick(choose(application, a, b), Qt.Key.Key_Delete)
    assert rows(application) == ["-- Today", "c"]
    assert find(application, QToolButton, "binButton").text() == "Bin (2)"
    assert application.window.message_bar.text() == "2 conversations deleted."
    click(application, "messageBarAction")
    assert rows(application) == ["-- Today", "a", "b", "c"]


def test_a_selection_survives_a_reply_that_ends_meanwhile(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    a, b = chats(application, "a", "b")
    choose(application, a, b)
    application.conversations.refresh()
    assert application.window.sidebar.selected_ids() == [a, b]


def test_the_bin_restores_deletes_for_ever_and_empties(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    ids = chats(application, "a", "b", "c")
    application.conversations.delete(ids)
    monkeypatch.setattr("app.views.bin_dialog.confirm", lambda *_arguments: True)
    find(application, QToolButton, "binButton").click()
    bin_list = find(application, QTreeWidget, "binList")
    listed = {bin_list.topLevelItem(number).text(0): bin_list.topLevelItem(number) for number in range(3)}
    assert {item.text(1) for item in listed.values()} == {"30"}
    listed["a"].setSelected(True)
    click(application, "restoreConversations")
    assert rows(application) == ["-- Today", "a"]
    bin_list.topLevelItem(0).setSelected(True)
    click(application, "deleteForever")
    assert bin_list.topLevelItemCount() == 1
    click(application, "emptyBin")
    assert application.store.binned() == ()
    assert find(application, QToolButton, "binButton").text() == "Bin"


def test_in_the_bin_enter_and_a_double_click_restore_and_delete_deletes(
    qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    application.conversations.delete(chats(application, "a", "b", "c"))
    monkeypatch.setattr("app.views.bin_dialog.confirm", lambda *_arguments: True)
    application.window.action.bin.trigger()
    bin_list = find(application, QTreeWidget, "binList")
    bin_list.setCurrentItem(bin_list.topLevelItem(0))
    QTest.keyClick(bin_list, Qt.Key.Key_Return)
    assert bin_list.isVisible(), "Enter has not closed it"
    place = bin_list.visualItemRect(bin_list.topLevelItem(0)).center()
    QTest.mouseClick(bin_list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(bin_list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert len(rows(application)) == 3
    bin_list.setFocus()
    bin_list.window().activateWindow()
    qtbot.waitUntil(bin_list.hasFocus)
    bin_list.setCurrentItem(bin_list.topLevelItem(0))
    QTest.keyClick(bin_list, Qt.Key.Key_Delete)
    assert application.store.binned() == ()
    assert len(rows(application)) == 3


def test_a_branch_from_the_menu_is_a_second_chat(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "a question")
    old = application.chat.conversation_id
    pick(application.window.sidebar.menus.conversation_menu([old or ""]), "Branch into a new chat")
    assert application.chat.conversation_id != old
    assert shown(application) == ["a question", "Hello there."]


def test_a_change_of_one_chat_is_told_as_that_and_keeps_what_is_marked(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    a, b, c = chats(application, "a", "b", "c")
    model = application.window.sidebar.model
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    choose(application, b)
    application.store.add_message(c, parent_id=None, role="user", text="newer")
    application.conversations.rename(b, "B")
    assert rows(application) == ["-- Today", "c", "a", "B"]
    assert application.window.sidebar.selected_ids() == [b]
    application.conversations.create_folder("Work", None, [a])
    assert rows(application) == ["-- Folders", "Work (1)", "  a", "-- Today", "c", "B"]
    application.conversations.delete([c])
    assert rows(application) == ["-- Folders", "Work (1)", "  a", "-- Today", "B"]
    assert resets == []
    del tester


def test_in_the_list_f2_renames_the_chat_that_is_marked_there(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_window(FakeEngine)
    a, b = chats(application, "a", "b")
    application.conversations.open(a)
    monkeypatch.setattr("app.views.sidebar_menus.QInputDialog.getText", lambda *_arguments: ("New", True))
    QTest.keyClick(choose(application, b), Qt.Key.Key_F2)
    assert rows(application) == ["-- Today", "a", "New"]


def test_a_click_on_the_end_of_a_row_opens_its_menu_and_not_the_chat(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    first, second = chats(application, "first", "second")
    view = choose(application, first)
    QApplication.processEvents()
    row = view.visualRect(application.window.sidebar.model.index_of(second))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(row.right() - 12, row.center().y()))
    assert application.window.sidebar.selected_ids() == [second]
    assert application.chat.conversation_id is None
    menu = find(application, QMenu, "conversationMenu")
    assert menu.isVisible()
    pick(menu, "Pin")
    assert rows(application)[:2] == ["-- Pinned", "second"]
