"""Looking inside through the engine's requests: what comes back, and that the next reply does not notice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from reference_data import FIXTURES

from engine.__main__ import main
from engine.alternatives import pack, record_at, unpack
from engine.api import (
    Circumstances,
    GenerateRequest,
    LoadRequest,
    Message,
    ReplyFinished,
    RequestError,
    SamplerSettings,
)
from engine.engine import Engine
from engine.inspection.api import (
    Attributed,
    AttributeRequest,
    Compared,
    CompareProgressed,
    CompareRequest,
    CompareStep,
    Difference,
    EndRequest,
    EndScored,
    InspectionStopped,
    Looked,
    LookRequest,
    PartAttributed,
    Parts,
    PromptRequest,
    PromptSeen,
    Recut,
    RecutRequest,
    ScoreProgressed,
    ScoreRequest,
    ScoreTextRequest,
    SpellRequest,
    TextScored,
    TokenKind,
    TokensSpelt,
    Traced,
    TraceRequest,
    Verified,
    VerifyRequest,
)

MODEL = str(FIXTURES / "models" / "llama")
OTHER = str(FIXTURES / "models" / "llama_rope_llama3")
SAMPLER = SamplerSettings(temperature=1.0, repetition_penalty=1.3, repetition_window=8, seed=11)
ASKED = GenerateRequest(1, (Message("system", "Be brief."), Message("user", "Name a tea.")), SAMPLER, max_tokens=24)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    list(made.run(LoadRequest(0, MODEL)))
    yield made
    made.close()


def reply(engine: Engine, request: GenerateRequest) -> ReplyFinished:
    finished = list(engine.run(request))[-1]
    assert isinstance(finished, ReplyFinished)
    return finished


@pytest.fixture
def made(engine: Engine) -> ReplyFinished:
    finished = reply(engine, ASKED)
    assert len(finished.token_ids) >= 6, "the fixture's seed must give a reply of some length"
    return finished


@pytest.fixture
def of(made: ReplyFinished) -> GenerateRequest:
    return replace(ASKED, begun_ids=made.token_ids)


def test_a_reply_scored_again_has_the_numbers_that_it_was_drawn_with(
    engine: Engine, made: ReplyFinished, of: GenerateRequest
) -> None:
    *parts, end = list(engine.run(ScoreRequest(2, of)))
    assert isinstance(end, TextScored)
    found = unpack(b"".join(part.alternatives for part in parts if isinstance(part, ScoreProgressed)))
    assert tuple(record.token_id for record in found) == made.token_ids
    assert [record.logprob for record in found] == pytest.approx(list(made.logprobs), abs=1e-3)
    assert end.nll == pytest.approx(-sum(made.logprobs) / len(made.logprobs), abs=1e-3)
    assert end.tokens == len(made.token_ids)


def test_a_reply_of_which_only_the_text_is_known_is_scored_as_its_tokens(engine: Engine, of: GenerateRequest) -> None:
    assert engine.model is not None
    text = "Green tea."
    ids = tuple(engine.model.tokenizer.encode(text))
    by_text = list(engine.run(ScoreRequest(2, replace(of, begun_ids=()), text)))
    by_ids = list(engine.run(ScoreRequest(2, replace(of, begun_ids=ids))))
    assert by_text == by_ids
    with pytest.raises(RequestError, match="nothing to score"):
        list(engine.run(ScoreRequest(2, replace(of, begun_ids=()))))


def test_a_document_is_scored_with_progress_and_can_be_stopped(engine: Engine) -> None:
    request = ScoreTextRequest(2, "The first of the many. " * 30, context=64, stride=32)
    events = list(engine.run(request))
    parts = [event for event in events if isinstance(event, ScoreProgressed)]
    assert len(parts) > 3
    assert parts[-1].done_tokens == parts[-1].total_tokens == events[-1].tokens  # type: ignore[attr-defined]
    seen: list[Any] = []
    seen.extend(engine.run(request, lambda: len(seen) >= 2))
    assert [type(event) for event in seen] == [ScoreProgressed, ScoreProgressed, InspectionStopped]


def test_a_look_shows_how_a_token_came_about(engine: Engine, made: ReplyFinished, of: GenerateRequest) -> None:
    (seen,) = engine.run(LookRequest(2, of, 4))
    assert isinstance(seen, Looked)
    record = record_at(made.alternatives, 4)
    last = seen.guesses[-1]
    assert engine.model is not None
    assert len(seen.guesses) == engine.model.info.layers
    assert last.token_ids == tuple(one.token_id for one in record.top[:8])
    assert (last.rank, last.logprob) == (record.rank, pytest.approx(record.logprob, abs=1e-3))
    assert last.entropy == pytest.approx(record.entropy, abs=1e-3)
    view = seen.attention
    assert view.tokens == len(seen.token_ids) == made.timings.prompt_tokens + 4
    assert view.layers == tuple(range(engine.model.info.layers))
    weights = torch.frombuffer(bytearray(view.weights), dtype=torch.float32).view(
        len(view.layers), view.heads, view.tokens
    )
    assert weights.sum(-1).flatten().tolist() == pytest.approx([1.0] * len(view.layers) * view.heads, abs=1e-5)
    rolled = torch.frombuffer(bytearray(view.by_layer), dtype=torch.float32).view(len(view.layers), view.tokens)
    assert torch.allclose(rolled, weights.mean(1))
    with pytest.raises(RequestError, match="none at 99"):
        list(engine.run(LookRequest(2, of, 99)))


def test_looking_leaves_what_was_read_as_it_was(engine: Engine, made: ReplyFinished, of: GenerateRequest) -> None:
    assert engine.reader is not None
    before = list(engine.reader.ids)
    for request in (ScoreRequest(2, of), LookRequest(2, of, 1), AttributeRequest(2, of), PromptRequest(2, of)):
        list(engine.run(request))
    assert list(engine.reader.ids) == before
    assert reply(engine, ASKED).token_ids == made.token_ids


@pytest.mark.parametrize("by", list(Parts))
def test_every_part_is_left_out_once(engine: Engine, of: GenerateRequest, by: Parts) -> None:
    *parts, end = list(engine.run(AttributeRequest(2, of, by)))
    assert isinstance(end, Attributed)
    assert end.parts == len(parts) == 2
    for done, part in enumerate(parts, 1):
        assert isinstance(part, PartAttributed)
        assert (part.done_parts, part.total_parts) == (done, 2)
        assert part.change == pytest.approx(sum(part.changes))
        assert len(part.changes) == len(of.begun_ids)


def test_the_prompt_is_shown_with_what_is_cached(engine: Engine, made: ReplyFinished, of: GenerateRequest) -> None:
    (seen,) = engine.run(PromptRequest(2, of))
    assert isinstance(seen, PromptSeen)
    assert len(seen.tokens) == made.timings.prompt_tokens + len(made.token_ids)
    assert sum(token.is_cached for token in seen.tokens) >= made.timings.prompt_tokens
    assert seen.cache_type == "f32"
    assert seen.context_length == engine.context_length
    assert {TokenKind.MESSAGE, TokenKind.REPLY} <= {token.kind for token in seen.tokens}


def test_tokens_are_spelt_in_bytes(engine: Engine, made: ReplyFinished) -> None:
    assert engine.model is not None
    ends = sorted(engine.model.tokenizer.end_ids)
    (told,) = engine.run(SpellRequest(2, (*made.token_ids, *ends)))
    assert isinstance(told, TokensSpelt)
    assert sorted(told.end_ids) == ends
    (spelt,) = engine.run(SpellRequest(2, made.token_ids))
    assert isinstance(spelt, TokensSpelt)
    assert b"".join(spelt.pieces).decode("utf-8", "replace") == made.text


def verified(engine: Engine, request: VerifyRequest) -> Verified:
    end = list(engine.run(request))[-1]
    assert isinstance(end, Verified)
    return end


def test_a_reply_is_made_again_from_its_record_whatever_was_read_since(engine: Engine) -> None:
    engine._forget()
    made = reply(engine, ASKED)
    of = replace(ASKED, begun_ids=made.token_ids)
    assert made.made.reused == "0"
    again = reply(engine, replace(ASKED, sampler=replace(SAMPLER, seed=8)))
    assert int(again.made.reused) > 0
    assert engine.reader is not None
    before = list(engine.reader.ids)
    computed = engine.reader.cache
    found = verified(engine, VerifyRequest(2, of, made.alternatives, made.made))
    assert (found.differs_at, found.differences) == (None, ())
    assert engine.reader.cache is computed
    assert list(engine.reader.ids) == before
    found = verified(engine, VerifyRequest(2, of, made.alternatives, again.made))
    assert [difference.name for difference in found.differences] == ["reused"]


def test_the_first_token_that_differs_is_named_with_what_may_be_the_reason(
    engine: Engine, made: ReplyFinished, of: GenerateRequest
) -> None:
    changed = (*made.token_ids[:3], (made.token_ids[3] + 1) % 300, *made.token_ids[4:])
    recorded = replace(made.made, device="cuda:0", fingerprint="", reused="")
    found = verified(engine, VerifyRequest(2, replace(of, begun_ids=changed), made.alternatives, recorded))
    assert found.differs_at == 3
    assert found.recorded == pack(record_at(made.alternatives, 3))
    assert record_at(found.found, 0).token_id == made.token_ids[3]
    assert found.differences == (Difference("device", "cuda:0", "cpu"),)


def test_a_reply_that_ends_before_its_record_differs_there(engine: Engine, made: ReplyFinished) -> None:
    longer = replace(ASKED, begun_ids=(*made.token_ids, 5, 6), max_tokens=len(made.token_ids))
    found = verified(engine, VerifyRequest(2, longer, made.alternatives))
    assert (found.differs_at, found.found, found.recorded) == (len(made.token_ids), b"", b"")


def test_without_a_seed_nothing_is_proved(engine: Engine, of: GenerateRequest) -> None:
    with pytest.raises(RequestError, match="lacks the seed"):
        list(engine.run(VerifyRequest(2, replace(of, sampler=SamplerSettings()))))


def test_a_reply_cut_again_with_its_own_settings_is_itself(
    engine: Engine, made: ReplyFinished, of: GenerateRequest
) -> None:
    settings = replace(SAMPLER, top_k=8)
    made = reply(engine, replace(ASKED, sampler=settings))
    of = replace(of, sampler=settings, begun_ids=made.token_ids)
    (cut,) = engine.run(RecutRequest(2, of, made.alternatives, settings))
    assert isinstance(cut, Recut)
    assert tuple(token.token_id for token in cut.tokens) == made.token_ids
    assert all(token.is_certain for token in cut.tokens)
    for token, record in zip(cut.tokens, unpack(made.alternatives), strict=True):
        assert token.shares == pytest.approx([one.share for one in record.top], abs=2e-3)


def test_a_trace_says_which_step_removes_which_alternative(
    engine: Engine, made: ReplyFinished, of: GenerateRequest
) -> None:
    record = record_at(made.alternatives, 2)
    (traced,) = engine.run(TraceRequest(2, of, made.alternatives, replace(SAMPLER, top_k=4, min_p=0.0), 2))
    assert isinstance(traced, Traced)
    (top_k,) = (step for step in traced.steps if step.name == "top-k")
    assert len(top_k.removed) == len(record.top) - 4
    assert set(top_k.removed) < {one.token_id for one in record.top}
    with pytest.raises(RequestError, match="none at 99"):
        list(engine.run(TraceRequest(2, of, made.alternatives, SAMPLER, 99)))


def test_the_end_of_a_reply_has_alternatives_as_any_token(engine: Engine, of: GenerateRequest) -> None:
    (end,) = engine.run(EndRequest(2, of))
    assert isinstance(end, EndScored)
    record = record_at(end.record, 0)
    assert engine.model is not None
    assert record.token_id in engine.model.tokenizer.end_ids
    scored = [*engine.run(ScoreRequest(2, replace(of, begun_ids=(*of.begun_ids, record.token_id))))]
    alternatives = b"".join(part.alternatives for part in scored if isinstance(part, ScoreProgressed))
    expected = record_at(alternatives, len(of.begun_ids))
    assert record.logprob == pytest.approx(expected.logprob, abs=1e-4)
    assert [one.token_id for one in record.top] == [one.token_id for one in expected.top]


def test_two_models_are_compared_and_the_one_in_use_is_back(engine: Engine) -> None:
    *progress, end = list(engine.run(CompareRequest(2, ASKED, (LoadRequest(0, MODEL), LoadRequest(0, OTHER)))))
    steps = [event for event in progress if isinstance(event, CompareProgressed)]
    assert len(steps) == len(progress)
    assert [*dict.fromkeys(step.done for step in steps)] == list(range(steps[0].total))
    assert {(step.which, step.step) for step in steps} == {(which, step) for which in (0, 1) for step in CompareStep}
    assert isinstance(end, Compared)
    assert engine.model is not None
    assert engine.model.info.path == MODEL
    first, second = end.first, end.second
    assert first.token_ids == reply(engine, ASKED).token_ids
    assert len(first.kl) == len(first.token_ids) == len(first.own_logprobs) == len(first.other_logprobs)
    assert b"".join(first.pieces).decode("utf-8", "replace").startswith(first.text.rstrip("\ufffd"))
    assert len(second.kl) == len(second.token_ids)
    assert "".join(first.text[run.first[0] : run.first[1]] for run in end.runs) == first.text
    assert "".join(second.text[run.second[0] : run.second[1]] for run in end.runs) == second.text
    assert end.diverges_at is None or first.text[: end.diverges_at] == second.text[: end.diverges_at]
    assert sum(first.kl) > 0.01


def test_a_model_compared_with_itself_says_the_same(engine: Engine) -> None:
    load = LoadRequest(0, MODEL)
    end = list(engine.run(CompareRequest(2, ASKED, (load, load))))[-1]
    assert isinstance(end, Compared)
    assert end.diverges_at is None
    assert end.first.own_logprobs == pytest.approx(end.first.other_logprobs, abs=1e-3)
    assert max(end.first.kl) < 1e-4


def test_a_model_is_compared_with_itself_under_another_cache(engine: Engine) -> None:
    loads = LoadRequest(0, MODEL), LoadRequest(0, MODEL, cache_type="q8_0")
    end = list(engine.run(CompareRequest(2, ASKED, loads)))[-1]
    assert isinstance(end, Compared)
    assert 1e-6 < max(end.first.kl) < 0.1


def test_without_a_model_nothing_can_be_seen() -> None:
    with pytest.raises(RequestError, match="No model is loaded"):
        list(Engine().run(SpellRequest(1, (1,))))


def test_what_a_reply_was_made_by_is_told_with_it(made: ReplyFinished) -> None:
    assert isinstance(made.made, Circumstances)
    assert len(made.made.prompt) == len(made.made.fingerprint) == 32
    assert (made.made.device, made.made.dtype, made.made.cache_type) == ("cpu", "float32", "f32")


def test_the_command_line_shows_a_look_and_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "messages.json"
    file.write_text('[{"role": "user", "content": "Which?"}, {"role": "assistant", "content": "Green tea."}]')
    assert main(["inspect", MODEL, "--messages", str(file), "--position", "9", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert len(seen["read"]) == seen["position"] == len(seen["attention"][0]["weights"][0]) == 9
    assert [len(layer) for layer in seen["layers"]] == [8] * len(seen["attention"])
    assert main(["score", MODEL, "--messages", str(file), "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    assert "".join(token["piece"] for token in scored["tokens"]).strip() == "Green tea."
    assert scored["nll"] == pytest.approx(-fmean(token["logprob"] for token in scored["tokens"]))
    assert main(["score", MODEL, "--file", str(file), "--context", "16"]) == 0
    assert "nats per token" in capsys.readouterr().out
    assert main(["inspect", MODEL, "--messages", str(file)]) == 0
    assert "read most" in capsys.readouterr().out
    assert main(["inspect", MODEL, "--messages", str(file), "--position", "999"]) == 1
    assert "--position must be from 1" in capsys.readouterr().err
