"""What servers are known to send, each in its own form, as its source, its documentation or itself has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from remote_server import RemoteServer, Send, chunk, serving

from app.core.remote.engine import RemoteEngine
from app.core.remote.errors import RemoteAnswerError, RemoteRefusedError
from engine.alternatives import unpack
from engine.api import GenerateRequest, LoadRequest, Message, ReplyFinished, StopReason

PROMPT = (Message("user", "Hello?"),)


@pytest.fixture
def server() -> Iterator[RemoteServer]:
    with serving(RemoteServer()) as running:
        yield running


def reply(server: RemoteServer, **request: Any) -> ReplyFinished:
    engine = RemoteEngine(lambda _base_url: None)
    [*engine.run(LoadRequest(1, f"{server.base_url}#m"), lambda: False)]
    finished = [*engine.run(GenerateRequest(2, PROMPT, **request), lambda: False)][-1]
    assert isinstance(finished, ReplyFinished)
    return finished


def sends(server: RemoteServer, *pieces: bytes) -> None:
    server.script = lambda send: send(b"".join(pieces))


def data(content: object) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def logprobs(*tokens: tuple[str, list[int] | None, float]) -> dict[str, Any]:
    listed = [{"token": text, "bytes": raw, "logprob": logprob} for text, raw, logprob in tokens]
    return {"content": [{**one, "top_logprobs": [one]} for one in listed]}


USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


def test_vllm(server: RemoteServer) -> None:
    """The role first, thinking under its newer name, null where nothing is, a stop string, usage behind the end."""
    sends(
        server,
        chunk({"role": "assistant", "content": ""}, logprobs=None, finish_reason=None),
        chunk({"reasoning": "Hm"}, logprobs=None, finish_reason=None),
        chunk({"content": "Yes", "reasoning": None}, logprobs=logprobs(("Yes", [89, 101, 115], -0.5))),
        chunk({"content": ""}, finish_reason="stop", stop_reason="END", token_ids=None),
        data({"choices": [], "usage": {**USAGE, "prompt_tokens_details": None}}),
        b"data: [DONE]\n\n",
    )
    finished = reply(server, stop=("END",))
    assert finished.text == "<think>\nHm\n</think>\n\nYes"
    assert (finished.stop_reason, finished.timings.prompt_tokens) == (StopReason.STOP_STRING, 9)


@pytest.mark.parametrize(("matched", "reason"), [("END", StopReason.STOP_STRING), (7, StopReason.END_TOKEN)])
def test_sglang(server: RemoteServer, matched: object, reason: StopReason) -> None:
    """`matched_stop` is the stop string, or the id of the token that ended it; a space behind `data:` lacks."""
    ended = chunk({}, finish_reason="stop", matched_stop=matched).replace(b"data: ", b"data:")
    sends(server, chunk({"content": "Yes", "reasoning_content": None}), ended)
    finished = reply(server, stop=("END",))
    assert (finished.text, finished.stop_reason) == ("Yes", reason)


def test_deepseek_and_openrouter(server: RemoteServer) -> None:
    """Comments while the request waits, lines that end with carriage returns."""
    waiting = b": keep-alive\r\n\r\n: OPENROUTER PROCESSING\r\n\r\n"
    told = chunk({"content": "Yes"}).replace(b"\n", b"\r\n")
    sends(server, waiting, told, chunk({"content": ""}, finish_reason="stop", native_finish_reason="stop"))
    assert reply(server).text == "Yes"


def test_mistral(server: RemoteServer) -> None:
    """The content of a model that thinks is an array of parts."""
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}
    sends(
        server,
        chunk({"content": [thought]}),
        chunk({"content": [{"type": "text", "text": "Yes"}]}),
        chunk({"content": ""}, finish_reason="stop", usage=USAGE),
    )
    assert reply(server).text == "<think>\nHm\n</think>\n\nYes"


def test_transformers_serve(server: RemoteServer) -> None:
    """Usage in the last piece of the reply, no end mark behind it."""
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}], "usage": USAGE}
    sends(server, chunk({"role": "assistant"}), chunk({"content": "Yes"}), data(last))
    finished = reply(server)
    assert (finished.text, finished.stop_reason) == ("Yes", StopReason.MAX_TOKENS)
    assert (finished.timings.prompt_tokens, finished.timings.generated_tokens) == (9, 2)


def test_llama_cpp_python_is_asked_for_no_tokens(server: RemoteServer) -> None:
    """Where it tells them, without bytes, it leaves characters out of the reply that are more than one token."""

    def answer(send: Send) -> None:
        told = logprobs(("", None, -1.0)) if "logprobs" in server.asked[-1].body else None
        send(chunk({"role": "assistant"}, logprobs=None))
        send(chunk({"content": "" if told else "é"}, logprobs=told) + chunk({}, finish_reason="stop"))

    server.script = answer
    finished = reply(server)
    assert (finished.text, finished.pieces) == ("é", ())
    assert "top_logprobs" not in server.asked[-1].body


def test_tgi_tells_tokens_without_bytes(server: RemoteServer) -> None:
    """What a piece says is what its token spells; of half a character it says nothing."""
    for_each = [("", "", -1.0), ("é", "", -0.5), ("t", "t", -0.25)]
    pieces = []
    for said, token, logprob in for_each:
        one = {"token": token, "logprob": logprob}
        told = {"content": [{**one, "top_logprobs": [one]}]}
        pieces.append(chunk({"content": said}, logprobs=told))
    sends(server, *pieces, chunk({}, finish_reason="eos_token"))
    finished = reply(server)
    assert (finished.text, finished.pieces[:3]) == ("ét", (b"", "é".encode(), b"t"))
    assert [record.top[0].token_id for record in unpack(finished.alternatives)] == [0, 1, 2]


def test_llama_cpp_python_takes_a_schema_in_a_form_of_its_own(server: RemoteServer) -> None:
    schema = '{"type": "object"}'
    server.status = 500
    server.refusal = {
        "error": {
            "message": "1 validation error: {'loc': ('response_format', 'type'), 'expected': \"'json_object'\"}"
        }
    }
    with pytest.raises(RemoteRefusedError, match="does not accept this request"):
        reply(server, json_schema=schema)
    first, second = (one.body["response_format"] for one in server.completions())
    assert first["type"] == "json_schema"
    assert second == {"type": "json_object", "schema": json.loads(schema)}


def test_llama_cpp_python_says_nothing_of_a_conversation_that_is_too_long(server: RemoteServer) -> None:
    sends(server, b"")
    with pytest.raises(RemoteAnswerError, match="before the first word, which servers do when"):
        reply(server)


def test_what_else_could_have_come_is_kept_under_numbers_of_the_reply(server: RemoteServer) -> None:
    """Half characters by their bytes; the token that came has its place as its number, wherever it stands."""
    raw = "é".encode()
    top = [
        {"token": " a", "logprob": -0.5, "bytes": [32, 97]},
        {"token": "�", "logprob": -1.0, "bytes": [raw[0]]},
        {"token": 7},
    ]
    halves = [
        {"token": "�", "logprob": -1.0, "bytes": [raw[0]], "top_logprobs": top},
        {"token": "�", "logprob": -2.0, "bytes": [raw[1]], "top_logprobs": top[:1]},
    ]
    sends(server, chunk({"content": "é"}, logprobs={"content": halves}, finish_reason="stop"))
    finished = reply(server)
    assert finished.pieces == (raw[:1], raw[1:], b" a")
    first, second = unpack(finished.alternatives)
    assert [(one.token_id, one.logprob) for one in first.top] == [(2, -0.5), (0, -1.0)]
    assert (first.rank, second.rank, [one.token_id for one in second.top]) == (1, 1, [2])
    assert first.entropy == pytest.approx(0.303 + 0.368 + 0.094, abs=0.001)  # of 0.607, 0.368 and the rest
