"""The window with the fake engine: what a person does, what is shown, what is kept."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from window_steps import find, press, say, shown

from app.core.paths import DataFolder
from app.core.store import Store
from engine.api import NumericalError


def test_a_fresh_window_takes_input_at_once(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    focus = application.window.focusWidget()
    assert focus is not None
    assert focus.objectName() == "composer"
    assert find(application, QWidget, "placeholder").isVisible()


def test_a_typed_message_is_answered(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Who are you?")
    assert shown(application) == ["Who are you?", "Hello there."]
    assert application.window.composer.text() == ""
    assert application.window.windowTitle() == "Who are you? — Fireside"


def test_a_chat_that_begins_with_a_greeting_is_named_by_the_reply(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(lambda: FakeEngine([["# Foxes", " and lanterns"]]))
    say(qtbot, application, "Hi")
    assert application.window.windowTitle() == "Foxes and lanterns — Fireside"
    (chat,) = application.store.conversations()
    assert chat.title == "Foxes and lanterns"


def test_shift_enter_breaks_the_line_and_an_empty_message_is_not_sent(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    composer = find(application, QPlainTextEdit, "composer")
    QTest.keyClick(composer, Qt.Key.Key_Return)
    assert shown(application) == []
    QTest.keyClicks(composer, "a")
    QTest.keyClick(composer, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    say(qtbot, application, "b")
    assert shown(application)[0] == "a\nb"


def test_escape_stops_a_reply_and_keeps_what_is_there(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["word "] * 100_000])
    fake.token_s = 0.002
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi", wait=False)
    qtbot.waitUntil(lambda: len(shown(application)[-1]) > 20 if shown(application) else False)
    QTest.keyClick(find(application, QPlainTextEdit, "composer"), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    kept = shown(application)[-1]
    assert kept.startswith("word word")
    notes = [note.text() for note in application.window.findChildren(QLabel, "messageNote") if note.isVisible()]
    assert notes == ["Stopped"]
    assert application.store.tree(application.chat.conversation_id or "").path()[-1].text == kept


def test_a_message_is_on_disk_before_the_engine_sees_it(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    fake = FakeEngine()
    fake.gate.clear()
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi", wait=False)
    qtbot.waitUntil(lambda: bool(fake.requests))
    other = Store(folder.database)
    (chat,) = other.conversations()
    assert [message.text for message in other.tree(chat.id).path()] == ["Hi", ""]
    other.close()
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)


def test_closing_the_window_in_the_middle_of_a_reply_keeps_it(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    fake = FakeEngine([["word "] * 100_000])
    fake.token_s = 0.002
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi", wait=False)
    qtbot.waitUntil(lambda: len(shown(application)[-1]) > 20 if shown(application) else False)
    seen = shown(application)[-1]
    application.window.close()
    store = Store(folder.database)
    reply = store.tree(store.conversations()[0].id).path()[-1]
    store.close()
    assert reply.text.startswith(seen)
    assert reply.status == "stopped"
    assert fake.is_closed


def test_regenerating_adds_a_version_and_the_old_one_can_be_shown(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(lambda: FakeEngine([["one"], ["two"]]))
    say(qtbot, application, "Hi")
    press(application, "regenerateButton")
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert shown(application) == ["Hi", "two"]
    press(application, "previousVersion")
    assert shown(application) == ["Hi", "one"]


def test_editing_a_message_makes_a_branch_and_loses_nothing(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(lambda: FakeEngine([["one"], ["two"]]))
    say(qtbot, application, "first")
    press(application, "editButton")
    editor = find(application, QPlainTextEdit, "messageEditor")
    editor.setPlainText("second")
    QTest.mouseClick(find(application, QPushButton, "saveEdit"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert shown(application) == ["second", "two"]
    press(application, "previousVersion", last=False)
    assert shown(application) == ["first", "one"]


def test_a_deleted_message_comes_back_with_undo(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    press(application, "deleteMessageButton")
    assert shown(application) == ["Hi"]
    QTest.mouseClick(find(application, QPushButton, "messageBarAction"), Qt.MouseButton.LeftButton)
    assert shown(application) == ["Hi", "Hello there."]


def test_a_deleted_conversation_comes_back_with_undo(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    application.window.action.delete.trigger()
    assert shown(application) == []
    assert application.store.conversations() == ()
    QTest.mouseClick(find(application, QPushButton, "messageBarAction"), Qt.MouseButton.LeftButton)
    assert shown(application) == ["Hi", "Hello there."]


def test_a_reply_goes_on_while_another_conversation_is_open(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine([["Hello", " there"]])
    application = open_window(lambda: fake)
    say(qtbot, application, "old")
    old = application.chat.conversation_id
    application.conversations.new_chat()
    fake.gate.clear()
    say(qtbot, application, "new", wait=False)
    qtbot.waitUntil(lambda: len(fake.requests) == 2)
    application.conversations.open(old or "")
    assert shown(application) == ["old", "Hello there"]
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    application.conversations.open(application.store.conversations()[0].id)
    assert shown(application) == ["new", "Hello there"]


def test_a_restart_shows_the_conversations_again(qtbot: QtBot, open_window: OpenWindow) -> None:
    first = open_window(FakeEngine)
    say(qtbot, first, "Remember me")
    first.window.close()
    second = open_window(FakeEngine)
    (chat,) = second.store.conversations()
    second.conversations.open(chat.id)
    assert shown(second) == ["Remember me", "Hello there."]


def test_an_error_of_the_engine_is_one_sentence_and_the_next_message_works(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    application = open_window(lambda: FakeEngine([NumericalError("The output is not a number."), ["fine"]]))
    say(qtbot, application, "Hi")
    assert application.window.message_bar.text() == "The output is not a number."
    say(qtbot, application, "again")
    assert shown(application)[-1] == "fine"


def test_an_unexpected_error_is_logged_told_and_survived(
    qtbot: QtBot, open_window: OpenWindow, caplog: pytest.LogCaptureFixture
) -> None:
    application = open_window(lambda: FakeEngine([ZeroDivisionError("oops"), ["fine"]]))
    say(qtbot, application, "Hi")
    assert "unexpected went wrong (ZeroDivisionError)" in application.window.message_bar.text()
    assert "oops" in caplog.text
    say(qtbot, application, "again")
    assert shown(application)[-1] == "fine"


def test_files_carried_over_the_window_are_told_what_becomes_of_them(open_window: OpenWindow, tmp_path: Path) -> None:
    application = open_window(FakeEngine)
    hint = find(application, QLabel, "composerHint")
    usual = hint.text()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, button, keys)
    QApplication.sendEvent(application.window, enter)
    assert enter.isAccepted()
    assert "attach" in hint.text()
    QApplication.sendEvent(application.window, QDragLeaveEvent())
    assert hint.text() == usual


def test_a_dropped_model_that_is_none_is_refused_and_the_model_in_use_goes_on(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    application = open_window(FakeEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "broken.gguf"))])
    drop = QDropEvent(
        QPointF(QPoint(50, 50)),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    application.window.dropEvent(drop)
    qtbot.waitUntil(lambda: "not a model file" in application.window.message_bar.text())
    assert application.window.model_picker.text() == "Fake model" or application.models.is_loading
    qtbot.waitUntil(lambda: not application.models.is_loading)
    say(qtbot, application, "Hi")
    assert shown(application)[-1] == "Hello there."


def test_both_themes_dress_the_whole_window(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    grounds = []
    for choice in ("light", "dark"):
        application.preferences.change("theme", choice)
        image = application.window.grab().toImage()
        grounds.append(image.pixelColor(image.width() // 2, image.height() // 2).lightness())
    assert grounds[0] > 200
    assert grounds[1] < 60


def test_settings_reach_the_engine_and_survive_a_restart(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    application.window.action.settings.setChecked(True)
    prompt = find(application, QPlainTextEdit, "systemPrompt")
    prompt.setPlainText("Be brief.")
    say(qtbot, application, "Hi")
    assert [message.content for message in fake.requests[-1].prompt] == ["Be brief.", "Hi"]  # type: ignore[union-attr]
    application.window.close()
    again = open_window(FakeEngine)
    again.chat.open(again.store.conversations()[0].id)
    assert again.chat.settings.system_prompt == "Be brief."


def test_the_event_loop_does_not_stall_while_a_long_reply_streams(qtbot: QtBot, open_window: OpenWindow) -> None:
    """The figure is reported by `make bench`; here a stall that a person would call a freeze fails."""
    paragraph = "Some *words* and `code` that make a paragraph. " * 4
    text = "\n\n".join([paragraph, "```python\n" + "x = 1\n" * 30 + "```", "- item\n" * 10] * 25)
    fake = FakeEngine([[text[i : i + 5] for i in range(0, len(text), 5)]])
    fake.token_s = 0.0005  # without a pause the loop would hand out tokens until the last one, and do nothing else
    application = open_window(lambda: fake)
    stalls = [0.0]
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        stalls.append(now - last[0])
        last[0] = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(5)
    say(qtbot, application, "Hi")
    timer.stop()
    assert shown(application)[-1] == text
    assert max(stalls) < 1.0


def test_every_control_has_a_name_for_assistive_technology(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.window.action.settings.setChecked(True)
    unnamed = [
        button.objectName() or button.text()
        for button in application.window.findChildren(QToolButton)
        if button.isVisible() and not (button.accessibleName() or button.text())
    ]
    assert unnamed == []
    for name in (
        "conversationSearch", "newChatButton", "transcript", "composer", "sendButton", "stopButton", "modelPicker",
        "statusSpeed", "contextMeter", "settingsPanel",
    ):  # fmt: skip
        assert application.window.findChild(QWidget, name) is not None, name


def test_the_reply_is_copied_to_the_clipboard(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    press(application, "copyButton")
    assert QApplication.clipboard().text() == "Hello there."


def test_a_request_names_the_file_of_its_conversation_and_the_tokens_of_earlier_replies(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    say(qtbot, application, "Hi")
    say(qtbot, application, "And?")
    conversation_id = application.chat.conversation_id
    path = folder.caches / f"{conversation_id}.safetensors"
    assert {request.cache_path for request in fake.requests} == {str(path)}
    assert [message.token_ids for message in fake.requests[1].prompt] == [(), (0, 1, 2), ()]
    application.chat.open(None)
    application.chat.open(conversation_id)
    say(qtbot, application, "More?")
    assert [message.token_ids for message in fake.requests[2].prompt] == [(), (0, 1, 2), (), (0, 1, 2), ()]


def test_what_was_read_of_a_conversation_is_deleted_with_it(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder
) -> None:
    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    path = folder.caches / f"{application.chat.conversation_id}.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"x")
    application.conversations.delete([application.chat.conversation_id or ""])
    assert not path.exists()
    path.write_bytes(b"written by the engine afterwards")
    application.close()
    assert not path.exists()


def test_a_chat_can_be_laid_out_while_another_one_takes_its_place(
    qtbot: QtBot, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark of a temporary chat can change the transcript's size before its messages are there."""
    application = open_window(lambda: FakeEngine([["word\n\n" * 300]]))
    for number in range(3):
        say(qtbot, application, f"question {number}")
    window, name = application.window, application.window.show_conversation_title

    def name_and_turn(title: str | None, *, is_temporary: bool) -> None:
        name(title, is_temporary=is_temporary)
        window.transcript.verticalScrollBar().setValue(0)
        window.transcript.resize(window.transcript.width() - 40, window.transcript.height())

    monkeypatch.setattr(window, "show_conversation_title", name_and_turn)
    application.conversations.new_temporary_chat()
    assert shown(application) == []


def test_garbage_is_collected_again_when_a_start_is_over(qtbot: QtBot, open_window: OpenWindow) -> None:
    """`app.__main__` switches it off; the real engine is not made where a remote model is used."""
    gc.disable()
    try:
        open_window(FakeEngine)
        qtbot.waitUntil(gc.isenabled)
    finally:
        gc.enable()
