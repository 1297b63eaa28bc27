"""The hash of the model in use: computed beside the window, never while somebody waits for a first word."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from pytestqt.qtbot import QtBot
from window_steps import say

from app.core.paths import DataFolder
from engine.api import Event, ModelLoaded, ModelRequest
from engine.inspection.api import InspectionRequest

CONTENT = b"weights" * 400_000


class EngineOfFile(FakeEngine):
    """Loads a file that is there."""

    def __init__(self, model: Path) -> None:
        super().__init__()
        self.model = model

    def run(
        self, request: ModelRequest | InspectionRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, None]:
        """The events of one request."""
        for event in super().run(request, cancelled):
            is_load = isinstance(event, ModelLoaded)
            yield replace(event, info=replace(event.info, path=str(self.model))) if is_load else event


@pytest.fixture
def engine(tmp_path: Path) -> EngineOfFile:
    model = tmp_path / "model.gguf"
    model.write_bytes(CONTENT)
    return EngineOfFile(model)


def hashes(folder: DataFolder) -> list[str]:
    """Those that are written down."""
    if not folder.model_hashes.exists():
        return []
    return [entry["sha256"] for entry in json.loads(folder.model_hashes.read_text())["models"].values()]


def test_the_hash_is_there_before_anything_is_asked(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder, engine: EngineOfFile
) -> None:
    open_window(lambda: engine)
    qtbot.waitUntil(lambda: hashes(folder) == [hashlib.sha256(CONTENT).hexdigest()])
    assert engine.requests == []


def test_the_hash_waits_until_the_first_word_of_a_reply_is_there(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder, engine: EngineOfFile
) -> None:
    engine.gate.clear()
    application = open_window(lambda: engine)
    say(qtbot, application, "Hello", wait=False)
    qtbot.waitUntil(lambda: engine.requests != [])
    qtbot.wait(150)
    assert hashes(folder) == []
    engine.gate.set()
    qtbot.waitUntil(lambda: hashes(folder) != [])


def test_a_reply_that_ends_without_a_word_lets_the_hash_go_on(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder, engine: EngineOfFile
) -> None:
    engine.gate.clear()
    application = open_window(lambda: engine)
    say(qtbot, application, "Hello", wait=False)
    qtbot.waitUntil(lambda: engine.requests != [])
    application.chat.stop()
    qtbot.waitUntil(lambda: hashes(folder) != [])


def test_a_window_that_closes_meanwhile_leaves_no_thread(
    qtbot: QtBot, open_window: OpenWindow, engine: EngineOfFile
) -> None:
    engine.gate.clear()
    application = open_window(lambda: engine)
    say(qtbot, application, "Hello", wait=False)
    qtbot.waitUntil(lambda: engine.requests != [])
    assert "model hash" in {thread.name for thread in threading.enumerate()}
    application.close()
    assert "model hash" not in {thread.name for thread in threading.enumerate()}
