"""Remote endpoints as a second engine: what is asked, what is told, and every fault of a server."""

from __future__ import annotations

import json
import os
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes import FakeEngine
from hypothesis import given, settings
from hypothesis import strategies as st
from remote_server import RemoteServer, Send, chunk, serving
from served import MODEL, TOKEN, served

from app.core.remote.answers import read_piece
from app.core.remote.connection import Connection
from app.core.remote.endpoints import Endpoint, Endpoints, RemoteModel, base_url_of, is_open_to_readers, listed_models
from app.core.remote.engine import LONGEST_REPLY, RemoteEngine
from app.core.remote.errors import (
    RemoteAddressError,
    RemoteAnswerError,
    RemoteRefusedError,
    RemoteUnreachableError,
)
from app.core.remote.event_stream import LONGEST_LINE, EventStream
from app.core.remote.refusals import refusal
from app.core.remote.told_tokens import numbered
from engine.alternatives import unpack
from engine.api import (
    ContextFullError,
    Event,
    FiresideError,
    GenerateRequest,
    LoadRequest,
    Message,
    ModelLoaded,
    PrefillProgressed,
    ReplyFinished,
    RequestError,
    SamplerSettings,
    StopReason,
    TokenGenerated,
)

KEY = "sk-very-secret"
MUTANTS = int(os.environ.get("FIRESIDE_FUZZ", "500")) // 5
PROMPT = (Message("system", "Be brief."), Message("user", "Hello?"))


@pytest.fixture
def server() -> Iterator[RemoteServer]:
    with serving(RemoteServer()) as running:
        yield running


def engine_of(server: RemoteServer, key: str | None = KEY) -> RemoteEngine:
    engine = RemoteEngine({server.base_url: key}.get)
    (loaded,) = engine.run(LoadRequest(1, f"{server.base_url}#org/big", context_length=4096), lambda: False)
    assert isinstance(loaded, ModelLoaded)
    assert (loaded.info.name, loaded.host) == ("org/big", server.address.partition("//")[2])
    return engine


def ask(server: RemoteServer, **request: object) -> list[Event]:
    asked = GenerateRequest(2, **{"prompt": PROMPT, **request})  # type: ignore[arg-type]
    return [*engine_of(server).run(asked, lambda: False)]


def reply(server: RemoteServer, **request: object) -> ReplyFinished:
    finished = ask(server, **request)[-1]
    assert isinstance(finished, ReplyFinished)
    return finished


def cut(server: RemoteServer) -> tuple[str, FiresideError]:
    """What arrives of a reply that fails, and its error."""
    texts: list[str] = []
    with pytest.raises(FiresideError) as caught:
        events = engine_of(server).run(GenerateRequest(2, PROMPT), lambda: False)
        texts.extend(event.text for event in events if isinstance(event, TokenGenerated))
    assert KEY not in str(caught.value)
    return "".join(texts), caught.value


def test_a_reply_streams_with_its_figures(server: RemoteServer) -> None:
    events = ask(server)
    assert isinstance(events[0], PrefillProgressed)
    assert [event.text for event in events if isinstance(event, TokenGenerated)] == ["Hello", " from", " afar", "."]
    finished = events[-1]
    assert isinstance(finished, ReplyFinished)
    assert (finished.text, finished.stop_reason) == ("Hello from afar.", StopReason.END_TOKEN)
    assert (finished.timings.prompt_tokens, finished.timings.reused_tokens) == (12, 4)
    assert finished.timings.generated_tokens == 5
    assert finished.pieces == (b"Hello", b" from", b" afar", b".")
    assert finished.logprobs == (-0.25,) * 4


