"""The model is let go of when nobody uses it, and the next message brings it back; a changed file is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from conftest import OpenWindow
from fakes import INFO, FakeEngine
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from window_steps import find, say, shown

from app.application import Application
from app.worker import create_engine
from engine.api import (
    Event,
    GenerateRequest,
    LoadRequest,
    ModelChangedError,
    ModelFileError,
    ModelLoaded,
    ModelRequest,
    RequestError,
)

RSS_LEFT = 60 << 20  # bytes that may be left of a model of 98 MB with its cache


def ready(qtbot: QtBot, application: Application) -> Application:
    qtbot.waitUntil(lambda: application.models.loaded is not None, timeout=30_000)
    return application


def idle(qtbot: QtBot, application: Application) -> None:
    """As if the minutes had passed."""
    assert application.idle_unload.timer.isActive()
    application.idle_unload.timer.setInterval(0)
    qtbot.waitUntil(lambda: application.models.loaded is None)


def test_an_idle_model_is_unloaded_and_the_next_message_loads_it_and_is_answered(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    assert application.idle_unload.timer.interval() == 30 * 60_000
    idle(qtbot, application)
    assert fake.loaded is None
    assert "The model was unloaded" in find(application, QLabel, "statusText").text()
    say(qtbot, application, "Are you there?")
    assert shown(application)[-1] == "Hello there."
    assert fake.loaded is not None


def test_zero_minutes_mean_never(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = ready(qtbot, open_window(FakeEngine))
    application.preferences.change("idle_unload_min", 0)
    assert not application.idle_unload.timer.isActive()
    application.preferences.change("idle_unload_min", 5)
    assert application.idle_unload.timer.interval() == 5 * 60_000


def test_a_model_that_replies_is_not_idle(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    fake.gate.clear()
    say(qtbot, application, "Hi", wait=False)
    qtbot.waitUntil(lambda: application.chat.is_replying)
    application.idle_unload.timer.setInterval(0)
    qtbot.waitUntil(lambda: application.idle_unload.timer.interval() > 0)
    fake.gate.set()
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert application.models.loaded is not None


class Forgetful(FakeEngine):
    """Knows no model that was not loaded just before; loading fails once the file is gone."""

    is_gone = False

    def run(self, request: ModelRequest, cancelled: Callable[[], bool]) -> Iterator[Event]:
        """The events of one request."""
        if isinstance(request, LoadRequest) and self.is_gone:
            raise ModelFileError("The file is gone.")
        if isinstance(request, GenerateRequest) and self.loaded is None:
            raise RequestError("No model is loaded yet; open one first.")
        for event in super().run(request, cancelled):
            if isinstance(event, ModelLoaded) and isinstance(request, LoadRequest):
                yield replace(event, info=replace(INFO, path=request.path))
            else:
                yield event


def test_a_model_that_does_not_come_back_says_why(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = Forgetful()
    application = ready(qtbot, open_window(lambda: fake))
    idle(qtbot, application)
    fake.is_gone = True
    say(qtbot, application, "Hi")
    assert application.window.message_bar.text() == "The file is gone."


def test_the_memory_of_an_unloaded_model_really_comes_back(qtbot: QtBot, open_window: OpenWindow) -> None:
    process = psutil.Process()
    application = ready(qtbot, open_window(create_engine))
    say(qtbot, application, "Hi", wait=False)
    qtbot.waitUntil(lambda: application.chat.is_replying)
    application.chat.stop()
    qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=30_000)
    idle(qtbot, application)
    without = process.memory_info().rss
    mapped = [one.path for one in process.memory_maps() if one.path.endswith(".gguf")] if os.name == "posix" else []
    assert mapped == []
    application.models.load_again()
    ready(qtbot, application)
    say(qtbot, application, "Hi again", wait=False)
    qtbot.waitUntil(lambda: application.chat.is_replying)
    application.chat.stop()
    qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=30_000)
    idle(qtbot, application)
    assert process.memory_info().rss - without < RSS_LEFT


def test_a_changed_file_is_told_at_once_and_loaded_again_by_one_click(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    fake = FakeEngine()
    application = ready(qtbot, open_window(lambda: fake))
    model = tmp_path / "m.gguf"
    model.write_bytes(b"GGUF")
    application.models.open(str(model))
    qtbot.waitUntil(lambda: not application.models.is_loading)
    fake.loaded = None
    model.write_bytes(b"GGUF changed")
    bar = application.window.message_bar
    qtbot.waitUntil(lambda: "was changed or removed" in bar.text())
    find(application, QPushButton, "messageBarAction").click()
    qtbot.waitUntil(lambda: fake.loaded is not None)


def test_a_reply_of_a_changed_file_is_refused_with_a_way_out(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = ready(qtbot, open_window(lambda: FakeEngine([ModelChangedError("It was changed.")])))
    say(qtbot, application, "Hi")
    assert application.window.message_bar.text().startswith(f"The file of {INFO.name} was changed")


@pytest.mark.parametrize("is_same", [True, False])
def test_an_opened_chat_offers_the_model_that_wrote_it(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, is_same: bool
) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    fake = Forgetful()
    application = ready(qtbot, open_window(lambda: fake))
    application.models.open(str(other))
    qtbot.waitUntil(lambda: not application.models.is_loading)
    say(qtbot, application, "Hi")
    chat = application.chat.conversation_id
    wrote = application.store.last_model(chat or "")
    assert wrote is not None
    if not is_same:
        starter = application.library.known()[0]
        application.models.open_known(starter)
        qtbot.waitUntil(lambda: not application.models.is_loading)
    application.chat.open(None)
    application.chat.open(chat)
    assert ("This chat was written with" in application.window.message_bar.text()) is not is_same
