"""One window for each data folder, the file that a second start brings, and what is told after a crash."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from app.application import cannot_open
from app.core.crash_log import CrashLog
from app.core.paths import DataFolder
from app.core.schema import MIGRATIONS
from app.core.settings import Settings, SettingsFile
from app.core.store import Store, StoreError, open_store
from app.instance import SingleInstance
from engine.api import Event, LoadRequest, ModelRequest
from engine.inspection.api import InspectionRequest

ENDS_BY_ITSELF = """
import ctypes, sys
from app.core.crash_log import CrashLog
from app.core.paths import data_folder

with CrashLog(data_folder(sys.argv[1])):
    {deed}
"""


def run_with_log(folder: DataFolder, deed: str) -> int:
    """The exit status of a process that does this with a crash log."""
    program = ENDS_BY_ITSELF.format(deed=deed)
    return subprocess.run([sys.executable, "-c", program, folder.root], check=False, capture_output=True).returncode


@pytest.fixture
def first(folder: DataFolder, qapp: QApplication) -> SingleInstance:
    """The instance whose window is open."""
    return SingleInstance(folder)


def test_a_second_start_raises_the_first_window(folder: DataFolder, first: SingleInstance, qtbot: QtBot) -> None:
    second = SingleInstance(folder)
    assert (first.is_first, second.is_first) == (True, False)
    opened: list[Path] = []
    first.openRequested.connect(opened.append)
    with qtbot.waitSignal(first.raiseRequested):
        assert second.raise_first()
    assert opened == []
    first.close()


@pytest.mark.parametrize("name", ["model.gguf", "模型 “é”.gguf", "not\udcffutf8.gguf"])
def test_a_second_start_hands_its_file_over(
    folder: DataFolder, first: SingleInstance, qtbot: QtBot, name: str
) -> None:
    if "\udcff" in name and sys.platform != "linux":
        pytest.skip("names are Unicode here")
    file = folder.root / name
    with qtbot.waitSignal(first.openRequested) as opened:
        assert SingleInstance(folder).raise_first(file)
    assert opened.args == [file]
    first.close()


def test_nobody_hears_when_no_window_is_open(folder: DataFolder, first: SingleInstance) -> None:
    second = SingleInstance(folder)
    first.close()
    assert not second.raise_first(folder.root / "model.gguf")


def test_a_file_from_the_desktop_is_opened(tmp_path: Path) -> None:
    program = """
import sys
from PySide6.QtGui import QFileOpenEvent
from app.instance import DesktopApplication

qt = DesktopApplication([])
qt.openRequested.connect(print)
qt.sendEvent(qt, QFileOpenEvent(sys.argv[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "model.gguf"], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == str(tmp_path / "model.gguf")


def test_the_window_opens_with_the_model_that_was_asked_for(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "asked.gguf"
    file.write_bytes(b"GGUF")
    loads: list[str] = []

    class Noting(FakeEngine):
        def run(self, request: ModelRequest | InspectionRequest, cancelled: Callable[[], bool]) -> Iterator[Event]:
            if isinstance(request, LoadRequest):
                loads.append(request.path)
            return super().run(request, cancelled)

    application = open_window(Noting, file=file)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    assert loads == [str(file)]


def test_the_window_opens_with_its_own_model_beside_a_file_that_is_none(
    open_window: OpenWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Some notes.")
    application = open_window(FakeEngine, file=file)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    qtbot.waitUntil(lambda: bool(application.window.composer.findChildren(QLabel, "fileDetail")))


def test_a_normal_end_leaves_no_log(folder: DataFolder) -> None:
    assert run_with_log(folder, "assert data_folder(sys.argv[1]).crash_log.is_file()") == 0
    assert not folder.crash_log.exists()
    assert CrashLog(folder).of_last_run is None


@pytest.mark.parametrize(
    ("deed", "told"),
    [("ctypes.string_at(0)", "Fatal Python error: Segmentation fault"), ("1 / 0", "ZeroDivisionError")],
)
def test_what_ended_it_is_told_on_the_next_start(folder: DataFolder, deed: str, told: str) -> None:
    assert run_with_log(folder, deed) != 0
    log = CrashLog(folder).of_last_run
    assert log == folder.last_crash_log
    text = log.read_text()
    assert text.startswith("Fireside ") and told in text
    assert CrashLog(folder).of_last_run is None


def test_a_kill_from_outside_is_no_crash(folder: DataFolder) -> None:
    assert run_with_log(folder, "import os; os.kill(os.getpid(), 9)") != 0
    assert CrashLog(folder).of_last_run is None


def test_the_window_says_where_the_log_is(open_window: OpenWindow, tmp_path: Path) -> None:
    application = open_window(FakeEngine)
    application.tell_of_crash(tmp_path / "crash.last.log")
    assert application.window.message_bar.text() == (
        f"Fireside ended unexpectedly; the log is at {tmp_path / 'crash.last.log'}."
    )


def test_why_it_cannot_open_is_told_in_the_persons_language(
    qapp: QApplication, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    SettingsFile(folder.settings).write(Settings(language="zh_CN"))
    Store(folder.database).close()
    with closing(sqlite3.connect(folder.database)) as database:
        database.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError) as refused:
        open_store(folder.database)
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: told.append(box.text()))
    assert cannot_open(qapp, folder, str(refused.value)) == 1
    name, place = folder.database.name, folder.database.parent
    known = len(MIGRATIONS)
    why = f"由较新的 Fireside 写入（格式 999，此版本支持到 {known}）；请更新 Fireside。"
    assert told == [f"无法打开对话：“{name}”（位于 {place}）{why}"]