def test_what_is_asked_are_the_messages_and_what_was_chosen(server: RemoteServer) -> None:
    sampler = SamplerSettings(temperature=0.2, top_k=10, repetition_penalty=1.1, seed=5, mirostat_tau=4.0)
    ask(server, sampler=sampler, max_tokens=9, stop=("END",), json_schema='{"type": "object"}')
    (asked,) = server.completions()
    assert asked.authorization == f"Bearer {KEY}"
    body = asked.body
    assert body["model"] == "org/big"
    assert body["messages"] == [{"role": one.role, "content": one.content} for one in PROMPT]
    assert (body["temperature"], body["top_p"], body["top_k"], body["seed"]) == (0.2, 0.95, 10, 5)
    assert body["repetition_penalty"] == body["repeat_penalty"] == 1.1
    assert (body["mirostat"], body["mirostat_tau"]) == (2, 4.0)
    assert (body["max_tokens"], body["stop"]) == (9, ["END"])
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert (body["logprobs"], body["top_logprobs"]) == (True, 5)
    assert "min_p" not in body


def test_a_reply_that_goes_on_says_so(server: RemoteServer) -> None:
    server.thinking = ("Hm",)
    finished = reply(server, prompt=(*PROMPT, Message("assistant", "Well, ")), continue_last=True)
    assert finished.text == "Hello from afar."
    assert server.completions()[0].body["continue_final_message"] is True


def test_thinking_comes_as_the_marks_that_the_window_knows(server: RemoteServer) -> None:
    server.thinking = ("Let me", " see.")
    assert reply(server).text == "<think>\nLet me see.\n</think>\n\nHello from afar."


def test_thinking_without_an_answer_is_closed(server: RemoteServer) -> None:
    server.thinking, server.words = ("Hm.",), ()
    assert reply(server).text == "<think>\nHm.\n</think>"


def test_thinking_behind_the_beginning_of_the_answer_is_left_out(server: RemoteServer) -> None:
    pieces = ({"content": "It"}, {"reasoning_content": "wait"}, {"content": " is."})
    server.script = lambda send: send(b"".join(map(chunk, pieces)) + chunk({}, finish_reason="stop"))
    assert reply(server).text == "It is."


def test_loading_connects_to_nothing(server: RemoteServer) -> None:
    engine_of(server)
    assert server.asked == []


def test_what_a_server_will_not_take_and_fireside_can_spare_is_left_out(server: RemoteServer) -> None:
    server.refuses = ("stream_options", "logprobs", "max_tokens", "repeat_penalty")
    sampler = SamplerSettings(repetition_penalty=1.2)
    assert reply(server, max_tokens=7, sampler=sampler).text == "Hello from afar."
    last = server.completions()[-1].body
    assert (last["max_completion_tokens"], last["repetition_penalty"]) == (7, 1.2)
    assert last.keys().isdisjoint(server.refuses)


def test_a_setting_that_a_server_refuses_is_named(server: RemoteServer) -> None:
    server.refuses = ("top_k",)
    with pytest.raises(RemoteRefusedError, match=r"does not accept this request.*'top_k'"):
        reply(server, sampler=SamplerSettings(top_k=3))
    assert len(server.completions()) == 1


def test_a_server_that_cannot_continue_a_reply_is_told_as_such(server: RemoteServer) -> None:
    server.refuses = ("continue_final_message",)
    with pytest.raises(RemoteRefusedError, match="cannot go on in the middle of a reply; regenerate it"):
        reply(server, prompt=(*PROMPT, Message("assistant", "Well, ")), continue_last=True)


def test_a_stop_is_obeyed_while_the_server_is_silent(server: RemoteServer) -> None:
    server.gate.clear()
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    events = [*engine_of(server).run(GenerateRequest(2, PROMPT), stop.is_set)]
    finished = events[-1]
    assert isinstance(finished, ReplyFinished)
    assert (finished.text, finished.stop_reason) == ("Hello", StopReason.CANCELLED)
    assert time.monotonic() - began < 5.0  # far below the silence that a server is allowed


