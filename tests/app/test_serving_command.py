"""`fireside serve` before the fake engine: which model it takes, which others may be asked for, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import openai
import pytest
from fakes import FakeEngine, fake_header
from openai import OpenAI

from app import commands
from app.__main__ import main
from app.core.discovery import Machine
from app.core.library import Library
from app.core.paths import DataFolder
from app.core.secrets import Secrets
from app.core.settings import LoadSettings
from app.serving import serve_until_told

HELLO: Any = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, folder: DataFolder, tmp_path: Path) -> FakeEngine:
    """Two models are known: one.gguf, which was used last, and two.gguf."""
    made = FakeEngine()
    serve = partial(serve_until_told, make_engine=lambda: made)
    monkeypatch.setattr("app.serving.serve_until_told", serve)
    monkeypatch.setattr(Machine, "here", lambda: Machine(tmp_path / "home", {}, "linux"))
    monkeypatch.setattr(commands, "read_model_header", fake_header)
    monkeypatch.setattr(Secrets, "get", lambda _self, _address: "kept")
    library = Library(folder.models)
    for name in ("two", "one"):
        (tmp_path / f"{name}.gguf").write_bytes(b"GGUF" + name.encode())
        library.remember(tmp_path / f"{name}.gguf")
    return made


def served(
    capsys: pytest.CaptureFixture[str], folder: DataFolder, *options: str, ask: Callable[[OpenAI], Any]
) -> tuple[int, Any]:
    """The exit status, and what a client was answered, which then tells the server to end."""
    answers: list[Any] = []
    is_over = threading.Event()

    def act() -> None:
        printed = ""
        try:
            while "token" not in printed and not is_over.is_set():
                time.sleep(0.01)
                printed += capsys.readouterr().err
            found = re.search(r"http://\S+", printed)
            assert found, printed
            with OpenAI(base_url=found[0], api_key="kept", max_retries=0, timeout=10) as client:
                answers.append(ask(client))
        except (AssertionError, openai.OpenAIError) as error:
            answers.append(error)
        finally:
            if not is_over.is_set():
                os.kill(os.getpid(), signal.SIGTERM)

    program = threading.Thread(target=act, daemon=True)
    program.start()
    status = main(["--data-dir", str(folder.root), "serve", "--port", "0", *options])
    is_over.set()
    program.join()
    return status, answers[0]


def names(client: OpenAI) -> list[str]:
    return [model.id for model in client.models.list()]


def test_the_model_used_last_is_served_and_no_other(
    fake: FakeEngine, folder: DataFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert served(capsys, folder, ask=names) == (0, ["one"])
    assert fake.loaded is not None
    assert fake.loaded.path == str(tmp_path / "one.gguf")
    assert fake.is_closed


@pytest.mark.parametrize("by", ["name", "path"])
def test_a_model_is_named_by_its_name_or_its_place(
    fake: FakeEngine, folder: DataFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path, by: str
) -> None:
    wanted = "two" if by == "name" else str(tmp_path / "two.gguf")
    assert served(capsys, folder, wanted, ask=names) == (0, ["two"])


def test_another_known_model_is_loaded_where_it_may_be_named(
    fake: FakeEngine, folder: DataFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def ask(client: OpenAI) -> str | None:
        assert {"one", "two"} <= set(names(client))
        return client.chat.completions.create(model="two", messages=HELLO).choices[0].message.content

    assert served(capsys, folder, "--other-models", ask=ask) == (0, "Hello there.")
    assert fake.loaded is not None
    assert fake.loaded.path == str(tmp_path / "two.gguf")


@pytest.mark.parametrize(("given", "used"), [((), "gemma"), (("--chat-template", "llama-3"), "llama-3")])
def test_the_chat_template_is_that_of_the_library_or_the_one_that_is_named(
    fake: FakeEngine,
    folder: DataFolder,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    given: tuple[str, ...],
    used: str,
) -> None:
    Library(folder.models).set_load_settings(tmp_path / "one.gguf", LoadSettings(chat_template="gemma"))
    assert served(capsys, folder, *given, ask=names) == (0, ["one"])
    assert fake.loaded is not None
    assert fake.loaded.chat_template == used


def test_a_model_that_is_not_there_or_an_address_that_is_none_is_told(
    fake: FakeEngine, folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, sentence in (
        (("nothing.gguf",), "not there"),
        (("--host", "localhost"), "is no address"),
        (("--chat-template", "alpaca"), "no chat template 'alpaca'; choose auto or one of chatml, command-r"),
    ):
        assert main(["--data-dir", str(folder.root), "serve", *options]) == 1
        assert sentence in capsys.readouterr().err
