"""The real window with the real starter model, and the same model on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import OpenWindow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QToolButton
from pytestqt.qtbot import QtBot
from reference_data import REPOSITORY
from window_steps import answer_with, export

from app.application import Application
from engine.api import ReadAhead

PROMPT = "What is the capital of France?"
LOAD_MS, REPLY_MS = 60_000, 120_000


def run(*arguments: str, module: str = "engine") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=120,
        check=False,
    )


def say(qtbot: QtBot, application: Application, text: str, *, wait: bool = True) -> None:
    composer = application.window.findChild(QPlainTextEdit, "composer")
    assert composer is not None
    QTest.keyClicks(composer, text)
    QTest.keyClick(composer, Qt.Key.Key_Return)
    if wait:
        qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=REPLY_MS)


def last_view_text(application: Application) -> str:
    views = application.window.transcript.views()
    return views[-1].plain_text() if views else ""


def test_a_conversation_from_first_word_to_restart(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    """Type, stream, stop, regenerate, export, restart: the conversation is there."""
    application = open_window()
    answer_with(application, temperature=0.0, max_tokens=60)
    say(qtbot, application, "Tell me a long story about a fox and a lantern.", wait=False)
    qtbot.waitUntil(lambda: len(last_view_text(application)) > 12, timeout=LOAD_MS + REPLY_MS)
    stop = application.window.findChild(QToolButton, "stopButton")
    assert stop is not None
    QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=5000)
    stopped = last_view_text(application)
    assert len(stopped) > 12

    application.window.action.regenerate.trigger()
    qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=REPLY_MS)
    regenerated = last_view_text(application)
    assert regenerated.startswith(stopped), "greedy replies are equal as far as they go"

    path = tmp_path / "chat.json"
    export(qtbot, application, "Fireside JSON", path)
    exported = json.loads(path.read_text(encoding="utf-8"))
    texts = [message["parts"][0]["text"] for message in exported["messages"]]
    assert texts[1:] == [stopped, regenerated]
    generation = exported["messages"][2]["generation"]
    assert len(generation["token_ids"]) == len(generation["logprobs"]) == generation["timings"]["generated_tokens"]

    application.window.close()
    again = open_window()
    again.conversations.open(again.store.conversations()[0].id)
    assert last_view_text(again) == regenerated


def test_the_window_and_the_command_line_give_the_same_greedy_reply(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window()
    answer_with(application, temperature=0.0, max_tokens=24)
    say(qtbot, application, PROMPT)
    done = run("generate", "--prompt", PROMPT, "--temperature", "0", "--max-tokens", "24", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert last_view_text(application) == result["text"]
    assert "Paris" in result["text"]
    assert result["stop_reason"] == "end_token"


def test_the_window_and_the_command_line_draw_the_same_tokens_from_a_seed(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    """With the samplers that are on by default."""
    application = open_window()
    answer_with(application, temperature=0.9, seed=7, max_tokens=16)
    say(qtbot, application, PROMPT)
    (record,) = application.store.records(application.store.conversations()[0].id).values()
    settings = ("--temperature", "0.9", "--seed", "7", "--max-tokens", "16", "--json")
    done = run("generate", "--prompt", PROMPT, *settings)
    assert done.returncode == 0, done.stderr
    assert (record["seed"], record["token_ids"]) == (7, json.loads(done.stdout)["token_ids"])


def test_a_question_is_read_while_it_is_typed(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window()
    answer_with(application, temperature=0.0, max_tokens=8)
    qtbot.waitUntil(lambda: application.models.loaded is not None, timeout=LOAD_MS)
    question = "Please tell me why the sky is blue at noon and red in the evening, in one short sentence."
    composer = application.window.findChild(QPlainTextEdit, "composer")
    assert composer is not None
    with qtbot.waitSignal(
        application.engine.eventArrived, check_params_cb=lambda event: isinstance(event, ReadAhead), timeout=REPLY_MS
    ) as waited:
        QTest.keyClicks(composer, question)
    assert waited.args is not None
    say(qtbot, application, "")
    (record,) = application.store.records(application.store.conversations()[0].id).values()
    timings = record["timings"]
    assert timings["reused_tokens"] == waited.args[0].known_tokens
    assert timings["prompt_tokens"] - timings["reused_tokens"] <= 10, "the last word and the template's end"
    assert timings["prompt_tokens"] > 40


def test_a_broken_model_is_told_in_one_sentence_and_the_one_in_use_goes_on(
    qtbot: QtBot, open_window: OpenWindow, starter: Path, tmp_path: Path
) -> None:
    application = open_window()
    qtbot.waitUntil(lambda: application.models.loaded is not None, timeout=LOAD_MS)
    truncated = tmp_path / "truncated.gguf"
    truncated.write_bytes(starter.read_bytes()[:5_000_000])
    (tmp_path / "empty").mkdir()
    unknown = tmp_path / "unknown"
    unknown.mkdir()
    (unknown / "config.json").write_text('{"model_type": "neverheard"}')
    (unknown / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    for path, sentence in (
        (truncated, "cut off, download it again"),
        (tmp_path / "empty", "holds no config.json"),
        (tmp_path / "missing.gguf", "not there any more"),
        (unknown, "'neverheard' is not supported"),
    ):
        application.models.open(str(path))
        qtbot.waitUntil(lambda s=sentence: s in application.window.message_bar.text(), timeout=LOAD_MS)
        qtbot.waitUntil(lambda: not application.models.is_loading)
    answer_with(application, temperature=0.0, max_tokens=8)
    say(qtbot, application, PROMPT)
    assert last_view_text(application).startswith("The capital")


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda folder: folder / "missing.gguf", "does not exist"),
        (lambda folder: _file(folder / "note.gguf", b"hello"), "not a model file"),
        (lambda folder: _file(folder / "cut.gguf", b"GGUF\x03\0\0\0"), "ends inside"),
        (lambda folder: folder, "holds no config.json"),
    ],
)
def test_the_command_line_says_what_is_wrong_in_one_line(make, match: str, tmp_path: Path) -> None:
    done = run("generate", str(make(tmp_path)), "--prompt", "Hi")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("fireside: ")
    assert done.stderr.count("\n") == 1
    assert match in done.stderr


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_wrong_usage_has_its_own_exit_status() -> None:
    assert run("generate").returncode == 2
    assert run("sing").returncode == 2
    assert run("sing", module="app").returncode == 2


def test_the_verbs_print_one_json_object(starter: Path, tmp_path: Path) -> None:
    info = json.loads(run("info", "--json").stdout)
    assert (info["family"], info["layers"], info["vocabulary"]) == ("llama", 30, 49152)
    assert info["parameters"] == 134_515_008
    tokens = json.loads(run("tokenize", str(starter), "--text", "Hello world", "--json").stdout)
    assert "".join(tokens["pieces"]) == "Hello world"
    ids = ",".join(map(str, tokens["ids"]))
    assert run("detokenize", str(starter), "--ids", ids).stdout == "Hello world\n"
    messages = tmp_path / "messages.json"
    messages.write_text(json.dumps([{"role": "user", "content": "Hi <|im_end|>"}]))
    rendered = json.loads(run("render", str(starter), "--messages", str(messages), "--json").stdout)
    assert rendered["text"].endswith("<|im_start|>user\nHi <|im_end|><|im_end|>\n<|im_start|>assistant\n")
    assert rendered["ids"].count(2) == 2, "the system message's end and the user's, not the typed one"
    (span,) = rendered["spans"]
    assert span["role"] == "user"


def test_logits_are_written_as_safetensors(starter: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    output = tmp_path / "logits.safetensors"
    done = run("logits", str(starter), "--ids", "1,2,3", "--output", str(output))
    assert done.returncode == 0, done.stderr
    assert load_file(output)["logits"].shape == (3, 49152)


def test_a_reply_can_be_held_to_a_json_schema(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}},
        "required": ["city"],
        "additionalProperties": False,
    }
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    done = run(
        "generate", "--prompt", PROMPT, "--json-schema", str(tmp_path / "schema.json"), "--temperature", "0", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(json.loads(done.stdout)["text"])["city"], str)


def test_a_draft_and_a_smaller_cache_are_chosen_on_the_command_line(starter: Path) -> None:
    common = ("generate", "--prompt", PROMPT, "--temperature", "0", "--max-tokens", "8", "--json")
    plain = json.loads(run(*common).stdout)
    drafted = run(*common, "--draft", str(starter), "--cache-type", "f16")
    assert json.loads(drafted.stdout)["token_ids"] == plain["token_ids"], drafted.stderr
    packed = run(*common, "--cache-type", "q8_0")
    assert "Paris" in json.loads(packed.stdout)["text"], packed.stderr
    wrong = run(*common, "--cache-type", "q9")
    assert (wrong.returncode, wrong.stderr) == (
        1,
        "fireside: 'q9' is not a type of cache; use auto, f32, f16, q8_0.\n",
    )


def test_a_reply_that_was_cut_off_goes_on_as_if_it_had_not_been(qtbot: QtBot, open_window: OpenWindow) -> None:
    application = open_window()
    answer_with(application, temperature=0.0, max_tokens=24)
    say(qtbot, application, PROMPT + " Tell me more about it.")
    whole = last_view_text(application)
    answer_with(application, temperature=0.0, max_tokens=12)
    application.window.action.regenerate.trigger()
    qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=REPLY_MS)
    assert whole.startswith(last_view_text(application))
    application.window.transcript.views()[-1].findChild(QToolButton, "continueButton").click()
    qtbot.waitUntil(lambda: not application.chat.is_replying, timeout=REPLY_MS)
    assert last_view_text(application) == whole


def test_conversations_are_listed_and_exported_from_the_command_line(
    qtbot: QtBot, open_window: OpenWindow, folder, tmp_path: Path
) -> None:
    from fakes import FakeEngine

    application = open_window(FakeEngine)
    say(qtbot, application, "Hi")
    application.window.close()
    place = ("--data-dir", str(folder.root))
    (chat,) = json.loads(run(*place, "conversations", "--json", module="app").stdout)
    assert chat["title"] == "Hello there."
    output = tmp_path / "out.md"
    exported = run(
        *place, "export", "--format", "markdown", "--output", str(output), "--conversation", chat["id"], module="app"
    )
    assert exported.returncode == 0, exported.stderr
    assert "Hello there." in output.read_text(encoding="utf-8")
    again = run(*place, "export", "--format", "json", "--output", str(output), "--conversation", "x", module="app")
    assert again.returncode == 1
    assert "already exists" in again.stderr
    models = json.loads(run(*place, "models", "--json", module="app").stdout)
    assert models[0]["loadable"] is True
