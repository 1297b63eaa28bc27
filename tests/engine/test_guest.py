"""A guest's request beside the window's: the same tokens as alone, caches of its own, and gone with the model."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from reference_data import FIXTURES

from engine.api import (
    Event,
    GenerateRequest,
    LoadRequest,
    Message,
    ReplyFinished,
    RequestError,
    SamplerSettings,
    TokenGenerated,
    UnloadRequest,
)
from engine.engine import Engine

ASKED = GenerateRequest(
    1,
    "The first of the many long stories that were told at the fire when it was cold and dark outside of the house",
    sampler=SamplerSettings(temperature=1.0, repetition_penalty=1.3, seed=1),
    max_tokens=30,
)
OTHER = replace(ASKED, request_id=2, prompt="Something else altogether", sampler=replace(ASKED.sampler, seed=5))


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    list(made.run(LoadRequest(0, str(FIXTURES / "models" / "llama"))))
    yield made
    made.close()


def finished(events: list[Event]) -> ReplyFinished:
    assert isinstance(events[-1], ReplyFinished)
    return events[-1]


def as_guest(engine: Engine, events: Generator[Event, None, None]) -> Iterator[Event]:
    while True:
        with engine.as_guest():
            event = next(events, None)
        if event is None:
            return
        yield event


def test_two_replies_that_take_turns_are_those_made_alone(engine: Engine) -> None:
    alone = [finished(list(engine.run(request))).token_ids for request in (ASKED, OTHER)]
    engine.run(UnloadRequest(0))
    host, guest = engine.run(ASKED), as_guest(engine, engine.run(OTHER))
    pairs = list(itertools.zip_longest(host, guest))
    mine = [event for event, _ in pairs if event is not None]
    theirs = [event for _, event in pairs if event is not None]
    assert [finished(mine).token_ids, finished(theirs).token_ids] == alone
    first_of_host = next(at for at, event in enumerate(mine) if isinstance(event, TokenGenerated))
    assert first_of_host < len(theirs) - 1  # they did take turns


def test_a_guest_takes_nothing_of_what_the_window_has_read(engine: Engine) -> None:
    finished(list(engine.run(ASKED)))
    finished(list(as_guest(engine, engine.run(OTHER))))
    again = finished(list(engine.run(ASKED)))
    assert again.timings.reused_tokens == again.timings.prompt_tokens - 1
    theirs = finished(list(as_guest(engine, engine.run(OTHER))))
    assert theirs.timings.reused_tokens == theirs.timings.prompt_tokens - 1


def test_a_guest_left_in_the_middle_changes_no_setting_of_torch(engine: Engine) -> None:
    before = torch.get_num_threads()
    guest = engine.run(OTHER)
    with engine.as_guest():
        for _ in range(6):
            next(guest)
    assert torch.get_num_threads() == before
    with engine.as_guest():
        guest.close()
    assert torch.get_num_threads() == before


def test_a_guest_without_a_model_is_told_so() -> None:
    engine = Engine()
    with pytest.raises(RequestError, match="No model is loaded"):
        list(as_guest(engine, engine.run(ASKED)))
    with pytest.raises(RequestError, match="No model is loaded"):
        engine.spell((1,))


def test_the_next_model_knows_nothing_of_the_guest_before(engine: Engine) -> None:
    finished(list(as_guest(engine, engine.run(OTHER))))
    list(engine.run(LoadRequest(0, str(FIXTURES / "models" / "qwen3"))))
    reply = finished(list(as_guest(engine, engine.run(OTHER))))
    assert reply.timings.reused_tokens == 0


def test_a_draft_model_guesses_for_both(tmp_path: Path) -> None:
    path = str(FIXTURES / "models" / "llama")
    engine = Engine()
    list(engine.run(LoadRequest(0, path)))
    alone = [finished(list(engine.run(request))).token_ids for request in (ASKED, OTHER)]
    list(engine.run(LoadRequest(0, path, draft_path=path)))
    host, guest = engine.run(ASKED), as_guest(engine, engine.run(OTHER))
    pairs = list(itertools.zip_longest(host, guest))
    ends = [finished([event for event in column if event is not None]) for column in zip(*pairs, strict=True)]
    assert [end.token_ids for end in ends] == alone
    engine.close()


def test_spelling_is_that_of_the_tokenizer(engine: Engine) -> None:
    assert engine.model is not None
    ids = engine.model.tokenizer.encode("Hello there")
    assert b"".join(engine.spell(ids)) == b"Hello there"


def test_a_message_may_hold_more_for_the_template(engine: Engine) -> None:
    assert engine.model is not None
    template = "{% for m in messages %}{{ m.role }}:{{ m.tool_call_id or '' }}{{ m.content }};{% endfor %}"
    engine.model.tokenizer.chat_template = template
    asked = replace(ASKED, prompt=(Message("tool", "sunny", more='{"tool_call_id": "c1", "role": "system"}'),))
    plan = engine.run(replace(asked, max_tokens=1))
    prompt = finished(list(plan)).timings.prompt_tokens
    assert prompt == len(engine.model.tokenizer.encode("tool:c1sunny;"))
