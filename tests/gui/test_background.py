"""Jobs beside the window's thread: what comes in after the end finds nobody to tell."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.controllers.background import Background


def test_a_job_that_is_asked_for_after_the_end_does_not_run(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    background = Background(tmp_path / "none.sqlite3")
    ran = threading.Event()
    background.start(lambda _control: ran.set(), name="early")
    qtbot.waitUntil(ran.is_set)
    background.close()
    ran.clear()
    told: list[object] = []
    job = background.start(lambda _control: ran.set(), name="late")
    job.succeeded.connect(told.append)
    qtbot.wait(100)
    assert not ran.is_set()
    assert told == []
    background.close()
