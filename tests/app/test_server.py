"""The server before a fake engine, asked by the official client: every path, what it refuses, and who goes away."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest
from fakes import FakeEngine
from openai.types.chat import ChatCompletionMessageFunctionToolCall
from pytestqt.qtbot import QtBot
from served import MODEL, Served, served

from app.server.models import ServedModel
from engine.api import (
    ContextFullError,
    GenerateRequest,
    Message,
    OutOfMemoryError,
    ReplyFinished,
    RequestError,
    StopReason,
    TemplateError,
    UnloadRequest,
)

HELLO: Any = [{"role": "user", "content": "Hello"}]
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
FORCED: Any = {"tools": [WEATHER], "tool_choice": "required"}
DEFINED: Any = [{"$defs": {"Place": {"type": kind}}, "$ref": "#/$defs/Place"} for kind in ("string", "object")]


def function(name: str, parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


LONG = {"name": "long", "schema": {"enum": ["x" * (1 << 15)]}}


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with served(FakeEngine()) as running:
        yield running


@pytest.fixture
def server(running: Served) -> Served:
    """The server with a fake engine that knows nothing of earlier tests."""
    fake = running.fake
    fake.replies, fake.token_s = [("Hello", " there", ".")], 0.0
    fake.requests.clear()
    fake.gate.set()
    return running


def asked(server: Served) -> GenerateRequest:
    return server.fake.requests[-1]


def test_a_chat_is_answered(server: Served) -> None:
    answer = server.client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "developer", "content": "Be short."},
            {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "text", "text": "you"}]},
        ],
    )
    choice = answer.choices[0]
    assert (choice.message.content, choice.message.role, choice.finish_reason) == (
        "Hello there.",
        "assistant",
        "stop",
    )
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (10, 3, 13)
    assert answer.object == "chat.completion"
    assert answer.model == MODEL
    assert asked(server).prompt == (Message("system", "Be short."), Message("user", "Hello\nyou"))


def test_a_chat_streams(server: Served) -> None:
    stream = server.client.chat.completions.create(
        model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "Hello there."
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 13


def test_tokens_come_while_others_are_still_made(server: Served) -> None:
    server.fake.replies = [["one"] + [" more"] * 1000]
    server.fake.token_s = 0.005
    with server.client.chat.completions.create(model=MODEL, messages=HELLO, stream=True) as stream:
        first = next(chunk for chunk in stream if chunk.choices[0].delta.content)
    assert (first.choices[0].delta.content or "").startswith("one")


def test_sampling_reaches_the_engine(server: Served) -> None:
    server.client.chat.completions.create(
        model=MODEL,
        messages=HELLO,
        temperature=0.3,
        top_p=0.5,
        seed=7,
        presence_penalty=0.25,
        frequency_penalty=-0.5,
        logit_bias={"5": -100},
        stop=["END", "\n"],
        max_completion_tokens=9,
        extra_body={"top_k": 3, "min_p": 0.1},
    )
    sampler = asked(server).sampler
    assert (sampler.temperature, sampler.top_p, sampler.seed, sampler.top_k, sampler.min_p) == (0.3, 0.5, 7, 3, 0.1)
    assert (sampler.presence_penalty, sampler.frequency_penalty) == (0.25, -0.5)
    assert sampler.logit_bias == ((5, -100.0),)
    assert asked(server).stop == ("END", "\n")
    assert asked(server).max_tokens == 9


def test_without_settings_those_of_the_api_hold_but_for_what_the_models_makers_recommend(server: Served) -> None:
    loaded = server.models.loaded
    assert loaded is not None
    server.models.loaded = replace(
        loaded, info=replace(loaded.info, recommended=(("temperature", 0.6), ("top_k", 20.0)))
    )
    try:
        server.client.chat.completions.create(model=MODEL, messages=HELLO, top_p=0)
    finally:
        server.models.loaded = loaded
    sampler = asked(server).sampler
    assert (sampler.temperature, sampler.top_k, sampler.min_p) == (0.6, 20, 0.0)
    assert 0 < sampler.top_p < 1e-3


def test_each_choice_has_a_seed_of_its_own(server: Served) -> None:
    server.fake.replies = [["a"], ["b"]]
    answer = server.client.chat.completions.create(model=MODEL, messages=HELLO, n=2, seed=5)
    assert [(choice.index, choice.message.content) for choice in answer.choices] == [(0, "a"), (1, "b")]
    assert [request.sampler.seed for request in server.fake.requests] == [5, 6]
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 2)


def test_log_probabilities_are_those_of_the_stored_alternatives(server: Served) -> None:
    whole = server.client.chat.completions.create(model=MODEL, messages=HELLO, logprobs=True, top_logprobs=2)
    streamed = server.client.chat.completions.create(
        model=MODEL, messages=HELLO, logprobs=True, top_logprobs=2, stream=True
    )
    assert whole.choices[0].logprobs is not None
    content = whole.choices[0].logprobs.content or []
    assert [entry.token for entry in content] == ["Hello", " there", "."]
    assert bytes(content[1].bytes or []) == b" there"
    assert content[0].logprob == pytest.approx(-0.5108, abs=1e-3)
    assert [top.token for top in content[0].top_logprobs] == ["Hello", " other1000"]
    assert content == [
        entry
        for chunk in streamed
        if chunk.choices[0].logprobs is not None
        for entry in chunk.choices[0].logprobs.content or []
    ]


def test_a_json_schema_reaches_the_engine(server: Served) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    named: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}
    server.client.chat.completions.create(model=MODEL, messages=HELLO, response_format=named)
    assert json.loads(asked(server).json_schema or "") == schema
    server.client.chat.completions.create(model=MODEL, messages=HELLO, response_format={"type": "json_object"})
    assert json.loads(asked(server).json_schema or "") == {"type": "object"}


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_call_of_a_tool_comes_back_as_one(server: Served, is_streamed: bool) -> None:
    server.fake.replies = [
        [
            "Let me",
            " see.",
            "<tool",
            "_call>\n",
            '{"name": "weather", ',
            '"arguments": {"city": "Ulm"}}\n</tool_call>',
        ]
    ]
    answer = server.client.chat.completions.create(model=MODEL, messages=HELLO, tools=[WEATHER], stream=is_streamed)
    if is_streamed:
        choices = [chunk.choices[0] for chunk in answer]
        calls = [call for choice in choices for call in choice.delta.tool_calls or []]
        text, reason = "".join(choice.delta.content or "" for choice in choices), choices[-1].finish_reason
    else:
        calls = answer.choices[0].message.tool_calls
        text, reason = answer.choices[0].message.content, answer.choices[0].finish_reason
    assert (text, reason) == ("Let me see.", "tool_calls")
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("weather", {"city": "Ulm"})
    ]
    assert calls[0].id
    assert json.loads(asked(server).tools or "") == [WEATHER]


def test_a_result_of_a_tool_goes_back_to_the_model(server: Served) -> None:
    called: Any = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}
    server.client.chat.completions.create(
        model=MODEL,
        messages=[
            *HELLO,
            {"role": "assistant", "content": None, "tool_calls": [called]},
            {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        ],
        tools=[WEATHER],
    )
    _question, call, result = asked(server).prompt
    assert isinstance(call, Message)
    assert isinstance(result, Message)
    assert json.loads(call.more)["tool_calls"][0]["function"] == {"name": "weather", "arguments": {"city": "Ulm"}}
    assert (result.role, result.content, json.loads(result.more)) == ("tool", "sunny", {"tool_call_id": "c1"})


def test_tools_are_left_out_where_none_may_be_called(server: Served) -> None:
    server.client.chat.completions.create(model=MODEL, messages=HELLO, tools=[WEATHER], tool_choice="none")
    assert asked(server).tools is None


def test_a_call_that_is_asked_for_is_a_reply_that_follows_a_schema(server: Served) -> None:
    clock: Any = {"type": "function", "function": {"name": "clock"}}
    places: Any = function("places", DEFINED[1])
    server.fake.replies = [['{"name": "clock", ', '"arguments": {}}']]
    named: Any = {"type": "function", "function": {"name": "clock"}}
    create = server.client.chat.completions.create
    answer = create(model=MODEL, messages=HELLO, tools=[WEATHER, clock], tool_choice=named)
    schema = json.loads(asked(server).json_schema or "")
    assert schema["properties"]["name"] == {"const": "clock"}
    assert schema["properties"]["arguments"]["additionalProperties"] is False
    (call,) = answer.choices[0].message.tool_calls or []
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    assert (call.function.name, call.function.arguments) == ("clock", "{}")
    create(model=MODEL, messages=HELLO, tools=[WEATHER, places], tool_choice="required")
    schema = json.loads(asked(server).json_schema or "")
    assert [one["properties"]["name"]["const"] for one in schema["anyOf"]] == ["weather", "places"]
    assert schema["anyOf"][1]["properties"]["arguments"] == {"$ref": "#/$defs/Place"}
    assert schema["$defs"] == {"Place": {"type": "object"}}
    create(model=MODEL, messages=HELLO, tools=[WEATHER])
    assert asked(server).json_schema is None


@pytest.mark.parametrize("is_streamed", [False, True])
def test_thinking_stands_beside_the_answer(server: Served, is_streamed: bool) -> None:
    server.fake.replies = [["<think>\nLet me", " see.\n</thi", "nk>\n\n", "Yes", "."]]
    answer: Any = server.client.chat.completions.create(model=MODEL, messages=HELLO, stream=is_streamed)
    said = [chunk.choices[0].delta for chunk in answer] if is_streamed else [answer.choices[0].message]
    thinking = "".join(getattr(one, "reasoning_content", None) or "" for one in said)
    assert (thinking, "".join(one.content or "" for one in said)) == ("Let me see.", "Yes.")


def test_a_thinking_that_comes_back_is_for_the_template(server: Served) -> None:
    for name in ("reasoning_content", "reasoning"):
        thought: Any = {"role": "assistant", "content": "Yes.", name: "Hm."}
        server.client.chat.completions.create(model=MODEL, messages=[*HELLO, thought, *HELLO])
        message = asked(server).prompt[1]
        assert isinstance(message, Message)
        assert (message.content, json.loads(message.more)) == ("Yes.", {"reasoning_content": "Hm."})


def test_what_is_not_there_names_what_is(server: Served) -> None:
    with pytest.raises(openai.NotFoundError, match=r"nothing at /v1/responses; here are .*/v1/chat/completions"):
        server.client.responses.create(model=MODEL, input="Hello")


def test_raw_prompts_are_completed(server: Served) -> None:
    answer = server.client.completions.create(model=MODEL, prompt=["Once", "Twice"], logprobs=1, max_tokens=5)
    assert [choice.text for choice in answer.choices] == ["Hello there.", "Hello there."]
    assert [request.prompt for request in server.fake.requests] == ["Once", "Twice"]
    assert asked(server).max_tokens == 5
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert (logprobs.tokens, logprobs.text_offset) == (["Hello", " there", "."], [0, 5, 11])
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 20
    streamed = list(server.client.completions.create(model=MODEL, prompt="Once", stream=True))
    assert "".join(chunk.choices[0].text for chunk in streamed) == "Hello there."
    assert streamed[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("form", ["float", "base64"])
def test_texts_become_vectors(server: Served, form: Any) -> None:
    answer = server.client.embeddings.create(model=MODEL, input=["one two", "three"], encoding_format=form)
    vectors = [one.embedding for one in answer.data]
    if form == "float":
        assert vectors == [[1.0, 0.0], [pytest.approx(0.6), pytest.approx(0.8)]]
    assert answer.usage.prompt_tokens == 3
    assert server.client.embeddings.create(model=MODEL, input="one").data[0].embedding == [1.0, 0.0]


def test_models_are_listed(server: Served) -> None:
    server.models.others = (ServedModel("Other/model", Path("/models/other.gguf"), 5),)
    try:
        assert [model.id for model in server.client.models.list()] == [MODEL, "Other/model"]
        assert server.client.models.retrieve("Other/model").created == 5
        lengths = [getattr(model, "max_model_len", None) for model in server.client.models.list()]
        assert lengths == [2048, None]  # of one that is not loaded it is not known
    finally:
        server.models.others = ()
    with pytest.raises(openai.NotFoundError):
        server.client.models.retrieve("Other/model")


def test_another_model_is_loaded_only_where_it_may_be(server: Served) -> None:
    with pytest.raises(openai.NotFoundError, match="not served here") as refused:
        server.client.chat.completions.create(model="Other", messages=HELLO)
    assert refused.value.code == "model_not_found"
    before, server.models.others = server.models.own, (ServedModel("Other", Path("/models/other.gguf"), 5),)
    try:
        assert server.client.chat.completions.create(model="Other", messages=HELLO).model == "Other"
        assert server.models.own == server.models.others[0]
    finally:
        server.models.own, server.models.others = before, ()


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"best_of": 2}, "best_of"),
        ({"reasoning_effort": "high"}, "reasoning_effort"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"n": 0}, "n"),
        ({"n": True}, "n"),
        ({"seed": -1}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": [""]}, "stop"),
        ({"stop": "x" * 257}, "stop"),
        ({"logit_bias": {"word": 1}}, "logit_bias"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 17}, "top_logprobs"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({**FORCED, "tool_choice": "any"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "clock"}}}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": []}}}, "tool_choice"),
        (
            {"tools": [WEATHER], "tool_choice": "required", "response_format": {"type": "json_object"}},
            "response_format",
        ),
        ({**FORCED, "tools": [function("long", {"enum": ["x" * (1 << 15)]})]}, "tools"),
        ({"tools": [function("odd", [])]}, "tools[0].function.parameters"),
        ({**FORCED, "tools": [*map(function, "ab", DEFINED)]}, "tools"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"response_format": {"type": "grammar"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": {"type": "json_schema", "json_schema": LONG}}, "response_format.json_schema"),
        ({"response_format": {"type": "json_object"}, "tools": [WEATHER]}, "response_format"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"messages": []}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0]"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(server: Served, body: dict[str, Any], parameter: str) -> None:
    with pytest.raises(openai.BadRequestError, match=parameter.replace("[", r"\[")) as refused:
        server.client.chat.completions.create(model=MODEL, messages=HELLO, extra_body=body)
    assert refused.value.param == parameter
    assert not server.fake.requests


def test_what_asks_for_nothing_is_taken(server: Served) -> None:
    server.client.chat.completions.create(
        model=MODEL, messages=HELLO, store=False, user="ann", metadata={"a": "b"}, parallel_tool_calls=True, stop=None
    )
    assert len(server.fake.requests) == 1


@pytest.mark.parametrize(
    ("error", "raised", "code"),
    [
        (RequestError("The schema makes no sense."), openai.BadRequestError, None),
        (ContextFullError("It is too long."), openai.BadRequestError, "context_length_exceeded"),
        (TemplateError("It knows no tools."), openai.BadRequestError, "chat_template_error"),
        (OutOfMemoryError("It does not fit."), openai.InternalServerError, "model_unavailable"),
    ],
)
@pytest.mark.parametrize("is_streamed", [False, True])
def test_an_error_of_the_engine_has_openais_shape(
    server: Served, error: Exception, raised: Any, code: str | None, is_streamed: bool
) -> None:
    server.fake.replies = [error]
    with pytest.raises(raised, match=str(error)) as refused:
        server.client.chat.completions.create(model=MODEL, messages=HELLO, stream=is_streamed)
    assert refused.value.code == code


def test_a_client_that_goes_away_ends_its_reply(server: Served) -> None:
    server.fake.replies = [["word "] * 100_000, ["next"]]
    server.fake.token_s = 0.001
    with server.client.chat.completions.create(model=MODEL, messages=HELLO, stream=True) as stream:
        next(iter(stream))
    # The next one is answered at once; the reply before would take minutes.
    started = time.monotonic()
    assert server.client.chat.completions.create(model=MODEL, messages=HELLO).choices[0].message.content == "next"
    assert time.monotonic() - started < 5


def test_a_client_that_does_not_wait_for_its_turn_is_passed_over(server: Served) -> None:
    server.fake.replies = [["first"], ["third"]]
    server.fake.gate.clear()
    with ThreadPoolExecutor(3) as pool:
        create = server.client.chat.completions.create
        first = pool.submit(create, model=MODEL, messages=HELLO)
        while not server.fake.requests:
            time.sleep(0.005)
        second = pool.submit(
            server.client.with_options(timeout=0.1).chat.completions.create, model=MODEL, messages=HELLO
        )
        with pytest.raises(openai.APITimeoutError):
            second.result()
        third = pool.submit(create, model=MODEL, messages=HELLO)
        server.fake.gate.set()
        assert [answer.result().choices[0].message.content for answer in (first, third)] == ["first", "third"]
    assert len(server.fake.requests) == 2


def test_the_window_goes_on_while_a_reply_is_served(server: Served, qtbot: QtBot) -> None:
    server.fake.replies = [["served"] * 50_000, ["window"] * 20]
    server.fake.token_s = 0.001
    events: list[object] = []
    server.engine.eventArrived.connect(events.append)
    with server.client.chat.completions.create(model=MODEL, messages=HELLO, stream=True) as stream:
        pieces = iter(stream)
        next(pieces)
        server.engine.submit(GenerateRequest(server.engine.next_request_id(), "Hello"))
        qtbot.waitUntil(lambda: any(isinstance(event, ReplyFinished) for event in events))
        assert next(pieces).choices[0].finish_reason is None  # it goes on, too
    server.engine.eventArrived.disconnect(events.append)
    finished = [event for event in events if isinstance(event, ReplyFinished)]
    assert [(event.text, event.stop_reason) for event in finished] == [("window" * 20, StopReason.END_TOKEN)]


def test_a_model_that_the_window_puts_away_ends_the_reply_with_a_reason(server: Served, qtbot: QtBot) -> None:
    server.fake.replies = [["served"] * 50_000]
    server.fake.token_s = 0.001
    with server.client.chat.completions.create(model=MODEL, messages=HELLO, stream=True) as stream:
        pieces = iter(stream)
        next(pieces)
        server.engine.submit(UnloadRequest(server.engine.next_request_id()))
        with pytest.raises(openai.APIError, match="put away"):
            list(pieces)
