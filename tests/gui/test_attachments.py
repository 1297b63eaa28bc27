"""Files beside a message: pasted, dropped or chosen, shown as chips, read by the model, kept with the message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QLabel, QPlainTextEdit, QToolButton
from pytestqt.qtbot import QtBot
from window_steps import click, find, press, say, shown

from app.application import Application
from app.controllers import attaching
from app.core.conversation import PartKind
from app.views import pictures
from app.views.composer_edit import LONG_PASTE, ComposerEdit
from app.views.file_chips import ChipState, FileChip
from engine.api import Message


def chips(application: Application) -> tuple[FileChip, ...]:
    return application.window.composer.files.shown()


def attach(qtbot: QtBot, application: Application, *paths: Path) -> None:
    application.attaching.attach([str(path) for path in paths])
    wait_until_read(qtbot, application)


def wait_until_read(qtbot: QtBot, application: Application) -> None:
    qtbot.waitUntil(lambda: all(chip.state is not ChipState.READING for chip in chips(application)), timeout=10_000)


def paste(application: Application, data: QMimeData) -> None:
    find(application, ComposerEdit, "composer").insertFromMimeData(data)


def asked(fake: FakeEngine) -> str:
    prompt = fake.requests[-1].prompt
    assert not isinstance(prompt, str)
    assert isinstance(prompt[-1], Message)
    return prompt[-1].content


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text("apples,3\n")
    return path


def test_a_file_is_read_by_the_model_and_kept_with_the_message(
    qtbot: QtBot, open_window: OpenWindow, table: Path
) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    attach(qtbot, application, table)
    assert [chip.name for chip in chips(application)] == ["prices.csv"]
    say(qtbot, application, "Sum?")
    assert asked(fake) == "Attached file: prices.csv\n```csv\napples,3\n```\n\nSum?"
    assert chips(application) == ()
    message = application.store.tree(application.chat.conversation_id or "").path()[0]
    assert [part.kind for part in message.parts] == [PartKind.FILE, PartKind.TEXT]
    assert application.store.attachment_data(message.parts[0].sha256 or "") == b"apples,3\n"
    assert shown(application)[0] == "Sum?"


def test_a_file_alone_is_a_message(qtbot: QtBot, open_window: OpenWindow, table: Path) -> None:
    application = open_window(FakeEngine)
    attach(qtbot, application, table)
    press(application, "sendButton")
    qtbot.waitUntil(lambda: len(shown(application)) == 2 and not application.chat.is_replying)
    (chat,) = application.store.conversations()
    assert chat.title == "prices.csv"


def test_the_chip_of_a_message_shows_the_file(qtbot: QtBot, open_window: OpenWindow, table: Path) -> None:
    application = open_window(FakeEngine)
    attach(qtbot, application, table)
    say(qtbot, application, "Sum?")
    press(application, "openFile")
    dialog = find(application, QDialog, "fileDialog")
    assert find(application, QPlainTextEdit, "fileText").toPlainText() == "apples,3\n"
    dialog.close()


def test_a_file_that_cannot_be_read_says_why_and_holds_the_message_back(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    (tmp_path / "notes.txt").write_bytes(b"PK\x03\x04")
    attach(qtbot, application, tmp_path / "notes.txt")
    (chip,) = chips(application)
    assert chip.state is ChipState.REFUSED
    assert "zip archive" in chip.detail
    say(qtbot, application, "Read this", wait=False)
    assert "remove it" in find(application, QLabel, "composerHint").text()
    assert application.window.composer.text() == "Read this"
    press(application, "removeFile")
    say(qtbot, application, "")
    assert asked(fake) == "Read this"


def test_a_long_text_that_is_pasted_becomes_a_file_and_a_text_again(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    data = QMimeData()
    data.setText("word " * LONG_PASTE)
    paste(application, data)
    wait_until_read(qtbot, application)
    assert [chip.name for chip in chips(application)] == ["Pasted text.txt"]
    assert application.window.composer.text() == ""
    click(application, "messageBarAction")
    assert chips(application) == ()
    assert application.window.composer.text() == data.text()


def test_a_short_text_is_pasted_as_it_is(open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    data = QMimeData()
    data.setText("short")
    paste(application, data)
    assert application.window.composer.text() == "short"


def test_copied_files_and_pictures_are_attached(qtbot: QtBot, open_window: OpenWindow, table: Path) -> None:
    application = open_window(FakeEngine)
    files, picture = QMimeData(), QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(table))])
    drawn = QImage(3, 2, QImage.Format.Format_RGB32)
    drawn.fill(0)
    picture.setImageData(drawn)
    paste(application, files)
    paste(application, picture)
    wait_until_read(qtbot, application)
    assert [(chip.name, chip.is_picture) for chip in chips(application)] == [
        ("prices.csv", False),
        ("Pasted picture.png", True),
    ]
    assert "not seen by the model" in chips(application)[1].detail


def test_a_picture_alone_is_not_sent_because_the_model_would_read_nothing(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    application = open_window(FakeEngine)
    drawn = QImage(3, 2, QImage.Format.Format_RGB32)
    drawn.fill(0)
    assert drawn.save(str(tmp_path / "dot.png"))
    attach(qtbot, application, tmp_path / "dot.png")
    press(application, "sendButton")
    assert "sees no pictures" in find(application, QLabel, "composerHint").text()
    say(qtbot, application, "What is this?")
    message = application.window.transcript.views()[0].message
    assert [picture.read()[:4] for picture in message.images] == [b"\x89PNG"]


@pytest.mark.parametrize("kind", ["new_chat", "temporary_chat"])
def test_a_picture_is_drawn_below_its_message(
    kind: str, qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    application = open_window(FakeEngine)
    getattr(application.window.action, kind).trigger()
    drawn = QImage(30, 20, QImage.Format.Format_RGB32)
    drawn.fill(len(kind))  # one that no other test has decoded
    assert drawn.save(str(tmp_path / "dot.png"))
    attach(qtbot, application, tmp_path / "dot.png")
    say(qtbot, application, "What is this?")
    button = find(application, QToolButton, "pictureButton")
    qtbot.waitUntil(lambda: not button.icon().isNull())


def test_decoded_pictures_take_bounded_memory(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = QImage(100, 50, QImage.Format.Format_RGB32)
    drawn.fill(0)
    assert drawn.save(str(tmp_path / "dot.png"))
    monkeypatch.setattr(pictures, "MOST_KEPT_BYTES", 2 * drawn.sizeInBytes())
    decoder, longest = pictures.PictureDecoder(), 100
    images = [pictures.ShownImage(name, "image/png", name, (tmp_path / "dot.png").read_bytes) for name in "abc"]
    for image in images:
        decoder.get(image, longest)
        qtbot.waitUntil(lambda image=image: decoder.is_known(image, longest))
    assert [decoder.is_known(image, longest) for image in images] == [False, True, True]


def test_files_of_a_temporary_chat_stay_off_the_disk(qtbot: QtBot, open_window: OpenWindow, table: Path) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    application.window.action.temporary_chat.trigger()
    attach(qtbot, application, table)
    say(qtbot, application, "Sum?")
    assert "apples,3" in asked(fake)
    assert application.store._db.read("SELECT count(*) FROM attachments") == [(0,)]


def test_no_more_files_than_a_message_holds(
    qtbot: QtBot, open_window: OpenWindow, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "MOST_FILES", 2)
    application = open_window(FakeEngine)
    attach(qtbot, application, table, table, table)
    assert len(chips(application)) == 2
    assert "left out" in application.window.message_bar.text()


def test_what_is_dropped_goes_where_it_belongs(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    application = open_window(FakeEngine)
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"apples": 3}))
    note = tmp_path / "note.txt"
    note.write_text("hello")
    application.window.filesDropped.emit([str(data), str(note)])
    qtbot.waitUntil(lambda: len(chips(application)) == 2)
    wait_until_read(qtbot, application)
    assert {chip.name for chip in chips(application)} == {"data.json", "note.txt"}
    chats = tmp_path / "chats.json"
    chat = {"title": "Tea", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}
    chats.write_text(json.dumps([chat]))
    application.window.filesDropped.emit([str(chats)])
    qtbot.waitUntil(lambda: application.window.findChild(QDialog, "importDialog") is not None)
    find(application, QDialog, "importDialog").close()
    assert len(chips(application)) == 2


def test_every_button_of_a_chip_has_a_name(qtbot: QtBot, open_window: OpenWindow, table: Path) -> None:
    application = open_window(FakeEngine)
    attach(qtbot, application, table)
    buttons = application.window.composer.files.findChildren(QToolButton)
    assert {button.accessibleName() for button in buttons} == {"Show “prices.csv”", "Remove “prices.csv”"}