def test_a_server_that_does_not_stream_answers_too(server: RemoteServer) -> None:
    server.content_type = "application/json"
    server.script = lambda send: send(
        b'{"choices": [{"message": {"content": "All at once."}, "finish_reason": "length"}]}'
    )
    finished = reply(server)
    assert (finished.text, finished.stop_reason) == ("All at once.", StopReason.MAX_TOKENS)


def test_a_connection_that_ends_behind_the_end_of_the_reply_is_no_fault(server: RemoteServer) -> None:
    server.script = lambda send: send(chunk({"content": "Done."}) + chunk({}, finish_reason="stop"))
    assert reply(server).text == "Done."


@pytest.mark.parametrize(
    ("status", "refusal", "headers", "kind", "sentence"),
    [
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, {}, RemoteRefusedError, "check the key"),
        (403, None, {}, RemoteRefusedError, "does not allow this"),
        (404, {"detail": "no such\u202e model\n"}, {}, RemoteRefusedError, "does not know this model"),
        (429, {"error": "slow down"}, {"Retry-After": "30"}, RemoteRefusedError, "in 30 seconds.*slow down"),
        (429, None, {"Retry-After": "9" * 5000}, RemoteRefusedError, "try again later"),
        (500, [1], {}, RemoteRefusedError, "trouble of its own"),
        (503, {"error": {"message": ["x"]}}, {}, RemoteRefusedError, "try again later"),
        (400, {"error": {"code": "context_length_exceeded"}}, {}, ContextFullError, "too long"),
        (400, {"message": "maximum context length is 4096"}, {}, ContextFullError, "too long"),
        (422, {"detail": [{"loc": ["body"]}]}, {}, RemoteRefusedError, "does not accept"),
        (400, [{"error": {"message": "No such field"}}], {}, RemoteRefusedError, "It says: No such field"),  # Google
        (500, {"error": {"message": "1 validation error: 'top_k'"}}, {}, RemoteRefusedError, "does not accept"),
        (400, {"error": {"message": "longer than the maximum model length of 9"}}, {}, ContextFullError, "too long"),
    ],
)
def test_a_refusal_says_what_to_do(
    server: RemoteServer,
    status: int,
    refusal: object,
    headers: dict[str, str],
    kind: type[FiresideError],
    sentence: str,
) -> None:
    server.status, server.refusal, server.headers = status, refusal, headers
    text, error = cut(server)
    assert text == ""
    assert type(error) is kind
    with pytest.raises(kind, match=sentence):
        raise error
    assert str(error).isprintable()


def test_neither_key_nor_message_follows_a_redirect(server: RemoteServer) -> None:
    with serving(RemoteServer()) as other:
        for status in (301, 302, 307, 308):
            server.status, server.headers = status, {"Location": f"{other.base_url}/chat/completions"}
            _, error = cut(server)
            assert isinstance(error, RemoteRefusedError)
            assert f"leads to {other.address.removeprefix('http://')}" in str(error)
        assert other.asked == []


