"""A model whose own chat template fails is used with a built-in one: offered beside the error, kept, set back."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QMenu, QPushButton, QTableView
from pytestqt.qtbot import QtBot
from window_steps import answer_with, click, find, say, shown

from app.application import Application
from app.core.conversation import Status
from app.core.library import Library
from app.core.paths import DataFolder
from app.views.model_words import template_title
from engine.api import NumericalError, TemplateError
from engine.builtin_templates import TEMPLATE_NAMES

WORDS = "The model's chat template failed (TypeError: no items)."


class FailingTemplate(FakeEngine):
    """Its own template always fails; any other one gives a reply."""

    def run(self, request, cancelled):
        """The events of one request."""
        own_is_used = self.loaded is not None and self.loaded.chat_template == "auto"
        self.replies = [TemplateError(WORDS) if own_is_used else ["Green", " tea."]]
        yield from super().run(request, cancelled)


def offers(application: Application) -> list[str]:
    bar = application.window.message_bar
    return [button.text() for button in bar.findChildren(QPushButton) if button.isVisible() and button.text()]


def press_offer(application: Application, title: str) -> None:
    bar = application.window.message_bar
    (button,) = [one for one in bar.findChildren(QPushButton) if one.isVisible() and one.text() == title]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def failed(qtbot: QtBot, open_window: OpenWindow) -> tuple[Application, FakeEngine]:
    """A window in which the first reply failed for its template."""
    engine = FailingTemplate()
    application = open_window(lambda: engine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    say(qtbot, application, "Which tea?")
    assert application.window.message_bar.text() == WORDS
    return application, engine


def test_the_offers_have_their_room_in_a_narrow_window_and_go_with_their_error(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    application, _ = failed(qtbot, open_window)
    bar = application.window.message_bar
    application.preferences.change("text_percent", 150)
    application.window.resize(480, 720)
    assert len(offers(application)) == 2

    def have_room() -> bool:
        buttons = [one for one in bar.findChildren(QPushButton) if one.isVisible()]
        return all(one.width() >= one.sizeHint().width() for one in buttons) and bar.rect().contains(
            buttons[-1].geometry().translated(buttons[-1].parentWidget().pos())
        )

    qtbot.waitUntil(have_room)
    bar.show_error("Another error.")
    assert offers(application) == []


def wait_for_reply(qtbot: QtBot, application: Application) -> None:
    qtbot.waitUntil(lambda: shown(application)[-1] == "Green tea.")
    qtbot.waitUntil(lambda: not application.chat.is_replying)


def details(application: Application) -> dict[str, str]:
    reply = application.chat.shown.tree.path()[-1]
    application.message_menu.show_details(reply.id)
    labels = [one.text() for one in application.window.findChildren(QLabel, "detailLabel")]
    values = [one.text() for one in application.window.findChildren(QLabel, "detailValue")]
    click(application, "closeDetails")
    return dict(zip(labels, values, strict=True))


def test_the_template_that_suits_the_vocabulary_is_one_click_away(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder, starter: Path
) -> None:
    application, engine = failed(qtbot, open_window)
    assert offers(application) == ["Answer with the template ChatML", "Another template…"]
    press_offer(application, "Answer with the template ChatML")
    wait_for_reply(qtbot, application)
    assert engine.loaded is not None
    assert engine.loaded.chat_template == "chatml"
    assert "has the template ChatML from now on" in application.window.message_bar.text()
    assert [one.status for one in application.chat.shown.tree.path()] == [Status.COMPLETE] * 2
    assert details(application)["Chat template"] == "ChatML"
    kept = Library(folder.models).load_settings(starter)
    assert kept is not None
    assert kept.chat_template == "chatml"


def test_the_others_are_in_a_menu(qtbot: QtBot, open_window: OpenWindow) -> None:
    application, engine = failed(qtbot, open_window)
    press_offer(application, "Another template…")
    menu = find(application, QMenu, "chatTemplateMenu")
    titles = [one.text() for one in menu.actions()]
    assert titles == [template_title(name) for name in TEMPLATE_NAMES if name != "chatml"]
    assert titles[-1] == "Plain text"
    assert application.window.message_bar.text() == WORDS, "it stays to be read"
    menu.actions()[titles.index("Phi-3")].trigger()
    menu.close()
    wait_for_reply(qtbot, application)
    assert engine.loaded is not None
    assert engine.loaded.chat_template == "phi-3"


def test_the_models_settings_show_the_choice_and_set_it_back(
    qtbot: QtBot, open_window: OpenWindow, folder: DataFolder, starter: Path
) -> None:
    application, engine = failed(qtbot, open_window)
    press_offer(application, "Answer with the template ChatML")
    wait_for_reply(qtbot, application)
    application.window.action.library.trigger()
    qtbot.waitUntil(lambda: not application.library.is_looking)
    find(application, QTableView, "libraryList").selectRow(0)
    combo = find(application, QComboBox, "modelChatTemplate")
    assert (combo.isEnabled(), combo.currentText()) == (True, "ChatML")
    combo.setCurrentIndex(0)
    combo.activated.emit(0)
    click(application, "loadModel")
    qtbot.waitUntil(lambda: engine.loaded is not None and engine.loaded.chat_template == "auto")
    qtbot.waitUntil(lambda: not application.models.is_loading)
    kept = Library(folder.models).load_settings(starter)
    assert kept is not None
    assert kept.chat_template == "auto"
    say(qtbot, application, "And now?")
    assert offers(application)[0] == "Answer with the template ChatML"


def test_no_other_error_and_no_built_in_template_is_told_so(qtbot: QtBot, open_window: OpenWindow) -> None:
    engine = FakeEngine([NumericalError("The model's output is not a number any more."), TemplateError(WORDS)])
    application = open_window(lambda: engine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    say(qtbot, application, "One")
    assert offers(application) == []
    application.models.use_template("gemma")
    qtbot.waitUntil(lambda: not application.models.is_loading)
    say(qtbot, application, "Two")
    assert application.window.message_bar.text() == WORDS
    assert offers(application) == [], "a built-in one is in use already"


@pytest.mark.parametrize("template", ["{% for %}", "{{ 9 // 0 }}"])
def test_the_real_engine_answers_with_the_chosen_template(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, fixtures: Path, template: str
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for part in (fixtures / "models" / "llama").iterdir():
        (model / part.name).write_bytes(part.read_bytes())
    (model / "chat_template.jinja").write_text(template)
    application = open_window(file=model)
    qtbot.waitUntil(lambda: application.models.loaded is not None, timeout=60_000)
    answer_with(application, temperature=0.0, max_tokens=4)
    say(qtbot, application, "Which tea?")
    assert application.window.message_bar.text().startswith("The model's chat template ")
    press_offer(application, offers(application)[0])
    qtbot.waitUntil(lambda: application.chat.shown.tree.path()[-1].status is Status.COMPLETE, timeout=20_000)
    record = application.store.record(application.chat.shown.tree.path()[-1].id)
    assert record["chat_template"] == "chatml"
    assert record["token_ids"]
