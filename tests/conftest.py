"""Shared fixtures: reference data, the starter model, and a window that leaks nothing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
from fakes import fake_header
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reference_data import FIXTURES

from app.application import Application
from app.core.discovery import Machine
from app.core.paths import DataFolder, data_folder
from app.core.scan import ReadHeader
from app.worker import EngineLike, create_engine
from engine.starter import starter_model_path

OpenWindow = Callable[..., Application]


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder with reference models, vocabularies, templates and quantisation tables."""
    return FIXTURES


@pytest.fixture(scope="session")
def starter() -> Path:
    """The starter model's file."""
    path = starter_model_path()
    assert path is not None, "the starter model is not installed; `make test` installs it"
    return path


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An empty data folder."""
    return data_folder(str(tmp_path / "data"))


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication, folder: DataFolder) -> Iterator[OpenWindow]:
    """Opens windows on `folder`; afterwards no thread, timer or top-level widget of theirs may be left."""
    before = set(threading.enumerate())
    opened: list[Application] = []

    def open_one(
        make_engine: Callable[[], EngineLike] = create_engine,
        *,
        machine: Machine | None = None,
        read_header: ReadHeader = fake_header,
        file: Path | None = None,
    ) -> Application:
        home = Machine(folder.root / "home", {}, sys.platform)  # so that no test finds what others keep here
        application = Application(
            qapp, folder, make_engine=make_engine, machine=machine or home, read_header=read_header
        )
        opened.append(application)
        application.start(file)
        qtbot.waitExposed(application.window)
        return application

    yield open_one
    for application in opened:
        application.window.close()
        application.close()
        application.window.deleteLater()
        application.deleteLater()
    opened.clear()
    qapp.processEvents()
    qapp.sendPostedEvents(None, 52)  # QEvent.DeferredDelete: deleteLater waits for a loop that tests do not enter
    qtbot.waitUntil(lambda: set(threading.enumerate()) <= before, timeout=10_000)
    qtbot.waitUntil(lambda: not [w for w in qapp.topLevelWidgets() if w.isVisible()], timeout=2000)
