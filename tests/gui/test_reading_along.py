"""The engine reads a message while it is written: what is asked for when, and for whom nothing is."""

from __future__ import annotations

from pathlib import Path

from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit
from pytestqt.qtbot import QtBot
from window_steps import answer_with, find, say

from app.application import Application

PAUSE_MS = 400  # longer than a person's hand rests between two words


def ready(qtbot: QtBot, application: Application) -> Application:
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    return application


def type_on(application: Application, text: str) -> None:
    QTest.keyClicks(find(application, QPlainTextEdit, "composer"), text)


def drafts(fake: FakeEngine) -> list[str]:
    """The last message of each prompt that was read ahead."""
    prompts = [request.of.prompt for request in fake.read_ahead]
    return [prompt[-1].content for prompt in prompts if not isinstance(prompt, str)]


def test_what_is_read_ahead_is_what_sending_asks_for(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    answer_with(application, system_prompt="Be brief.", max_tokens=40)
    say(qtbot, application, "Who are you?")
    type_on(application, "And what can you do?")
    qtbot.waitUntil(lambda: len(fake.read_ahead) == 1)
    say(qtbot, application, "")
    ahead, sent = fake.read_ahead[0].of, fake.requests[-1]
    assert (ahead.prompt, ahead.max_tokens, ahead.cache_path) == (sent.prompt, sent.max_tokens, sent.cache_path)
    assert [message.token_ids for message in ahead.prompt] == [message.token_ids for message in sent.prompt]


def test_it_is_asked_again_when_some_words_more_are_written_and_not_for_each_key(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    type_on(application, "Tell me")
    qtbot.waitUntil(lambda: drafts(fake) == ["Tell me"])
    type_on(application, " about")
    qtbot.wait(PAUSE_MS)
    assert drafts(fake) == ["Tell me"]
    type_on(application, " the foxes")
    qtbot.waitUntil(lambda: drafts(fake) == ["Tell me", "Tell me about the foxes"])


def test_a_draft_that_stands_in_a_chat_is_read_when_the_chat_is_opened(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    say(qtbot, application, "Who are you?")
    first = application.chat.conversation_id
    type_on(application, "And what else?")
    application.conversations.new_chat()
    fake.read_ahead.clear()
    application.conversations.open(first)
    qtbot.waitUntil(lambda: drafts(fake) == ["And what else?"])
    assert [message.token_ids for message in fake.read_ahead[0].of.prompt] == [(), (0, 1, 2), ()]


def test_nothing_is_read_ahead_while_a_reply_is_written_and_the_draft_when_it_ends(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = FakeEngine()
    fake.gate.clear()
    application = ready(qtbot, open_window(lambda: fake))
    say(qtbot, application, "Who are you?", wait=False)
    type_on(application, "And what else?")
    qtbot.wait(PAUSE_MS)
    assert fake.read_ahead == []
    fake.gate.set()
    qtbot.waitUntil(lambda: drafts(fake) == ["And what else?"])


def test_commands_and_what_is_empty_or_far_too_long_are_not_read_ahead(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    for text in ("/system Be brief and kind", "//usr is a folder", "   ", "word " * 10_000):
        application.window.composer.set_text(text)
        qtbot.wait(PAUSE_MS)
    assert fake.read_ahead == []


def test_a_draft_waits_for_its_files(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    notes = tmp_path / "notes.txt"
    notes.write_text("The fox sleeps.", encoding="utf-8")
    application.attaching.attach([str(notes)])
    type_on(application, "What does it say?")
    qtbot.waitUntil(lambda: bool(fake.read_ahead))
    assert drafts(fake)[-1].endswith("The fox sleeps.\n```\n\nWhat does it say?")


def test_a_model_that_is_loaded_later_reads_the_draft_that_stands_there(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    application.models.unload()
    qtbot.waitUntil(lambda: application.models.loaded is None)
    type_on(application, "Are you there?")
    qtbot.wait(PAUSE_MS)
    assert fake.read_ahead == []
    application.models.load_again()
    qtbot.waitUntil(lambda: drafts(fake) == ["Are you there?"])


def test_who_does_not_want_it_switches_it_off(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    application.window.action.preferences.trigger()
    switch = find(application, QCheckBox, "readAhead")
    assert switch.isChecked()
    switch.click()
    type_on(application, "Who are you?")
    qtbot.wait(PAUSE_MS)
    assert fake.read_ahead == []
    switch.click()
    qtbot.waitUntil(lambda: drafts(fake) == ["Who are you?"])
