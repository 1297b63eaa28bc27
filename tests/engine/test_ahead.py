"""Replies drawn on the device, here on the CPU: they are those drawn token by token; when work is recorded anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from reference_data import FIXTURES

from engine.ahead import AheadDecoder
from engine.api import (
    GenerateRequest,
    LoadRequest,
    NumericalError,
    ReplyFinished,
    SamplerSettings,
    StopReason,
    TokenGenerated,
)
from engine.engine import Engine
from engine.graphs import Replayed, Work

SAMPLER = SamplerSettings(temperature=1.0, repetition_penalty=1.3, repetition_window=8, seed=5)
REQUEST = GenerateRequest(1, "The first of the", sampler=SAMPLER, max_tokens=40)  # meets an end token before
LONG = replace(REQUEST, sampler=replace(SAMPLER, seed=1))


class FakeGraphs:
    """Records work by doing it, as a warm-up does, and counts."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0

    def capture(self, work: Work) -> Work:
        self.recorded += 1
        work()
        work()

        def replay() -> None:
            self.replayed += 1
            work()

        return replay


MODEL = str(FIXTURES / "models" / "llama")


def ready(monkeypatch: pytest.MonkeyPatch, make: Callable[..., AheadDecoder | None]) -> Engine:
    monkeypatch.setattr("engine.engine.ahead_for", make)
    engine = Engine()
    list(engine.run(LoadRequest(0, MODEL)))
    return engine


def reply(engine: Engine, request: GenerateRequest) -> ReplyFinished:
    finished = list(engine.run(request))[-1]
    assert isinstance(finished, ReplyFinished)
    return finished


@pytest.fixture
def graphs() -> FakeGraphs:
    return FakeGraphs()


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Any:
    engine = ready(monkeypatch, lambda *_decoder, **_where: None)
    yield engine
    engine.close()


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch, graphs: FakeGraphs) -> Any:
    engine = ready(monkeypatch, lambda *decoder, **where: AheadDecoder(*decoder, **where, capture=graphs.capture))
    yield engine
    engine.close()


def token_ids(events: list[Any]) -> list[int]:
    return [event.token_id for event in events if isinstance(event, TokenGenerated)]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sampler": SamplerSettings(temperature=0.0)},
        {
            "sampler": SamplerSettings(
                typical_p=0.9, top_n_sigma=1.5, xtc_probability=0.5, temperature_range=0.5, seed=3
            )
        },
        {"sampler": SamplerSettings(dry_multiplier=0.8, frequency_penalty=0.2, seed=3)},  # drawn on the host
        {"sampler": SamplerSettings(mirostat_tau=3.0, seed=3)},
        {"max_tokens": 1},
        {"stop": ("e",)},
        {"max_tokens": None},
        {"json_schema": '{"type": "integer"}'},
    ],
    ids=str,
)
def test_a_reply_drawn_ahead_is_the_reply_drawn_token_by_token(
    change: dict[str, Any], plain: Engine, ahead: Engine
) -> None:
    request = replace(REQUEST, **change)
    for following in (request, replace(request, prompt="The first of the second")):
        expected, found = reply(plain, following), reply(ahead, following)
        assert (found.token_ids, found.text, found.stop_reason) == (
            expected.token_ids,
            expected.text,
            expected.stop_reason,
        )
        assert found.logprobs == pytest.approx(expected.logprobs, abs=1e-4)


def test_an_end_token_ends_a_reply_and_the_next_one_goes_on_from_the_cache(plain: Engine, ahead: Engine) -> None:
    expected, found = reply(plain, REQUEST), reply(ahead, REQUEST)
    assert found.stop_reason == expected.stop_reason == StopReason.END_TOKEN
    assert found.token_ids == expected.token_ids
    longer = replace(REQUEST, prompt=REQUEST.prompt + found.text)
    again, wanted = reply(ahead, longer), reply(plain, longer)
    assert again.token_ids == wanted.token_ids
    assert again.timings.reused_tokens >= wanted.timings.reused_tokens > 3


