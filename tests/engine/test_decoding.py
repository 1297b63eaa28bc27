"""Several tokens in one call of the kernels: the reply that one token after the other would have been."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import decoding, kernels
from engine.api import (
    GenerateRequest,
    LoadRequest,
    Message,
    ReplyFinished,
    SamplerSettings,
    StopReason,
    TokenGenerated,
)
from engine.engine import Engine
from engine.reader import Reader

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no C compiler was there at installation")

QUESTION = (Message("user", "Name three colours."),)
GREEDY = SamplerSettings(temperature=0.0)
STORY = (Message("user", "Tell me a story about a fox."),)


@pytest.fixture(scope="module")
def engine(starter: Path) -> Iterator[Engine]:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(starter), context_length=512)))
    yield engine
    engine.close()


def reply(engine: Engine, prompt: tuple[Message, ...] = STORY, **more: Any) -> ReplyFinished:
    reader = engine.reader
    assert reader is not None
    reader.forget()
    more.setdefault("sampler", SamplerSettings(seed=3))
    finished = list(engine.run(GenerateRequest(1, prompt, **more)))[-1]
    assert isinstance(finished, ReplyFinished)
    return finished


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each call gave, as on a machine that is quick."""
    monkeypatch.setattr(decoding, "CALL_S", 60.0)
    counts: list[int] = []
    draw_on = Reader.draw_on

    def counted(reader: Reader, *arguments: Any, **more: Any) -> Any:
        drawn = draw_on(reader, *arguments, **more)
        counts.append(len(drawn))
        return drawn

    monkeypatch.setattr(Reader, "draw_on", counted)
    return counts


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reader, "draw_on", lambda *_arguments, **_more: [])


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.0},
        {"temperature": 1.5, "top_k": 64, "top_p": 1.0},
        {"temperature": 0.7, "repetition_penalty": 1.3, "repetition_window": 5},
        {"temperature": 0.0, "repetition_penalty": 1.1, "repetition_window": 256},
    ],
)
def test_the_tokens_and_their_records_are_those_drawn_one_by_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, calls: list[int], settings: dict[str, Any]
) -> None:
    sampler = SamplerSettings(seed=11, **settings)
    found = reply(engine, sampler=sampler, max_tokens=40)
    assert max(calls) > 1
    one_by_one(monkeypatch)
    expected = reply(engine, sampler=sampler, max_tokens=40)
    assert found.token_ids == expected.token_ids
    assert found.alternatives == expected.alternatives
    assert found.logprobs == expected.logprobs
    assert len(found.token_ids) == 40


def test_nothing_is_drawn_behind_the_end(engine: Engine, monkeypatch: pytest.MonkeyPatch, calls: list[int]) -> None:
    found = reply(engine, QUESTION, sampler=GREEDY)
    assert found.stop_reason is StopReason.END_TOKEN
    assert sum(calls) <= len(found.token_ids)
    one_by_one(monkeypatch)
    assert reply(engine, QUESTION, sampler=GREEDY).text == found.text


@pytest.mark.parametrize("how", [{"stop": (".",)}, {"max_tokens": 7}])
def test_what_was_read_behind_a_stop_is_forgotten(engine: Engine, calls: list[int], how: dict[str, Any]) -> None:
    """The next turn takes up what both have in common, and no token more."""
    first = reply(engine, sampler=GREEDY, **how)
    assert max(calls) > 1
    reader = engine.reader
    assert reader is not None
    assert reader.cache.length == len(reader.ids)
    turns = (*STORY, Message("assistant", first.text, token_ids=first.token_ids), Message("user", "Go on."))
    finished = list(engine.run(GenerateRequest(2, turns, sampler=GREEDY, max_tokens=12)))[-1]
    assert isinstance(finished, ReplyFinished)
    assert finished.timings.reused_tokens > 0
    assert finished.token_ids == reply(engine, turns, sampler=GREEDY, max_tokens=12).token_ids


@pytest.mark.usefixtures("calls")
def test_a_stop_is_heard_between_two_tokens_of_a_call(engine: Engine) -> None:
    told = 0

    def cancelled() -> bool:
        return told >= 5

    finished = None
    for event in engine.run(GenerateRequest(1, STORY, sampler=SamplerSettings(seed=3), max_tokens=60), cancelled):
        told += isinstance(event, TokenGenerated)
        finished = event
    assert isinstance(finished, ReplyFinished)
    assert finished.stop_reason is StopReason.CANCELLED
    assert told == len(finished.token_ids) == 5


@pytest.mark.usefixtures("calls")
def test_a_text_that_repeats_itself_is_still_guessed(engine: Engine) -> None:
    again = GenerateRequest(1, ("red green blue gold " * 12).strip(), sampler=GREEDY, max_tokens=40)
    finished = list(engine.run(again))[-1]
    assert isinstance(finished, ReplyFinished)
    assert finished.timings.right_guesses > 20


def test_a_call_that_fails_forgets_what_was_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: Any, **_more: Any) -> int:
        raise MemoryError

    monkeypatch.setattr(kernels, "reply", fails)
    with pytest.raises(Exception, match="not enough memory"):
        reply(engine, max_tokens=20)
    reader = engine.reader
    assert reader is not None
    assert len(reader.ids) == 0
