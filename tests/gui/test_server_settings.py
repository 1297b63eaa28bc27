"""The server of the window: switched on and off in the settings, its token, and models that programs ask for."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest
from conftest import OpenWindow
from fakes import FakeEngine
from openai import OpenAI
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot
from window_steps import find

from app.application import Application
from app.core.secrets import Secrets
from engine.api import Event, ModelLoaded

HELLO: Any = [{"role": "user", "content": "Hello"}]


class NamedEngine(FakeEngine):
    """Says of a model what it was asked to load."""

    def run(self, request: Any, cancelled: Callable[[], bool]) -> Generator[Event, None, None]:
        for event in super().run(request, cancelled):
            if isinstance(event, ModelLoaded):
                info = replace(event.info, name=request.name or "", path=request.path)
                yield replace(event, info=info)
            else:
                yield event


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    kept: dict[str, str] = {}
    monkeypatch.setattr(Secrets, "get", lambda _self, address: kept.get(address))
    monkeypatch.setattr(Secrets, "set", lambda _self, address, token: bool(kept.update({address: token})) or True)
    return kept


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def switched_on(qtbot: QtBot, application: Application) -> OpenAI:
    """A client of the server that the settings dialog switched on."""
    port = free_port()
    application.preferences.show_dialog("server")
    find(application, QSpinBox, "serverPort").setValue(port)
    find(application, QCheckBox, "serverOn").click()
    told = find(application, QLabel, "serverTold")
    qtbot.waitUntil(lambda: str(port) in told.text())
    token = find(application, QLineEdit, "serverToken").text()
    return OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=token, max_retries=0, timeout=20)


def asked(qtbot: QtBot, ask: Callable[[], Any]) -> Any:
    """What a program is answered, while the window goes on."""
    with ThreadPoolExecutor(1) as pool:
        answer: Future[Any] = pool.submit(ask)
        qtbot.waitUntil(answer.done, timeout=20_000)
        return answer.result()


def model_of(application: Application) -> str:
    assert application.models.loaded is not None
    return application.models.loaded.info.name


def test_a_program_is_answered_while_the_server_is_on(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    with switched_on(qtbot, application) as client:
        answer = asked(qtbot, lambda: client.chat.completions.create(model=model_of(application), messages=HELLO))
        assert answer.choices[0].message.content == "Hello there."
        assert [model.id for model in asked(qtbot, client.models.list)] == [model_of(application)]
        find(application, QCheckBox, "serverOn").click()
        assert not find(application, QLabel, "serverTold").isVisible()
        with pytest.raises(openai.APIConnectionError):
            asked(qtbot, client.models.list)
    assert application.preferences.settings.server_on is False


def test_it_is_off_at_first_and_listens_again_after_a_restart(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    assert not application.preferences.settings.server_on
    with switched_on(qtbot, application) as client:
        application.window.close()
        application.close()
        again = open_window(FakeEngine)
        qtbot.waitUntil(lambda: again.models.loaded is not None)

        def answers() -> bool:
            try:
                return bool(asked(qtbot, client.models.list).data)
            except openai.APIConnectionError:
                return False

        qtbot.waitUntil(answers)


def test_a_new_token_shuts_out_who_has_the_old_one(
    qtbot: QtBot, open_window: OpenWindow, keyring: dict[str, str]
) -> None:
    application = open_window(FakeEngine)
    with switched_on(qtbot, application) as client:
        token = find(application, QLineEdit, "serverToken")
        assert token.echoMode() == QLineEdit.EchoMode.Password
        find(application, QPushButton, "showServerToken").click()
        assert token.echoMode() == QLineEdit.EchoMode.Normal
        before = token.text()
        assert keyring == {"fireside-server": before}
        find(application, QPushButton, "newServerToken").click()
        qtbot.waitUntil(lambda: token.text() not in ("", before))
        with pytest.raises(openai.AuthenticationError):
            asked(qtbot, client.models.list)
        newer = client.with_options(api_key=token.text())
        asked(qtbot, newer.models.list)
        find(application, QCheckBox, "serverNeedsToken").click()
        qtbot.waitUntil(lambda: find(application, QLabel, "serverTold").isVisible())
        asked(qtbot, client.models.list)


def test_a_port_that_is_taken_is_told(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(FakeEngine)
    application.preferences.show_dialog("server")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        find(application, QSpinBox, "serverPort").setValue(other.getsockname()[1])
        find(application, QCheckBox, "serverOn").click()
        told = find(application, QLabel, "serverTold")
        qtbot.waitUntil(lambda: "cannot listen" in told.text())
        assert "choose another port" in application.window.message_bar.text()
        find(application, QCheckBox, "serverOn").click()
        assert not told.isVisible()


def test_another_model_is_loaded_for_a_program_only_where_it_may_be(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    fake = NamedEngine()
    application = open_window(lambda: fake)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    usual = model_of(application)
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    application.models.open(str(other))
    qtbot.waitUntil(lambda: fake.loaded is not None and fake.loaded.path == str(other))
    qtbot.waitUntil(lambda: application.models.loaded is not None and not application.models.is_loading)
    with switched_on(qtbot, application) as client:

        def ask() -> Any:
            return client.chat.completions.create(model=usual, messages=HELLO)

        with pytest.raises(openai.NotFoundError):
            asked(qtbot, ask)
        find(application, QCheckBox, "serverOtherModels").click()
        assert asked(qtbot, ask).model == usual
        assert fake.loaded is not None
        assert fake.loaded.path != str(other)


def test_a_model_that_was_put_away_comes_back_for_a_program(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window(NamedEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    name = model_of(application)
    with switched_on(qtbot, application) as client:
        application.models.unload()
        qtbot.waitUntil(lambda: application.models.loaded is None)
        answer = asked(qtbot, lambda: client.chat.completions.create(model=name, messages=HELLO))
        assert answer.choices[0].message.content == "Hello there."


def test_the_idle_model_stays_while_programs_use_it(qtbot: QtBot, open_window: OpenWindow) -> None:
    fake = FakeEngine()
    application = open_window(lambda: fake)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    fake.gate.clear()
    with switched_on(qtbot, application) as client, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.chat.completions.create, model=model_of(application), messages=HELLO)
        qtbot.waitUntil(lambda: application.server.is_answering)
        application.idle_unload.timer.timeout.emit()
        assert application.models.loaded is not None
        fake.gate.set()
        qtbot.waitUntil(answer.done)
        assert answer.result().choices[0].finish_reason == "stop"


def test_nothing_is_logged_of_requests_unless_it_is_wanted_and_never_their_text(
    qtbot: QtBot, open_window: OpenWindow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    application = open_window(FakeEngine)
    qtbot.waitUntil(lambda: application.models.loaded is not None)
    with switched_on(qtbot, application) as client:

        def ask() -> Any:
            return client.chat.completions.create(model=model_of(application), messages=HELLO)

        asked(qtbot, ask)
        assert "served" not in caplog.text
        find(application, QCheckBox, "serverLog").click()
        asked(qtbot, ask)
    assert "served /v1/chat/completions: 200 after" in caplog.text
    assert "Hello" not in caplog.text