SPOILT = {
    "the connection ends": (b"", RemoteUnreachableError),
    "no JSON": (b"data: {oops\n\n", RemoteAnswerError),
    "nested without an end": (b"data: " + b"[" * 100_000 + b"\n\n", RemoteAnswerError),
    "JSON of another kind": (b"data: [1]\n\n", RemoteAnswerError),
    "an error in the middle": (b'data: {"error": {"message": "worker died"}}\n\n', RemoteAnswerError),
    "an error with a status": (b'data: {"error": {"code": 429, "message": "wait"}}\n\n', RemoteRefusedError),
    "a line without an end": (b"data: " + b"x" * (LONGEST_LINE + 1), RemoteAnswerError),
    "a huge event": (b"data: " + (b"data: " + b"x" * 1000 + b"\n") * 5000, RemoteAnswerError),
    "a tool call": (chunk({"tool_calls": [{"function": {"name": "rm\n"}}]}), RemoteAnswerError),
    "an old tool call": (chunk({"function_call": {"name": "rm"}}), RemoteAnswerError),
    "withheld": (chunk({}, finish_reason="content_filter"), RemoteRefusedError),
    "broken off": (chunk({}, finish_reason="abort"), RemoteAnswerError),
    "out of resources": (chunk({}, finish_reason="insufficient_system_resource"), RemoteAnswerError),  # DeepSeek
    "an error of vLLM's": (b'data: {"object": "error", "message": "died", "code": 400}\n\n', RemoteRefusedError),
    "an error in the choice": (chunk({}, error={"code": 502, "message": "gone"}), RemoteRefusedError),  # OpenRouter
    "an error as a field": (b'error: {"code": 500, "message": "slot died"}\n\n', RemoteRefusedError),  # llama.cpp
    "an error as an event": (b'event: error\ndata: {"error": "crashed"}\n\n', RemoteAnswerError),  # LM Studio
    "a web page": (b"<!DOCTYPE html><html></html>\n\n", RemoteUnreachableError),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_arrived_before_a_fault_is_kept(server: RemoteServer, name: str) -> None:
    spoilt, kind = SPOILT[name]
    server.script = lambda send: send(chunk({"content": "So far"}) + spoilt)
    text, error = cut(server)
    assert (text, type(error)) == ("So far", kind)
    assert str(error).isprintable()


def test_a_web_page_in_the_place_of_an_answer_is_named(server: RemoteServer) -> None:
    server.content_type = "text/html"
    server.script = lambda send: send(b"<html>Sign in</html>")
    _, error = cut(server)
    assert "a web page; check the address" in str(error)


def test_a_reply_without_an_end_is_ended(server: RemoteServer) -> None:
    def flood(send: Send) -> None:
        while True:
            send(chunk({"content": "x" * 500_000}))

    server.script = flood
    text, error = cut(server)
    assert "does not end its reply" in str(error)
    assert LONGEST_REPLY < len(text) < 2 * LONGEST_REPLY


def test_a_packed_answer_is_not_opened(server: RemoteServer) -> None:
    server.headers = {"Content-Encoding": "gzip"}
    _, error = cut(server)
    assert "packed answer" in str(error)


def test_bytes_and_characters_that_are_none_do_no_harm(server: RemoteServer) -> None:
    spoilt = b'data: {"choices": [{"delta": {"content": "a\xff\\ud83d\\u0000b"}}]}\r\n\r\n'
    server.script = lambda send: send(
        spoilt + b": a comment\n\nevent: x\nid: 7\n\n" + chunk({}, finish_reason="stop")
    )
    text = reply(server).text
    assert text == "a\ufffd\ufffd\0b"
    text.encode()


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": None},
        {"choices": [7]},
        {"choices": [{"delta": 7, "logprobs": {"content": [{"token": 1}, 5]}}]},
        {"choices": [{"delta": {"content": {"x": 1}, "reasoning_content": 5}}]},
        {"choices": [{"delta": {"tool_calls": []}}], "usage": {"prompt_tokens": -5, "completion_tokens": "9"}},
        {"choices": [{"logprobs": {"content": [{"token": "a", "logprob": 1e400}]}}], "usage": 5},
    ],
)
def test_fields_of_another_kind_count_as_missing(server: RemoteServer, odd: object) -> None:
    data = b"data: " + json.dumps(odd).encode() + b"\n\n"
    server.script = lambda send: send(data + chunk({"content": "Yes."}) + chunk({}, finish_reason="stop"))
    finished = reply(server)
    assert (finished.text, finished.timings.prompt_tokens) == ("Yes.", 0)