def test_a_cancelled_reply_leaves_a_cache_that_can_be_used(plain: Engine, ahead: Engine) -> None:
    events: list[Any] = []
    events.extend(ahead.run(REQUEST, lambda: len(token_ids(events)) >= 5))
    assert events[-1].stop_reason is StopReason.CANCELLED
    assert reply(ahead, REQUEST).token_ids == reply(plain, REQUEST).token_ids


def test_a_step_is_recorded_once_for_several_replies_and_again_for_other_settings_or_memory(
    ahead: Engine, graphs: FakeGraphs
) -> None:
    assert len(reply(ahead, replace(LONG, max_tokens=20)).token_ids) == 20
    assert (graphs.recorded, graphs.replayed) == (1, 19)
    reply(ahead, replace(REQUEST, prompt="The first of all"))
    assert graphs.recorded == 1
    cooler = replace(REQUEST, sampler=replace(SAMPLER, temperature=0.5))
    reply(ahead, cooler)
    assert graphs.recorded == 2
    ahead._forget()
    reply(ahead, cooler)
    assert graphs.recorded == 3


def test_a_step_is_recorded_again_when_the_cache_grows(
    ahead: Engine, graphs: FakeGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cache.GROWTH", 8)
    reply(ahead, LONG)
    assert 2 <= graphs.recorded <= 5
    assert graphs.replayed == 39


def test_with_a_draft_model_nothing_is_drawn_ahead(ahead: Engine, graphs: FakeGraphs) -> None:
    expected = reply(ahead, LONG)
    recorded = graphs.recorded
    list(ahead.run(LoadRequest(0, MODEL, draft_path=MODEL)))
    assert reply(ahead, LONG).token_ids == expected.token_ids
    assert ahead.measure([5, 6, 7, 8], 10).generated_tokens == 10
    assert graphs.recorded == recorded


def test_a_reply_from_a_branch_of_the_text_is_recorded_again(
    plain: Engine, ahead: Engine, graphs: FakeGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.reader.LEAST_TOKENS", 2)
    for prompt in ("The first of all", "The first of the", "The first of all"):
        request = replace(LONG, prompt=prompt)
        assert reply(ahead, request).token_ids == reply(plain, request).token_ids
    assert graphs.recorded == 3


def test_output_that_is_no_number_ends_with_a_clear_error(ahead: Engine) -> None:
    assert ahead.model is not None
    assert ahead.model.decoder.norm is not None
    reply(ahead, REQUEST)
    ahead.model.decoder.norm.weight.data.fill_(float("nan"))
    with pytest.raises(NumericalError, match="not a number"):
        reply(ahead, REQUEST)


def test_a_step_that_fails_forgets_the_cache(plain: Engine, ahead: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("engine.ahead.StaticDecoder.settle", lambda *_: (_ for _ in ()).throw(RuntimeError("lost")))
        with pytest.raises(RuntimeError, match="lost"):
            reply(ahead, REQUEST)
    assert ahead.reader is not None
    assert ahead.reader.cache.length == 0
    assert ahead.reader._ahead is not None
    assert ahead.reader._ahead._static._layers == []
    assert reply(ahead, REQUEST).token_ids == reply(plain, REQUEST).token_ids


def test_measuring_draws_ahead_too(ahead: Engine, graphs: FakeGraphs) -> None:
    timings = ahead.measure([5, 6, 7, 8], 10)
    assert timings.generated_tokens == 10
    assert graphs.replayed == 9


def test_work_that_cannot_be_recorded_is_done_without() -> None:
    done: list[str] = []
    asked: list[str] = []

    def refuse(work: Work) -> Work:
        asked.append("record")
        raise RuntimeError("operation not permitted when stream is capturing")

    work = Replayed(lambda: done.append("work"), refuse)
    for _ in range(3):
        work(is_same=True)
    assert (asked, done) == (["record"], ["work"] * 3)


def test_running_out_of_memory_while_recording_is_told() -> None:
    def refuse(work: Work) -> Work:
        raise torch.OutOfMemoryError("full")

    with pytest.raises(torch.OutOfMemoryError):
        Replayed(lambda: None, refuse)(is_same=True)
