"""`fireside serve` with the real starter model, asked by the official client."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from reference_data import REPOSITORY

from app.core.remote.engine import RemoteEngine
from engine.api import GenerateRequest, LoadRequest, Message, ReplyFinished, SamplerSettings, StopReason

START_S = 60
MESSAGES: Any = [{"role": "user", "content": "What is the capital of France?"}]
MODEL = "SmolLM2-135M-Instruct.Q4_1"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("data")
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "--data-dir", str(data), "serve", "--port", "0"],
        cwd=REPOSITORY,
        env={**os.environ, "FIRESIDE_TOKEN": "secret"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        first = process.stderr.readline()
        found = re.search(r"http://\S+", first)
        assert found, first
        yield found[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        log = data / "fireside.log"
        assert not log.exists() or "capital" not in log.read_text()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=address, api_key="secret", max_retries=0, timeout=120) as made:
        yield made


def test_the_starter_model_chats_whole_and_streamed_alike(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL]
    asked: Any = {"model": MODEL, "messages": MESSAGES, "temperature": 0, "max_tokens": 16}
    whole = client.chat.completions.create(**asked)
    assert whole.choices[0].message.content == "The capital of France is Paris."
    assert whole.choices[0].finish_reason == "stop"
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == usage.prompt_tokens - 1


def test_the_starter_model_keeps_to_a_schema_and_tells_its_chances(client: OpenAI) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer", "maximum": 99}}, "required": ["age"]}
    answer = client.chat.completions.create(
        model=MODEL,
        messages=MESSAGES,
        seed=1,
        max_tokens=40,
        logprobs=True,
        top_logprobs=3,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "age", "schema": {**schema, "additionalProperties": False}},
        },
    )
    assert set(json.loads(answer.choices[0].message.content or "")) == {"age"}
    assert answer.choices[0].logprobs is not None
    entries = answer.choices[0].logprobs.content or []
    assert b"".join(bytes(entry.bytes or []) for entry in entries).decode() == answer.choices[0].message.content
    assert all(len(entry.top_logprobs) == 3 for entry in entries)


def test_the_starter_model_completes_and_embeds(client: OpenAI) -> None:
    asked: Any = {"model": MODEL, "prompt": "One, two, three,", "temperature": 0, "stop": " six"}
    assert client.completions.create(**asked, max_tokens=9).choices[0].text == " four, five,"
    texts = ["A cat sat on a mat.", "The cat lies on a rug.", "Shares fell."]
    found = client.embeddings.create(model=MODEL, input=texts)
    cat, other_cat, shares = (one.embedding for one in found.data)
    assert sum(a * a for a in cat) == pytest.approx(1, abs=1e-4)
    assert sum(map(float.__mul__, cat, other_cat)) > sum(map(float.__mul__, cat, shares))


def test_what_the_starter_model_cannot_do_is_said(client: OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": {}}}
    with pytest.raises(openai.BadRequestError, match="knows of no tools"):
        client.chat.completions.create(model=MODEL, messages=MESSAGES, tools=[tool])
    with pytest.raises(openai.BadRequestError, match="context") as refused:
        client.chat.completions.create(
            model=MODEL, messages=[*MESSAGES, {"role": "assistant", "content": "word " * 5000}, *MESSAGES]
        )
    assert refused.value.code == "context_length_exceeded"


def test_without_the_token_nobody_comes_in(address: str) -> None:
    with (
        OpenAI(base_url=address, api_key="guess", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_on_a_network_a_token_is_a_must(tmp_path: Any) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "app", "--data-dir", str(tmp_path), "serve", "--host", "0.0.0.0", "--no-token"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "Without a token only this machine may be served" in ended.stderr


def test_another_fireside_uses_it_as_a_remote_model(address: str) -> None:
    engine = RemoteEngine(lambda _base_url: "secret")
    [*engine.run(LoadRequest(1, f"{address}#{MODEL}"), lambda: False)]
    question = (Message("user", MESSAGES[0]["content"]),)
    asked = GenerateRequest(2, question, SamplerSettings(temperature=0.0), max_tokens=16)
    finished = [*engine.run(asked, lambda: False)][-1]
    assert isinstance(finished, ReplyFinished)
    assert (finished.text, finished.stop_reason) == ("The capital of France is Paris.", StopReason.END_TOKEN)
    assert finished.timings.prompt_tokens > len(finished.logprobs) > 0
