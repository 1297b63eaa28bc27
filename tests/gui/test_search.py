"""Search in the window: results while typing, and the way to a hit in its branch."""

from __future__ import annotations

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListView
from pytestqt.qtbot import QtBot
from window_steps import find, press, say, shown

from app.application import Application
from app.core.store import Store
from app.views.conversation_list import ConversationRow, HitRow, Role


def listed(application: Application) -> list[str]:
    """The rows of the sidebar that can be chosen: a chat's title, or `> ` and the text of a hit."""
    model = application.window.sidebar.model
    rows = [model.index(number).data(Role.ROW) for number in range(model.rowCount())]
    return [
        row.title if isinstance(row, ConversationRow) else "> " + "".join(text for text, _ in row.hit.snippet)
        for row in rows
        if isinstance(row, ConversationRow | HitRow)
    ]


def fill(store: Store, title: str, *texts: str) -> str:
    chat = store.create_conversation(title)
    parent = None
    for number, text in enumerate(texts):
        parent = store.add_message(
            chat.id, parent_id=parent, role="assistant" if number % 2 else "user", text=text
        ).id
    return chat.id


def search(qtbot: QtBot, application: Application, query: str) -> None:
    field = find(application, QLineEdit, "conversationSearch")
    field.setText(query)
    before = listed(application)
    qtbot.waitUntil(lambda: listed(application) != before, timeout=5000)


def test_messages_are_found_while_typing_and_listed_by_chat(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    fill(application.store, "Birds", "What is a crow?", "A clever bird.")
    fill(application.store, "Weather", "Will it rain?", "Ask the 天气预报 tomorrow.")
    application.conversations.refresh()
    search(qtbot, application, "天气")
    assert listed(application) == ["Weather", "> Ask the 天气预报 tomorrow."]
    search(qtbot, application, "lever bi")
    assert listed(application) == ["Birds", "> A clever bird."]
    find(application, QLineEdit, "conversationSearch").clear()
    assert listed(application) == ["Weather", "Birds"]


def test_a_hit_in_another_branch_is_shown_in_its_branch(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(lambda: FakeEngine([["the walrus"], ["the carpenter"]]))
    say(qtbot, application, "Who came?")
    press(application, "regenerateButton")
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    application.conversations.new_chat()
    search(qtbot, application, "walrus")
    field = find(application, QLineEdit, "conversationSearch")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert shown(application) == ["Who came?", "the walrus"]
    assert application.window.transcript.views()[-1].property("flash") is True
    (chat,) = application.store.conversations()
    assert application.store.tree(chat.id).path()[-1].text == "the walrus"


def test_a_hit_far_up_in_a_long_chat_is_built_and_scrolled_to(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    texts = [f"message number {number} " + "and some more words " * 20 for number in range(400)]
    fill(application.store, "Long", *texts)
    application.conversations.refresh()
    search(qtbot, application, '"number 37 "'.strip('"'))
    model = application.window.sidebar.model
    hit = next(
        row.hit
        for row in (model.index(number).data(Role.ROW) for number in range(model.rowCount()))
        if isinstance(row, HitRow) and "number 37 " in "".join(text for text, _ in row.hit.snippet)
    )
    application.search.jump(hit.conversation_id, hit.message_id or "")
    transcript = application.window.transcript
    view = next(view for view in transcript.views() if view.message.id == hit.message_id)
    assert len(transcript.views()) < 100
    qtbot.waitUntil(lambda: 0 <= view.mapTo(transcript.viewport(), view.rect().topLeft()).y() < 200)


def test_a_tag_in_the_query_narrows_the_list(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    tagged = fill(application.store, "Tagged", "apple tea")
    fill(application.store, "Other", "apple pie")
    application.store.set_tags(tagged, ["Kitchen"])
    application.conversations.refresh()
    search(qtbot, application, "#kit")
    assert listed(application) == ["Tagged"]
    search(qtbot, application, "apple")
    assert set(listed(application)) == {"Tagged", "> apple tea", "Other", "> apple pie"}
    search(qtbot, application, "#kit apple")
    assert listed(application) == ["Tagged", "> apple tea"]


def test_a_word_with_a_hash_that_is_no_tag_is_searched_as_it_stands(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    fill(application.store, "Code", "#include <stdio.h>")
    fill(application.store, "Prose", "they include it")
    application.conversations.refresh()
    search(qtbot, application, "#include")
    assert listed(application) == ["Code", "> #include <stdio.h>"]


def test_nothing_found_says_so(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    find(application, QLineEdit, "conversationSearch").setText("xyzzy")
    view = find(application, QListView, "conversationList")
    qtbot.waitUntil(lambda: not view.isVisible())
