"""Going on from within a reply: the same tokens as before or another branch, and nothing computed but the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from reference_data import FIXTURES

from engine.alternatives import branched, unpack
from engine.api import (
    ContextFullError,
    GenerateRequest,
    LoadRequest,
    Message,
    PrefillProgressed,
    ReplyFinished,
    SamplerSettings,
)
from engine.engine import Engine

REQUEST = GenerateRequest(
    1,
    "The first of the",
    sampler=SamplerSettings(temperature=1.0, repetition_penalty=1.3, repetition_window=8, seed=1),
    max_tokens=40,
)
ASKED = replace(REQUEST, prompt=(Message("user", "Name a tea."),), max_tokens=2)
SCHEMA = """{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    list(made.run(LoadRequest(0, str(FIXTURES / "models" / "llama"))))
    yield made
    made.close()


def reply(engine: Engine, request: GenerateRequest) -> ReplyFinished:
    finished = list(engine.run(request))[-1]
    assert isinstance(finished, ReplyFinished)
    return finished


def test_from_the_same_token_a_reply_goes_on_as_before(engine: Engine) -> None:
    whole = reply(engine, REQUEST)
    assert len(whole.token_ids) == 40
    rest = reply(engine, replace(REQUEST, begun_ids=whole.token_ids[:25], max_tokens=15))
    assert rest.token_ids == whole.token_ids[25:]
    assert unpack(rest.alternatives)[0].top == unpack(whole.alternatives)[25].top


def test_from_another_token_only_that_one_is_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reply(engine, REQUEST)
    other = unpack(whole.alternatives)[30].top[5].token_id
    begun = (*whole.token_ids[:30], other)
    computed: list[int] = []
    assert engine.model is not None
    forward = engine.model.decoder.forward
    monkeypatch.setattr(
        engine.model.decoder,
        "forward",
        lambda ids, *of, **how: (computed.append(ids.shape[1]), forward(ids, *of, **how))[1],
    )
    request = replace(REQUEST, begun_ids=begun, max_tokens=10)
    events = list(engine.run(request))
    branch = events[-1]
    assert isinstance(branch, ReplyFinished)
    first = events[0]
    assert isinstance(first, PrefillProgressed)
    assert first.prompt_tokens - first.reused_tokens == 1
    assert computed[0] == 1
    assert sum(computed) >= len(branch.token_ids)
    engine._forget()
    assert reply(engine, request).token_ids == branch.token_ids
    kept = unpack(branched(whole.alternatives, 30, other) + branch.alternatives)
    assert tuple(record.token_id for record in kept) == begun + branch.token_ids


def test_a_character_cut_in_two_is_made_whole(starter: Path) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, str(starter))))
    assert engine.model is not None
    ids = tuple(engine.model.tokenizer.encode("茶"))
    assert len(ids) > 1
    greedy = SamplerSettings(temperature=0.0)
    request = GenerateRequest(
        1, "Repeat: 绿茶 绿茶 绿茶 绿茶 绿茶 绿", greedy, max_tokens=len(ids), begun_ids=ids[:-1]
    )
    finished = reply(engine, request)
    engine.close()
    assert finished.token_ids[0] == ids[-1]
    assert finished.text.startswith("茶")


def test_a_schema_holds_for_what_is_begun(engine: Engine) -> None:
    assert engine.model is not None
    begun = tuple(engine.model.tokenizer.encode('{"a": '))
    rest = reply(engine, replace(REQUEST, json_schema=SCHEMA, begun_ids=begun, max_tokens=2))
    assert rest.text.strip()[0] in "-0123456789"


def test_a_beginning_that_fills_the_context_is_an_error(engine: Engine) -> None:
    with pytest.raises(ContextFullError, match="beginning of the reply"):
        reply(engine, replace(REQUEST, begun_ids=(5,) * 5000))


def test_the_same_prompt_is_rendered_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    first = reply(engine, ASKED)

    def refuse(*_request: object, **_limit: object) -> None:
        raise RuntimeError("rendered again")

    monkeypatch.setattr("engine.prompt.prompt_ids", refuse)
    assert reply(engine, replace(ASKED, request_id=2)).token_ids == first.token_ids
    with pytest.raises(RuntimeError):
        reply(engine, replace(ASKED, prompt=(Message("user", "Name a tea.", token_ids=(5, 6)),)))
