"""The composer: what it costs the context, and what it does with keys."""

from __future__ import annotations

from pathlib import Path

from conftest import OpenWindow
from fakes import INFO, FakeEngine
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from window_steps import find, say

from app.application import Application


def meter(application: Application) -> str:
    return find(application, QLabel, "contextMeter").text()


def test_the_meter_counts_the_chat_and_what_is_being_written(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    application.window.composer.set_text("three words here")
    qtbot.waitUntil(lambda: meter(application) == "3 of 2,048 tokens")
    say(qtbot, application, "")
    qtbot.waitUntil(lambda: meter(application) == "5 of 2,048 tokens")
    application.window.composer.set_text("and more")
    qtbot.waitUntil(lambda: meter(application) == "7 of 2,048 tokens")
    application.conversations.new_chat()
    qtbot.waitUntil(lambda: meter(application) == "")


def test_a_file_says_what_it_costs(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    application = open_window(FakeEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    (tmp_path / "a.txt").write_text("one two three")
    application.attaching.attach([str(tmp_path / "a.txt")])
    qtbot.waitUntil(lambda: bool(application.window.composer.files.shown()[0].detail))
    detail = application.window.composer.files.shown
    qtbot.waitUntil(lambda: "8 token" in detail()[0].detail)
    assert meter(application) == "8 of 2,048 tokens"


def test_what_does_not_fit_is_said_in_words_and_by_colour(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    application.window.composer.set_text("word " * INFO.context_length)
    qtbot.waitUntil(lambda: "too long" in meter(application))
    assert find(application, QLabel, "contextMeter").property("state") == "too_long"
    application.window.composer.set_text("word " * (INFO.context_length - 100))
    qtbot.waitUntil(lambda: "left out" in meter(application))
    application.window.composer.set_text("word")
    qtbot.waitUntil(lambda: meter(application) == "1 of 2,048 tokens")


def test_counting_does_not_wait_for_a_reply(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    fake.gate.clear()
    application = open_window(lambda: fake)
    say(qtbot, application, "first", wait=False)
    qtbot.waitUntil(lambda: bool(fake.requests))
    application.conversations.new_chat()
    application.window.composer.set_text("counted meanwhile")
    qtbot.waitUntil(lambda: meter(application) == "2 of 2,048 tokens")
    assert application.chat.is_replying
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