def test_another_fireside_is_an_endpoint_like_any_other() -> None:
    with served(FakeEngine([["Hello", " there", "."]])) as other:
        base_url = f"http://127.0.0.1:{other.port}/v1"
        connection = Connection(base_url, TOKEN, lambda: False)
        assert [one.name for one in listed_models(connection.models())][:1] == [MODEL]
        connection.close()
        engine = RemoteEngine({base_url: TOKEN}.get)
        [*engine.run(LoadRequest(1, f"{base_url}#{MODEL}"), lambda: False)]
        sampler = SamplerSettings(top_k=7, repetition_penalty=1.1, seed=3)
        finished = [*engine.run(GenerateRequest(2, PROMPT, sampler, max_tokens=9, stop=("X",)), lambda: False)][-1]
        assert isinstance(finished, ReplyFinished)
        assert (finished.text, finished.stop_reason) == ("Hello there.", StopReason.END_TOKEN)
        assert finished.timings.prompt_tokens == 10
        assert finished.pieces[: len(finished.logprobs)] == (b"Hello", b" there", b".")
        (asked,) = other.fake.requests
        assert (asked.prompt, asked.max_tokens, asked.stop) == (PROMPT, 9, ("X",))
        assert (asked.sampler.top_k, asked.sampler.repetition_penalty, asked.sampler.seed) == (7, 1.1, 3)
        refused = GenerateRequest(3, PROMPT, SamplerSettings(dry_multiplier=0.8))
        with pytest.raises(RemoteRefusedError, match="dry_multiplier"):
            [*engine.run(refused, lambda: False)]


def test_an_endpoint_that_is_not_there_is_told() -> None:
    engine = RemoteEngine(lambda _url: None)
    [*engine.run(LoadRequest(1, "http://127.0.0.1:9/v1#x"), lambda: False)]
    with pytest.raises(RemoteUnreachableError, match="cannot be reached"):
        [*engine.run(GenerateRequest(2, PROMPT), lambda: False)]


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), 1, begin, end)
    pem, key_format = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "both.pem").write_bytes(
        private.private_bytes(pem, key_format, serialization.NoEncryption())
        + builder.sign(private, hashes.SHA256()).public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with serving(RemoteServer(), context) as guarded:
        text, error = cut(guarded)
        assert (text, type(error)) == ("", RemoteUnreachableError)
        assert "a certificate that this machine does not trust" in str(error)
        assert guarded.asked == []


def test_a_proxy_is_not_used_for_this_machine_and_told_where_it_cannot_be(
    server: RemoteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "gopher://127.0.0.1:9")
    assert reply(server).text == "Hello from afar."
    with pytest.raises(RemoteUnreachableError, match="The proxy of this system cannot be used for host"):
        Connection("https://host/v1", None, lambda: False)


def test_only_a_model_of_this_machine_goes_on_from_a_token(server: RemoteServer) -> None:
    with pytest.raises(RequestError, match="choose a model on this machine"):
        ask(server, begun_ids=(1, 2))
    assert server.asked == []


NAMES = (
    *("choices", "delta", "message", "content", "reasoning_content", "tool_calls", "function", "name", "logprobs"),
    *(
        "token",
        "logprob",
        "bytes",
        "top_logprobs",
        "thinking",
        "finish_reason",
        "stop_reason",
        "usage",
        "prompt_tokens",
        "error",
        "code",
        "param",
        "detail",
    ),
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=MUTANTS, deadline=None)
@given(ANY_JSON, st.integers(100, 599))
def test_whatever_json_comes_is_a_piece_or_a_typed_error(content: object, status: int) -> None:
    for told in (
        content,
        {"choices": [content]},
        {"choices": [{"delta": content, "logprobs": {"content": [content]}}]},
    ):
        try:
            piece = read_piece("host", json.dumps(told), key=KEY)
        except FiresideError as error:
            assert str(error).isprintable()
        else:
            f"{piece.text}{piece.thinking}{piece.tool}".encode()
            assert len(unpack(numbered(piece.tokens)[1])) == len(piece.tokens)
    assert str(refusal("host", status, {"error": content}, key=KEY)).isprintable()
    assert isinstance(listed_models([content]), tuple)


@settings(max_examples=MUTANTS, deadline=None)
@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"data: ", b"\n\n", b"\r\n", b"[DONE]"]), max_size=12))
def test_any_bytes_are_the_same_events_in_one_piece_and_in_many(pieces: list[bytes]) -> None:
    whole, parts = EventStream("host"), EventStream("host")
    assert whole.feed(b"".join(pieces)) == [event for piece in pieces for event in parts.feed(piece)]


