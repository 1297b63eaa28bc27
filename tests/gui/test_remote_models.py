"""Remote models in the window: added in the settings, asked about, chosen, answered by, and left again."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator

import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot
from remote_server import RemoteServer, chunk, serving
from shiboken6 import isValid
from window_steps import click, find, press, say, shown

from app.application import Application
from app.core import secrets
from app.core.conversation import Status
from app.core.paths import DataFolder
from app.core.remote.endpoints import Endpoint, Endpoints, RemoteModel
from app.core.settings import Settings, SettingsFile
from app.views.model_picker import ModelChoice
from engine.inspection.api import SpellRequest

KEY = "sk-very-secret"


@pytest.fixture
def server() -> Iterator[RemoteServer]:
    with serving(RemoteServer()) as running:
        yield running


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The keyring of the machine that runs the tests is left alone, and no thread but a background one asks it."""
    kept: dict[str, str] = {}

    def keep(_self: secrets.Secrets, address: str, token: str) -> bool:
        assert threading.current_thread() is not threading.main_thread()
        kept[address] = token
        return True

    def tell(_self: secrets.Secrets, address: str) -> str | None:
        assert threading.current_thread() is not threading.main_thread()
        return kept.get(address) or None

    monkeypatch.setattr(secrets.Secrets, "set", keep)
    monkeypatch.setattr(secrets.Secrets, "get", tell)
    return kept


@pytest.fixture
def fake() -> FakeEngine:
    """The engine of this machine."""
    return FakeEngine()


def opened(qtbot: QtBot, open_window: OpenWindow, fake: FakeEngine | None = None) -> Application:
    application = open_window(lambda: fake or FakeEngine())
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    return application


def enter(application: Application, **fields: str) -> None:
    for name, text in fields.items():
        field = find(application, QLineEdit, f"endpoint{name.title()}")
        field.clear()
        QTest.keyClicks(field, text)
    click(application, "saveEndpoint")


def add_endpoint(qtbot: QtBot, application: Application, server: RemoteServer, *, key: str = KEY) -> None:
    settings = application.preferences.show_dialog("remote")
    click(application, "addEndpoint")
    dialog = find(application, QDialog, "endpointDialog")
    enter(application, address=server.address, name="Rack", key=key)
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible())
    settings.close()


def choose(application: Application, name: str) -> None:
    """Choose a model in the list of the picker."""
    picker = find(application, QToolButton, "modelPicker")
    QTest.mouseClick(picker, Qt.MouseButton.LeftButton)
    menu = next(one for one in application.window.findChildren(QWidget, "modelMenu") if one.isVisible())
    field = menu.findChild(QLineEdit, "modelFilter")
    assert field is not None
    QTest.keyClicks(field, name)
    QTest.keyClick(field, Qt.Key.Key_Return)


def local_choice(application: Application) -> ModelChoice:
    return next(one for one in application.window.model_picker.choices if not one.host)


def mark(application: Application) -> str:
    label = find(application, QLabel, "remoteMark")
    return label.text() if label.isVisible() else ""


def address_of(server: RemoteServer, name: str = "org/big") -> str:
    return f"{server.base_url}#{name}"


@pytest.fixture
def application(
    qtbot: QtBot,
    open_window: OpenWindow,
    server: RemoteServer,
    folder: DataFolder,
    keyring: dict[str, str],
    fake: FakeEngine,
) -> Application:
    """A window that knows the endpoint, where both a remote model and one on this machine are ready to reply."""
    models = (RemoteModel("org/big", 4096), RemoteModel("small"))
    Endpoints(folder.endpoints).put(Endpoint("Rack", server.base_url, models, is_allowed=True))
    SettingsFile(folder.settings).write(Settings(allows_remote=True))
    keyring[server.base_url] = KEY
    made = opened(qtbot, open_window, fake)
    made.models.open(address_of(server))
    qtbot.waitUntil(lambda: made.models.is_remote_in_use)
    return made


