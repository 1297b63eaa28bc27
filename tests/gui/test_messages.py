"""Messages and their versions: thinking, continue, edit and go on, branch, delete and restore, temporary chats."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListWidget, QPlainTextEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from window_steps import answer_with, click, find, press, say, shown

from app.application import Application
from app.controllers import reply_stream
from app.core.conversation import PartKind
from app.core.paths import DataFolder
from engine.api import Event, GenerateRequest, LoadRequest, Message, PrefillProgressed


def prompt(fake: FakeEngine) -> list[Message]:
    """What the model was given last."""
    asked = fake.requests[-1].prompt
    assert not isinstance(asked, str)
    return [*asked]


def wait(qtbot: QtBot, application: Application) -> None:
    qtbot.waitUntil(lambda: not application.chat.is_replying)


def stopped_reply(
    qtbot: QtBot, open_window: OpenWindow, replies: Sequence[Sequence[str]]
) -> tuple[Application, FakeEngine]:
    """A window whose first reply was stopped after its first word."""
    fake = FakeEngine(replies)
    fake.token_s = 0.05
    application = open_window(lambda: fake)
    say(qtbot, application, "Count", wait=False)
    qtbot.waitUntil(
        lambda: bool(shown(application)) and shown(application)[-1] != "Count" and bool(shown(application)[-1])
    )
    application.chat.stop()
    wait(qtbot, application)
    fake.token_s = 0.0
    return application, fake


def test_thinking_is_folded_above_the_reply_and_kept_out_of_the_prompt(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["<th", "ink>", "two and", " two</think>", "\n\nFour", "."], ["Yes."]])
    application = open_window(lambda: fake)
    say(qtbot, application, "What is 2 + 2?")
    assert shown(application)[-1] == "Four."
    button = find(application, QToolButton, "thinkingButton")
    assert button.text() == "Thought"
    assert application.window.findChild(QWidget, "thinkingText") is None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    text = find(application, QWidget, "thinkingText").findChild(QPlainTextEdit, "plainText")
    assert isinstance(text, QPlainTextEdit)
    assert text.toPlainText() == "two and two"
    say(qtbot, application, "Sure?")
    assert [message.content for message in prompt(fake)] == ["What is 2 + 2?", "Four.", "Sure?"]


def test_a_stopped_reply_is_continued_as_a_version_that_begins_with_it(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = stopped_reply(qtbot, open_window, [["one "] + ["x"] * 1000, ["two ", "three"]])
    begun = shown(application)[-1]
    press(application, "continueButton")
    wait(qtbot, application)
    assert shown(application)[-1] == f"{begun}two three"
    assert fake.requests[-1].continue_last
    assert prompt(fake)[-1] == Message("assistant", begun)
    press(application, "previousVersion")
    assert shown(application)[-1] == begun


def test_a_stopped_thinking_is_continued_where_it_was(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["<think>", "I wonder", *["."] * 1000], [" no</think>", "Done"]])
    fake.token_s = 0.02
    application = open_window(lambda: fake)
    say(qtbot, application, "Think", wait=False)
    qtbot.waitUntil(lambda: application.window.findChild(QToolButton, "thinkingButton") is not None)
    application.chat.stop()
    wait(qtbot, application)
    assert shown(application)[-1] == ""
    fake.token_s = 0.0
    press(application, "continueButton")
    wait(qtbot, application)
    assert shown(application)[-1] == "Done"
    begun = prompt(fake)[-1].content
    assert begun.startswith("<think>\nI wonder")
    reply = application.store.tree(application.chat.conversation_id or "").path()[-1]
    assert [part.kind for part in reply.parts] == [PartKind.THINKING, PartKind.TEXT]
    assert reply.parts[0].text == f"{begun.removeprefix('<think>').strip()} no"


def test_a_finished_reply_offers_no_continuing(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    assert not find(application, QToolButton, "continueButton").isVisible()


def test_a_reply_can_be_reworded_and_nothing_is_generated(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi")
    press(application, "editReplyButton")
    find(application, QPlainTextEdit, "messageEditor").setPlainText("Good day.")
    click(application, "saveEdit")
    assert shown(application) == ["Hi", "Good day."]
    assert len(fake.requests) == 1
    press(application, "previousVersion")
    assert shown(application) == ["Hi", "Hello there."]


def test_the_model_goes_on_from_a_reworded_reply(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["No."], [" and welcome"]])
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi")
    press(application, "editReplyButton")
    find(application, QPlainTextEdit, "messageEditor").setPlainText("Good day")
    click(application, "continueEdit")
    wait(qtbot, application)
    assert shown(application) == ["Hi", "Good day and welcome"]
    assert prompt(fake)[-1] == Message("assistant", "Good day")


def test_a_branch_is_a_chat_of_its_own(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(lambda: FakeEngine([["one"], ["two"]]))
    say(qtbot, application, "first question")
    old = application.chat.conversation_id
    say(qtbot, application, "second question")
    buttons = application.window.transcript.views()[1].findChildren(QToolButton, "branchButton")
    QTest.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert shown(application) == ["first question", "one"]
    assert application.chat.conversation_id != old
    assert len(application.store.tree(old or "").path()) == 4


def test_a_question_that_is_deleted_under_its_reply_ends_the_reply(
    qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reply_stream, "FRAME_MS", 1000)
    fake = FakeEngine([["word "] * 9, ["Hello."]])
    fake.token_s = 0.2  # the next come within a frame
    application = open_window(lambda: fake)
    say(qtbot, application, "Count", wait=False)
    qtbot.waitUntil(application.chat._stream._frame.isActive)  # new words wait for the next frame
    application.messages.delete(application.chat.shown.tree.path()[0].id)
    wait(qtbot, application)
    assert shown(application) == []
    fake.token_s = 0.0
    say(qtbot, application, "And now?")
    assert shown(application) == ["And now?", "Hello."]


def test_deleted_messages_are_listed_and_come_back(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    press(application, "deleteMessageButton", last=False)
    assert shown(application) == []
    application.window.action.deleted_messages.trigger()
    deleted = find(application, QListWidget, "deletedMessages")
    assert deleted.count() == 2
    deleted.item(1).setSelected(True)
    click(application, "restoreMessages")
    assert shown(application) == ["Hi", "Hello there."]


def test_a_line_stands_above_the_first_message_that_the_model_reads(qtbot: QtBot, open_window: OpenWindow) -> None:
    class Full(FakeEngine):
        def run(self, request: LoadRequest | GenerateRequest, cancelled: Callable[[], bool]) -> Iterator[Event]:
            for event in super().run(request, cancelled):
                if isinstance(event, PrefillProgressed) and len(self.requests) == 3:
                    yield PrefillProgressed(event.request_id, event.done_tokens, 10, 0, dropped_messages=2)
                else:
                    yield event

    application = open_window(Full)
    for text in ("first question", "second question", "third question"):
        say(qtbot, application, text)
    marked = [
        view.message.text
        for view in application.window.transcript.views()
        if (marker := view.findChild(QLabel, "contextMarker")) is not None and marker.isVisible()
    ]
    assert marked == ["second question"]


def test_a_temporary_chat_is_marked_and_kept_nowhere(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    application = open_window(FakeEngine)
    application.window.action.temporary_chat.trigger()
    mark = find(application, QLabel, "temporaryMark")
    assert mark.isVisible()
    say(qtbot, application, "a secret question")
    press(application, "editButton")
    find(application, QPlainTextEdit, "messageEditor").setPlainText("another secret")
    click(application, "saveEdit")
    wait(qtbot, application)
    assert shown(application) == ["another secret", "Hello there."]
    assert application.store.conversations() == ()
    application.conversations.new_chat()
    assert not mark.isVisible()
    click(application, "messageBarAction")
    assert shown(application) == ["another secret", "Hello there."]
    application.window.close()
    with sqlite3.connect(folder.database) as database:
        assert database.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    database.close()
    for file in folder.root.iterdir():
        assert b"secret" not in file.read_bytes(), file


def test_a_reply_to_a_temporary_chat_does_not_land_in_another(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    fake.gate.clear()
    application = open_window(lambda: fake)
    application.window.action.temporary_chat.trigger()
    say(qtbot, application, "whisper", wait=False)
    qtbot.waitUntil(lambda: bool(fake.requests))
    application.conversations.new_chat()
    fake.gate.set()
    wait(qtbot, application)
    assert shown(application) == []
    assert application.store.conversations() == ()


def test_the_settings_of_a_continued_reply_are_the_ones_in_force(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, fake = stopped_reply(qtbot, open_window, [["one "] + ["x"] * 1000, ["two"]])
    answer_with(application, system_prompt="Be brief.", max_tokens=7)
    press(application, "continueButton")
    wait(qtbot, application)
    assert prompt(fake)[0] == Message("system", "Be brief.")
    assert fake.requests[-1].max_tokens == 7


def test_the_speed_of_a_reply_is_not_told_of_another_chat(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    qtbot.waitUntil(lambda: find(application, QLabel, "statusSpeed").text() != "")
    application.conversations.new_chat()
    assert find(application, QLabel, "statusSpeed").text() == ""
