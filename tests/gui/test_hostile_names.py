"""Names and texts from outside are plain text in every label, tooltip, row and dialog: a walk through all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
from conftest import OpenWindow
from every_view import OPENERS, faces, open_dialog
from fakes import INFO, FakeEngine
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, QObject
from PySide6.QtGui import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_steps import find, say

from app.application import Application
from app.core.discovery import Machine
from app.views.links import open_link
from benchmarks.tiny_models import tiny_gguf
from engine.api import Event, LoadRequest, ModelFileError, ModelHeader, ModelLoaded

EVIL = "<b>Evil<img src='x.png'>"  # what Qt takes for markup, and what a file may be named
MARK = "Evil"


class EvilEngine(FakeEngine):
    """Its model, its words and its errors have the name."""

    def run(self, request, cancelled) -> Iterator[Event]:
        """The events of one request."""
        for event in super().run(request, cancelled):
            if isinstance(event, ModelLoaded) and isinstance(request, LoadRequest):
                info = replace(INFO, name=EVIL, path=request.path, family=EVIL, quantisation=EVIL, licence=EVIL)
                yield replace(event, info=info, device=EVIL, notice=EVIL)
            else:
                yield event


def evil_header(path: Path) -> ModelHeader:
    if "broken" in path.name:
        raise ModelFileError(EVIL)
    info = replace(INFO, name=EVIL, path=str(path), family=EVIL, quantisation=EVIL, tokenizer=EVIL, licence=EVIL)
    return ModelHeader(info, problem=EVIL if "odd" in path.name else None)


@pytest.fixture
def application(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> Application:
    """A window in which everything that can have a name has this one."""
    home = tmp_path / "home" / ".lmstudio" / "models" / "ada"
    for number, name in enumerate((f"{EVIL}.gguf", "broken.gguf", "odd.gguf")):
        tiny_gguf(home / name, seed=number)
    reply = [f"<think>{EVIL}</think>", f"# {EVIL}\n\n", EVIL, f" `{EVIL}` [{EVIL}](https://example.org/{EVIL})", EVIL]
    application = open_window(
        lambda: EvilEngine([reply]), machine=Machine(tmp_path / "home", {}, "linux"), read_header=evil_header
    )
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    say(qtbot, application, EVIL)
    chat = application.chat.conversation_id
    assert chat is not None
    application.store.rename(chat, EVIL)
    application.store.set_tags(chat, [EVIL])
    application.conversations.create_folder(EVIL, None, [chat])
    binned = application.store.create_conversation(EVIL)
    application.store.delete_conversation(binned.id)
    application.conversations.refresh()
    application.chat.open(chat)
    file = tmp_path / EVIL
    file.write_text(EVIL)
    application.attaching.attach([str(file)])
    application.window.action.settings.setChecked(True)
    application.window.message_bar.show_error(EVIL, action="Try again", on_action=lambda: None)
    return application


def is_plain(text: str) -> bool:
    """Whether Qt shows a text that it may take for markup as it stands."""
    return MARK not in text or not Qt.mightBeRichText(text) or (escape(EVIL) in text and "<b>" not in text)


def rows(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[QModelIndex]:
    for row in range(model.rowCount(parent)):
        if isinstance(model, QAbstractListModel):
            yield model.index(row, 0, parent)
            continue
        for column in range(model.columnCount(parent)):
            yield model.index(row, column, parent)
        yield from rows(model, model.index(row, 0, parent))


def faults(part: QObject) -> Iterator[str]:
    """What of one part Qt would read as markup."""
    name = f"{type(part).__name__} {part.objectName()}"
    if isinstance(part, QWidget) and not is_plain(part.toolTip()):
        yield f"{name}: tooltip {part.toolTip()}"
    if (
        isinstance(part, QMessageBox)
        and part.textFormat() is not Qt.TextFormat.PlainText
        and not is_plain(part.text())
    ):
        yield f"{name}: {part.text()}"
    if isinstance(part, QLabel) and part.textFormat() is not Qt.TextFormat.PlainText and not is_plain(part.text()):
        yield f"{name}: {part.text()}"
    if isinstance(part, QTextEdit) and MARK in part.toHtml() and EVIL not in part.toPlainText():
        yield f"{name}: {part.toPlainText()}"
    if isinstance(part, QAbstractItemView) and not isinstance(part, QHeaderView) and part.model() is not None:
        for index in rows(part.model(), QModelIndex()):
            for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.WhatsThisRole):
                if not is_plain(str(index.data(role) or "")):
                    yield f"{name}: row {index.row()} {index.data(role)}"


def below(view: QWidget) -> Iterator[str]:
    for part in [view, *view.findChildren(QObject)]:
        yield from faults(part)


def test_the_window_shows_what_it_is_given(application: Application, qtbot: QtBot) -> None:
    window = application.window
    assert MARK in window.windowTitle()
    window.action.look_inside.setChecked(True)
    qtbot.waitUntil(lambda: application.inspector.tokens is not None)
    application.inspector.choose(1)
    window.action.find.trigger()
    find(application, QLineEdit, "conversationSearch").setText(MARK)
    qtbot.waitUntil(lambda: bool(application.window.findChildren(QLabel)))
    window.action.palette.trigger()
    find(application, QLineEdit, "paletteField").setText(MARK)
    qtbot.wait(300)
    found = [fault for _ in faces(window) for fault in below(window)]
    assert "\n".join(sorted(set(found))) == ""
    texts = [part.text() for part in window.findChildren(QLabel) if MARK in part.text()]
    assert texts, "nothing of what was named is shown"


def test_every_dialog_shows_what_it_is_given(application: Application, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not application.library.is_looking)
    found = []
    for name in sorted(OPENERS):
        dialog = open_dialog(application, name)
        qtbot.wait(50)  # what a dialog lists may come from another thread
        found += [f"{name}: {fault}" for _ in faces(dialog) for fault in below(dialog)]
        dialog.close()
        QApplication.processEvents()
    assert "\n".join(sorted(set(found))) == ""


def test_menus_show_what_they_are_given(application: Application) -> None:
    chat = application.chat.conversation_id
    assert chat is not None
    menu = application.window.sidebar.menus.conversation_menu([chat])
    assert list(below(menu)) == []
    assert isinstance(menu, QMenu)
    menu.close()


def test_a_question_about_a_link_shows_what_it_is_given(application: Application) -> None:
    open_link(f"https://evil.example/{EVIL}", application.window, text="example.org")
    question = find(application, QMessageBox, "linkQuestion")
    assert EVIL in question.text()
    assert list(below(question)) == []
    question.close()


def test_qt_would_read_the_name_as_markup(qtbot: QtBot) -> None:
    """Otherwise this file tests nothing."""
    label = QLabel(EVIL)
    label.setToolTip(EVIL)
    qtbot.addWidget(label)
    assert len(list(faults(label))) == 2