def test_an_event_stream_may_come_in_any_pieces() -> None:
    content = "data: one\r\ndata: two\r\n\r\n: nothing\n\ndata:drei €\n\nid: 4\n\n\ufeffdata: ".encode()
    for size in (1, 2, 3, 7, 100):
        stream = EventStream("host")
        pieces = (content[at : at + size] for at in range(0, len(content), size))
        assert [event for piece in pieces for event in stream.feed(piece)] == ["one\ntwo", "drei €"]


def test_models_are_listed_as_far_as_their_names_are_harmless(server: RemoteServer) -> None:
    server.models = [
        {"id": "a", "meta": {"n_ctx_train": 99}},
        {"id": "a"},
        {"id": "evil\u202e"},
        {"id": 5},
        7,
        {"name": "b"},
    ]
    connection = Connection(server.base_url, KEY, lambda: False)
    try:
        assert listed_models(connection.models()) == (RemoteModel("a", 99), RemoteModel("b"))
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("entered", "meant"),
    [
        ("https://API.example.com", "https://api.example.com/v1"),
        ("api.example.com/v1/", "https://api.example.com/v1"),
        ("localhost:8000", "http://localhost:8000/v1"),
        ("127.0.0.1:8080/v1/chat/completions", "http://127.0.0.1:8080/v1"),
        ("http://[::1]:80", "http://[::1]/v1"),
        ("https://host:443/openai/models", "https://host/openai"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
    ],
)
def test_an_address_is_understood_as_it_is_meant(entered: str, meant: str) -> None:
    assert base_url_of(entered) == meant


@pytest.mark.parametrize(
    "entered",
    [
        "",
        "ftp://host/v1",
        "https://",
        "https://a:b@host/v1",
        "https://host:99999",
        "https://host/v1?key=1",
        "a b",
        "[::1",
    ],
)
def test_what_is_no_address_is_refused(entered: str) -> None:
    with pytest.raises(RemoteAddressError):
        base_url_of(entered)


def test_only_a_connection_that_others_can_read_is_told_as_such() -> None:
    addresses = ("http://10.0.0.5/v1", "https://host/v1", "http://localhost:1/v1", "http://127.0.0.1/v1")
    assert [is_open_to_readers(address) for address in addresses] == [True, False, False, False]


def test_endpoints_are_kept_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    first, second = (Endpoint(name, f"https://{name}/v1", (RemoteModel("m", 5),)) for name in ("one", "two"))
    endpoints = Endpoints(path)
    endpoints.put(first)
    endpoints.put(second)
    endpoints.remember(first.address(RemoteModel("m")))
    moved = Endpoint("New", "https://new/v1", (RemoteModel("n"),), is_allowed=True)
    endpoints.put(moved, instead_of=first.base_url)
    kept = Endpoints(path)
    assert kept.all() == (moved, second)
    assert kept.last is None  # it is not there any more
    kept.remove(second.base_url)
    assert Endpoints(path).all() == (moved,)


def test_a_damaged_entry_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    good = {"name": "Good", "base_url": "https://good/v1", "models": [{"name": "m"}], "is_allowed": "yes"}
    odd = [5, {"name": 1}, {"name": "x", "base_url": "https://a:b@c/v1"}, {"name": "y", "base_url": "nowhere"}, good]
    path.write_text(json.dumps({"version": 1, "endpoints": odd, "last": 7}), encoding="utf-8")
    assert Endpoints(path).all() == (Endpoint("Good", "https://good/v1", (RemoteModel("m"),)),)
