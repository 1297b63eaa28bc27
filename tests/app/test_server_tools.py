"""Calls of tools in the text of a reply, in the formats that models write; whatever is no call stays text."""

from __future__ import annotations

import json

import pytest
from llguidance import LLMatcher, LLTokenizer

from app.server.fields import Fields
from app.server.tool_choice import tools_of
from app.server.tools import ToolCall, ToolStream, calls_in

NAMES = ("weather", "clock")
ULM = {"city": "Ulm"}


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Ulm"}}\n</tool_call>',
        '<tool_call>{"name": "weather", "arguments": {"city": "Ulm"}}',  # its end was an end token
        '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Ulm"}}]',
        '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Ulm"}, "id": "VvvODy9mT"}]',
        '[TOOL_CALLS]weather[ARGS]{"city": "Ulm"}',
        '{"name": "weather", "parameters": {"city": "Ulm"}}',
        '<|python_tag|>{"name": "weather", "parameters": {"city": "Ulm"}}',
        '\n\n{"type": "function", "name": "weather", "parameters": {"city": "Ulm"}}\n',
    ],
)
def test_one_call(text: str) -> None:
    (call,) = calls_in(text, NAMES)
    assert (call.name, json.loads(call.arguments)) == ("weather", ULM)


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "weather", "arguments": {}}</tool_call>\n<tool_call>{"name": "clock"}</tool_call>',
        '[TOOL_CALLS][{"name": "weather", "arguments": {}}, {"name": "clock", "arguments": {}}]',
        "[TOOL_CALLS]weather[ARGS]{}[TOOL_CALLS]clock[ARGS]{}",
        '{"name": "weather", "parameters": {}}; {"name": "clock", "parameters": {}}',
    ],
)
def test_two_calls(text: str) -> None:
    assert calls_in(text, NAMES) == [ToolCall("weather", "{}"), ToolCall("clock", "{}")]


@pytest.mark.parametrize(
    "text",
    [
        "It is sunny.",
        '<tool_call>{"name": "weather", "arguments": {"city": ',  # cut by the token limit
        '<tool_call>{"name": "rm", "arguments": {}}</tool_call>',  # nobody gave it that function
        "<tool_call>weather</tool_call>",
        '[TOOL_CALLS]["weather"]',
        "[TOOL_CALLS]weather[ARGS]{",
        '{"name": "Ann", "age": 5}',
        '{"name": "weather", "parameters": {}} is what I would call.',
        "{" * 100_000,
        "[TOOL_CALLS]" + "[" * 100_000,
        "",
    ],
)
def test_no_call(text: str) -> None:
    assert calls_in(text, NAMES) == []


@pytest.mark.parametrize(
    ("pieces", "shown", "calls"),
    [
        (["Sun", "ny <", "b>"], ["Sun", "ny ", "<b>"], 0),
        (["Wait. <tool_", 'call>{"name": ', '"clock"}</tool_call>'], ["Wait. ", "", ""], 1),
        ([" ", '{"name": "clock", "parameters": {}}'], ["", ""], 1),
        ([" ", '{"a": 1}', " is JSON"], ["", "", ""], 0),
        ([" ", "\n", "Hi"], ["", "", " \nHi"], 0),
    ],
)
def test_text_is_shown_as_soon_as_it_cannot_be_a_call(pieces: list[str], shown: list[str], calls: int) -> None:
    stream = ToolStream(NAMES)
    assert [stream.push(piece) for piece in pieces] == shown
    rest, found = stream.finish()
    assert len(found) == calls
    if not calls:
        assert "".join(shown) + rest == "".join(pieces)


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        ('{"name": "weather", "arguments": {"city": "Ulm"}}', True),
        ('{"name": "clock", "arguments": {}}', True),
        ('{"name": "weather", "arguments": {"city": "Rom"}}', False),
        ('{"name": "rm", "arguments": {}}', False),
        ('{"name": "clock", "arguments": {"at": 5}}', False),
        ('{"name": "clock",\n\n', False),
    ],
)
def test_a_reply_that_has_to_be_a_call_is_one(text: str, is_call: bool) -> None:
    city = {"type": "object", "properties": {"city": {"$ref": "#/$defs/City"}}, "$defs": {"City": {"const": "Ulm"}}}
    functions = [{"name": "weather", "parameters": city}, {"name": "clock"}]
    listed = [{"type": "function", "function": function} for function in functions]
    tools = tools_of(Fields({"tools": listed, "tool_choice": "required"}))
    assert tools.schema is not None
    vocabulary = LLTokenizer("byte")
    matcher = LLMatcher(vocabulary, LLMatcher.grammar_from_json_schema(tools.schema))
    spelt = vocabulary.tokenize_str(text)
    assert (matcher.try_consume_tokens(spelt) == len(spelt)) is is_call
    if is_call:
        assert calls_in(text, tools.names)