def test_a_chat_with_a_remote_model_from_the_first_address_to_another_reply(
    qtbot: QtBot,
    open_window: OpenWindow,
    server: RemoteServer,
    folder: DataFolder,
    keyring: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    application = opened(qtbot, open_window)
    add_endpoint(qtbot, application, server)
    assert [(one.path, one.authorization) for one in server.asked] == [("/v1/models", f"Bearer {KEY}")]
    assert keyring == {server.base_url: KEY}
    choose(application, "org/big")
    question = find(application, QDialog, "remoteQuestion")
    assert any(server.address.removeprefix("http://") in one.text() for one in question.findChildren(QLabel))
    assert not application.models.is_remote_in_use
    click(application, "allowEndpoint")
    qtbot.waitUntil(lambda: application.models.is_remote_in_use)
    assert mark(application) == f"Remote: your messages go to {server.address.removeprefix('http://')}"
    assert find(application, QToolButton, "modelPicker").text() == "org/big"
    assert find(application, QLabel, "placeholderSentence").text().startswith("The model runs on another machine.")

    server.gate.clear()
    say(qtbot, application, "Who are you?", wait=False)
    qtbot.waitUntil(lambda: shown(application) == ["Who are you?", "Hello"])
    press(application, "stopButton")
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    server.gate.set()
    stopped = application.chat.shown.tree.path()[-1]
    assert (stopped.text, stopped.status) == ("Hello", Status.STOPPED)

    application.window.action.regenerate.trigger()
    qtbot.waitUntil(lambda: shown(application)[-1:] == ["Hello from afar."])
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    record = application.store.record(application.chat.shown.tree.path()[-1].id)
    assert (record["model_name"], record["model_path"]) == ("org/big", f"{server.base_url}#org/big")
    assert record["host"] == server.address.removeprefix("http://")
    assert record["timings"]["prompt_tokens"] == 12
    assert record["token_texts"] == ["Hello", " from", " afar", "."]
    assert len(server.completions()) == 2
    meter = find(application, QLabel, "contextMeter")
    qtbot.waitUntil(lambda: meter.text() == "17 of 4,096 tokens")
    assert meter.toolTip() == "The server counted 17 of 4,096 tokens with the last reply (0%)."
    choose(application, "small")
    qtbot.waitUntil(lambda: find(application, QToolButton, "modelPicker").text() == "small")
    qtbot.waitUntil(lambda: not meter.isVisible())  # which its server tells no length of
    assert not [one for one in application.window.findChildren(QDialog, "remoteQuestion") if one.isVisible()]

    application.close()
    kept = b"".join(path.read_bytes() for path in folder.root.rglob("*") if path.is_file())
    assert KEY.encode() not in kept
    assert [secret for secret in (KEY, "Who are you", "from afar") if secret in caplog.text] == []


def test_no_message_leaves_without_the_yes(qtbot: QtBot, open_window: OpenWindow, server: RemoteServer) -> None:
    application = opened(qtbot, open_window)
    add_endpoint(qtbot, application, server)
    choose(application, "org/big")
    click(application, "keepHere")
    say(qtbot, application, "Something private")
    assert shown(application)[-1] == "Hello there."
    assert server.completions() == []
    assert mark(application) == ""


def test_what_is_written_for_a_remote_model_is_read_ahead_by_none(
    qtbot: QtBot, application: Application, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[object]()
    monkeypatch.setattr(application.remote_engine, "submit", asked.append)
    QTest.keyClicks(find(application, QPlainTextEdit, "composer"), "What is a fox?")
    qtbot.wait(400)
    assert (asked, fake.read_ahead) == ([], [])
    application.models.leave_remote()
    qtbot.waitUntil(lambda: len(fake.read_ahead) == 1)


def test_an_error_keeps_what_arrived_and_says_what_to_do(
    qtbot: QtBot, application: Application, server: RemoteServer
) -> None:
    server.script = lambda send: send(chunk({"content": "As far as"}))
    say(qtbot, application, "Tell me")
    reply = application.chat.shown.tree.path()[-1]
    assert (reply.text, reply.status) == ("As far as", Status.FAILED)
    assert "ended in the middle of the reply" in (reply.error or "")
    assert application.store.record(reply.id)["host"] == server.address.removeprefix("http://")


def test_the_model_on_this_machine_is_back_without_a_load(
    qtbot: QtBot, application: Application, server: RemoteServer
) -> None:
    before = application.models.loaded
    choose(application, local_choice(application).name)
    assert not application.models.is_remote_in_use
    assert application.models.in_use is before is application.models.loaded
    assert not application.models.is_loading
    assert mark(application) == ""
    say(qtbot, application, "Back?")
    assert shown(application)[-1] == "Hello there."
    assert server.completions() == []


def test_switching_remote_models_off_ends_a_reply_and_comes_back_here(
    qtbot: QtBot, application: Application, server: RemoteServer
) -> None:
    server.gate.clear()
    say(qtbot, application, "Go on", wait=False)
    qtbot.waitUntil(lambda: shown(application)[-1:] == ["Hello"])
    application.preferences.change("allows_remote", False)
    qtbot.waitUntil(lambda: not application.chat.is_replying)
    assert not application.models.is_remote_in_use
    assert all(not choice.host for choice in application.window.model_picker.choices)
    server.gate.set()
    asked = len(server.asked)
    say(qtbot, application, "And now?")
    assert shown(application)[-1] == "Hello there."
    application.models.open(address_of(server))
    assert "not available" in application.window.message_bar.text()
    assert not application.models.is_remote_in_use
    assert len(server.asked) == asked


def test_the_next_start_goes_on_with_the_remote_model_and_contacts_nobody(
    qtbot: QtBot, application: Application, open_window: OpenWindow, server: RemoteServer
) -> None:
    application.window.close()
    application.close()
    again = open_window(FakeEngine)
    qtbot.waitUntil(lambda: again.models.is_remote_in_use)
    assert again.models.loaded is None
    assert mark(again) != ""
    again.preferences.change("allows_remote", False)
    qtbot.waitUntil(lambda: again.models.loaded is not None)
    assert mark(again) == ""
    assert server.asked == []


def test_an_endpoint_is_kept_when_it_answers_and_has_a_model(
    qtbot: QtBot, open_window: OpenWindow, server: RemoteServer, keyring: dict[str, str], folder: DataFolder
) -> None:
    application = opened(qtbot, open_window)
    application.preferences.show_dialog("remote")
    click(application, "addEndpoint")
    dialog, save = find(application, QDialog, "endpointDialog"), find(application, QPushButton, "saveEndpoint")
    server.status, server.models = 401, []
    for fields, told in (({"address": server.address, "key": KEY}, "check the key"), ({}, "enter the name of one")):
        enter(application, **fields)
        qtbot.waitUntil(save.isEnabled)
        label = dialog.findChild(QLabel, "dialogError")
        assert label is not None
        assert told in label.text()
        assert not folder.endpoints.exists()
        assert not application.preferences.settings.allows_remote
        assert keyring == {}
        server.status = 200
    enter(application, model="mine")
    qtbot.waitUntil(lambda: any(one.host for one in application.window.model_picker.choices))
    assert [one.name for one in application.window.model_picker.choices if one.host] == ["mine"]


def test_another_address_is_asked_about_anew_and_gets_no_key_of_the_old_one(
    qtbot: QtBot, application: Application, server: RemoteServer, keyring: dict[str, str]
) -> None:
    with serving(RemoteServer()) as other:
        application.preferences.show_dialog("remote")
        click(application, "editEndpoint")
        enter(application, address=other.address)
        qtbot.waitUntil(lambda: not keyring[server.base_url])
        assert [one.authorization for one in other.asked] == [None]
        assert not application.models.is_remote_in_use
        choose(application, "org/big")
        assert find(application, QDialog, "remoteQuestion").isVisible()


def test_an_endpoint_can_be_asked_again_and_removed_with_its_models_and_key(
    qtbot: QtBot, application: Application, server: RemoteServer, keyring: dict[str, str], folder: DataFolder
) -> None:
    server.models = [{"id": "newer"}]
    application.preferences.show_dialog("remote")
    click(application, "refreshEndpoint")
    qtbot.waitUntil(lambda: any(one.name == "newer" for one in application.window.model_picker.choices))
    assert [one.authorization for one in server.asked] == [f"Bearer {KEY}"]
    click(application, "removeEndpoint")
    qtbot.waitUntil(lambda: not keyring[server.base_url])
    assert not application.models.is_remote_in_use
    assert json.loads(folder.endpoints.read_text(encoding="utf-8"))["endpoints"] == []


@pytest.mark.parametrize(("props", "shown_length"), [({"n_ctx": 8192}, "8,192"), ({}, "131,072")])
def test_llama_cpp_is_asked_for_the_context_that_it_keeps(
    qtbot: QtBot, application: Application, server: RemoteServer, props: object, shown_length: str
) -> None:
    server.models = [{"id": "newer", "owned_by": "llamacpp", "meta": {"n_ctx_train": 131072}}]
    server.props = {"default_generation_settings": props}
    application.preferences.show_dialog("remote")
    click(application, "refreshEndpoint")
    qtbot.waitUntil(lambda: any(one.name == "newer" for one in application.window.model_picker.choices))
    assert [one.path for one in server.asked] == ["/v1/models", "/props"]
    (choice,) = (one for one in application.window.model_picker.choices if one.host)
    assert choice.detail == shown_length


def test_an_old_chat_offers_its_remote_model(qtbot: QtBot, application: Application, server: RemoteServer) -> None:
    say(qtbot, application, "Remember")
    chat = application.chat.conversation_id
    application.models.open(local_choice(application).path)
    application.chat.open(None)
    application.chat.open(chat)
    host = server.address.removeprefix("http://")
    assert application.window.message_bar.text() == f"This chat was written with org/big at {host}."
    click(application, "messageBarAction")
    qtbot.waitUntil(lambda: application.models.is_remote_in_use)


def test_how_sure_a_remote_model_was_is_shown_as_its_server_tells(
    qtbot: QtBot, application: Application, server: RemoteServer
) -> None:
    server.others = [(" close", -0.5), ("é", -4.0)]
    server.words = ("Hello", " from", " né", "ar.")
    say(qtbot, application, "Look at me")
    application.window.action.look_inside.setChecked(True)
    assert find(application, QLabel, "inspectorNote").text().startswith("This reply was made by a remote model. Its")
    assert "On average 77.9% for a token" in find(application, QLabel, "confidenceSummary").text()
    assert application.inspector.texts == ["Hello", " from", " né", "ar."]
    application.window.inspector_panel.show_view(application.inspector_views.alternatives.view)
    application.inspector.choose(2)
    rows = find(application, QTreeWidget, "alternatives")
    assert [rows.topLevelItem(at).text(0) for at in range(rows.topLevelItemCount())] == ["␣né", "␣close", "é"]
    assert find(application, QLabel, "tokenFacts").text() == "Its chance was 77.9%, as the server tells"
    assert not find(application, QPushButton, "branchFromToken").isVisible()
    QTest.keyClick(rows, Qt.Key.Key_Down)
    QTest.keyClick(rows, Qt.Key.Key_Return)
    assert not application.chat.is_replying


def test_no_engine_is_asked_about_the_tokens_of_a_remote_reply(
    qtbot: QtBot, application: Application, fake: FakeEngine
) -> None:
    say(qtbot, application, "Look at me")
    application.models.open(local_choice(application).path)
    application.window.action.look_inside.setChecked(True)
    panel = application.window.inspector_panel
    views = application.inspector_views
    for view in (
        *(views.alternatives.view, views.sampler_lab.view, views.looking.lens),
        *(views.looking.attention, views.attribution.view, views.proof.view),
    ):
        panel.show_view(view)
        application.inspector.choose(1)
        for button in view.findChildren(QPushButton):
            if button.isVisible():
                QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    application.chat.continue_reply(application.chat.shown.tree.path()[-1].id)
    qtbot.waitUntil(lambda: bool(fake.requests))
    assert {type(one) for one in fake.inspected} <= {SpellRequest}  # of the reply of its own that it makes now
    assert fake.requests[-1].begun_ids == ()


def test_a_remote_reply_whose_server_told_nothing_is_not_looked_into_but_said_why(
    qtbot: QtBot, application: Application, server: RemoteServer
) -> None:
    server.script = lambda send: send(chunk({"content": "Quiet."}) + chunk({}, finish_reason="stop"))
    say(qtbot, application, "Look at me")
    application.window.action.look_inside.setChecked(True)
    note = find(application, QLabel, "inspectorNote")
    assert note.text() == "This reply was made by a remote model; only one on this machine can be looked into."


def test_another_reply_can_be_asked_of_a_remote_model_by_its_menu(
    qtbot: QtBot, application: Application, server: RemoteServer
) -> None:
    application.models.open(local_choice(application).path)
    say(qtbot, application, "Twice")
    reply = application.chat.shown.tree.path()[-1]
    application.message_menu.regenerate_with(reply.id, address_of(server))
    qtbot.waitUntil(lambda: shown(application)[-1:] == ["Hello from afar."])
    assert len(application.chat.shown.tree.siblings(reply.id)) == 2
