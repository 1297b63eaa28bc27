"""Messages written while a reply is running: they wait, are sent in their order, and are never thrown away."""

from __future__ import annotations

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from window_steps import click, find, press, say, shown

from app.application import Application
from engine.api import NumericalError


def waiting(application: Application) -> list[str]:
    return [message.text for message in application.window.composer.queue.shown()]


def busy(qtbot: QtBot, open_window: OpenWindow, fake: FakeEngine) -> Application:
    """A window in which the first reply is running."""
    fake.gate.clear()
    application = open_window(lambda: fake)
    say(qtbot, application, "first", wait=False)
    qtbot.waitUntil(lambda: bool(fake.requests))
    return application


def wait(qtbot: QtBot, application: Application, messages: int) -> None:
    qtbot.waitUntil(lambda: len(shown(application)) == messages and not application.chat.is_replying, timeout=10_000)


def test_messages_wait_for_the_reply_and_are_sent_in_order(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["one"], ["two"], ["three"]])
    application = busy(qtbot, open_window, fake)
    say(qtbot, application, "second", wait=False)
    say(qtbot, application, "third", wait=False)
    assert waiting(application) == ["second", "third"]
    assert application.window.composer.text() == ""
    fake.gate.set()
    wait(qtbot, application, 6)
    assert shown(application) == ["first", "one", "second", "two", "third", "three"]
    assert waiting(application) == []


def test_stopping_keeps_what_waits_and_asks(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["one", " more"], ["two"]])
    application = busy(qtbot, open_window, fake)
    say(qtbot, application, "second", wait=False)
    application.chat.stop()
    wait(qtbot, application, 2)
    assert waiting(application) == ["second"]
    fake.gate.set()
    click(application, "sendQueue")
    wait(qtbot, application, 4)
    assert shown(application)[-2:] == ["second", "two"]


def test_a_reply_that_failed_keeps_what_waits(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["one"], NumericalError("The output is not a number."), ["three"]])
    application = busy(qtbot, open_window, fake)
    say(qtbot, application, "second", wait=False)
    say(qtbot, application, "third", wait=False)
    fake.gate.set()
    qtbot.waitUntil(lambda: application.window.message_bar.text() == "The output is not a number.")
    assert waiting(application) == ["third"]
    assert find(application, QPushButton, "sendQueue").isVisible()


def test_one_is_sent_at_once_by_stopping_the_reply(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["one", " more"], ["three"], ["two"]])
    application = busy(qtbot, open_window, fake)
    say(qtbot, application, "second", wait=False)
    say(qtbot, application, "third", wait=False)
    press(application, "sendQueued")
    qtbot.waitUntil(lambda: len(fake.requests) == 2)
    fake.gate.set()
    wait(qtbot, application, 6)
    assert shown(application)[2:] == ["third", "three", "second", "two"]


def test_one_is_taken_back_to_be_written_on(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = busy(qtbot, open_window, fake)
    say(qtbot, application, "second", wait=False)
    application.window.composer.set_text("a beginning")
    press(application, "editQueued")
    assert waiting(application) == []
    assert application.window.composer.text() == "second\n\na beginning"
    fake.gate.set()
    wait(qtbot, application, 2)


def test_one_that_was_removed_comes_back_with_undo(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = busy(qtbot, open_window, fake)
    say(qtbot, application, "second", wait=False)
    press(application, "removeQueued")
    assert waiting(application) == []
    click(application, "messageBarAction")
    assert waiting(application) == ["second"]
    fake.gate.set()
    wait(qtbot, application, 4)


def test_what_waits_is_sent_in_its_chat_while_another_is_open(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["one"], ["two"]])
    application = busy(qtbot, open_window, fake)
    old = application.chat.conversation_id or ""
    say(qtbot, application, "second", wait=False)
    application.conversations.new_chat()
    assert waiting(application) == []
    fake.gate.set()
    qtbot.waitUntil(lambda: len(application.store.tree(old).path()) == 4 and not application.chat.is_replying)
    assert shown(application) == []
    application.conversations.open(old)
    assert shown(application) == ["first", "one", "second", "two"]


def test_messages_that_wait_in_a_new_chat_begin_one_chat(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["one"], ["two"], ["three"]])
    application = busy(qtbot, open_window, fake)
    application.conversations.new_chat()
    say(qtbot, application, "second", wait=False)
    say(qtbot, application, "third", wait=False)
    application.window.composer.set_text("still being written")
    fake.gate.set()
    wait(qtbot, application, 4)
    assert shown(application) == ["second", "two", "third", "three"]
    assert len(application.store.conversations()) == 2
    assert application.window.composer.text() == "still being written"


def test_what_waits_is_there_after_a_restart_and_is_not_sent_by_itself(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = busy(qtbot, open_window, fake)
    say(qtbot, application, "second", wait=False)
    application.window.close()
    again = open_window(FakeEngine)
    (chat,) = again.store.conversations()
    again.conversations.open(chat.id)
    assert waiting(again) == ["second"]
    click(again, "sendQueue")
    wait(qtbot, again, 4)
    assert shown(again)[-2:] == ["second", "Hello there."]


def test_nothing_is_sent_in_a_chat_that_was_deleted(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["one"], ["two"]])
    application = open_window(lambda: fake)
    say(qtbot, application, "of the deleted chat")
    deleted = application.chat.conversation_id or ""
    application.conversations.new_chat()
    fake.gate.clear()
    say(qtbot, application, "running", wait=False)
    qtbot.waitUntil(lambda: len(fake.requests) == 2)
    application.conversations.open(deleted)
    say(qtbot, application, "never asked", wait=False)
    assert waiting(application) == ["never asked"]
    application.store.delete_conversation(deleted)
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    qtbot.wait(50)
    assert len(fake.requests) == 2
    assert waiting(application) == ["never asked"]
