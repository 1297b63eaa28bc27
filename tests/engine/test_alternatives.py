"""What else each token could have been: exact, small, the same on every path, and in the store with the reply."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_data import FIXTURES

from engine import kernels
from engine.ahead import AheadDecoder
from engine.alternatives import (
    RECORD_BYTES,
    TOP,
    Alternative,
    DamagedRecordError,
    TokenRecord,
    branched,
    pack,
    record_at,
    unpack,
)
from engine.api import GenerateRequest, LoadRequest, ReplyFinished, SamplerSettings, TokenGenerated
from engine.distribution import Choice, drawn_from, largest, likeliest
from engine.engine import Engine
from engine.sampling import Sampler

MODEL = str(FIXTURES / "models" / "llama")
SAMPLER = SamplerSettings(temperature=0.8, top_k=7, top_p=0.9, min_p=0.02, repetition_penalty=1.3, seed=5)
REQUEST = GenerateRequest(1, "The first of the", sampler=SAMPLER, max_tokens=24)
RECORD = TokenRecord(7, -1.5, 1, 6.5, 2.25, 2, 0.5, (Alternative(9, -0.5, 0.5), Alternative(7, -1.5, 0.5)))

# nothing of the fixture changes between the examples
BOTH_WAYS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

VECTORS = st.tuples(st.integers(1, 5000), st.integers(0, 1000), st.booleans()).map(
    lambda drawn: (
        torch.randn(drawn[0], generator=torch.Generator().manual_seed(drawn[1])).mul(8).round()  # with equals
        if drawn[2]
        else torch.randn(drawn[0], generator=torch.Generator().manual_seed(drawn[1]))
    )
)


@pytest.fixture(params=["compiled", "torch"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to look at logits: the compiled one, where it is there, and its oracle."""
    if request.param == "torch":
        monkeypatch.setattr(kernels, "surveys", lambda _logits, _count: False)
    return str(request.param)


@given(logits=VECTORS, count=st.integers(1, 40))
@BOTH_WAYS
def test_the_largest_are_those_of_a_full_sort(way: str, logits: torch.Tensor, count: int) -> None:
    count = min(count, logits.numel())
    values, ids = largest(logits, count)
    assert torch.equal(values, logits.sort(descending=True).values[:count])
    assert torch.equal(logits[ids], values)
    assert len(set(ids.tolist())) == count
    assert likeliest(logits).tolist() == [int(logits.argmax())]


def test_the_largest_of_many_texts_are_those_of_each() -> None:
    logits = torch.randn(3, 2, 4099, generator=torch.Generator().manual_seed(1))
    values, ids = largest(logits, 9)
    assert torch.equal(values, logits.topk(9).values)
    assert torch.equal(logits.gather(-1, ids), values)


def test_a_record_takes_less_than_200_bytes_and_comes_back_as_it_was() -> None:
    packed = pack(RECORD)
    assert len(packed) == RECORD_BYTES <= 200
    assert unpack(packed * 2) == (RECORD, RECORD)
    full = replace(RECORD, top=tuple(Alternative(at, -float(at), 0.0) for at in range(TOP)))
    assert unpack(pack(full)) == (full,)


def test_damaged_and_newer_records_are_refused() -> None:
    with pytest.raises(DamagedRecordError, match="cut off"):
        unpack(pack(RECORD)[:-1])
    with pytest.raises(DamagedRecordError, match="update Fireside"):
        unpack(b"\xff" + pack(RECORD)[1:])


def test_a_branch_keeps_what_came_before_and_takes_the_alternative() -> None:
    records = unpack(branched(pack(RECORD) * 3, 1, 9))
    assert records == (RECORD, replace(RECORD, token_id=9, logprob=-0.5, rank=0, share=0.5))


@given(
    settings=st.builds(
        SamplerSettings,
        temperature=st.sampled_from([0.0, 0.3, 1.0]),
        top_k=st.sampled_from([0, 3, 400]),
        top_p=st.sampled_from([0.5, 1.0]),
        min_p=st.sampled_from([0.0, 0.3]),
        repetition_penalty=st.sampled_from([1.0, 1.8]),
    ),
    vocabulary=st.sampled_from([5, 300, 3000]),
    seed=st.integers(0, 1000),
)
@BOTH_WAYS
def test_the_numbers_are_those_of_the_definitions(
    way: str, settings: SamplerSettings, vocabulary: int, seed: int
) -> None:
    logits = torch.randn(vocabulary, generator=torch.Generator().manual_seed(seed)) * 3
    choice = Sampler(settings, seed).choose(logits, history=[1, 2, 3], position=9)
    drawn = drawn_from(logits, choice)
    (record,) = unpack(drawn.packed)
    logprobs = logits.double().log_softmax(-1)
    after = torch.zeros(vocabulary, dtype=torch.float64).scatter(0, choice.ids, choice.shares.double())
    assert record.token_id == drawn.token_id == int(choice.token)
    assert record.logprob == pytest.approx(float(logprobs[record.token_id]), abs=1e-5)
    assert record.rank == int((logits > logits[record.token_id]).sum())
    assert record.logprob + record.normaliser == pytest.approx(float(logits[record.token_id]), abs=1e-5)
    assert record.entropy == pytest.approx(float(-(logprobs.exp() * logprobs).sum()), abs=1e-4)
    assert record.survivors == int((choice.shares > 0).sum())
    assert record.share == pytest.approx(float(after[record.token_id]), abs=1e-6)
    assert record.share > 0
    expected = logprobs.topk(min(TOP, vocabulary))
    assert [one.token_id for one in record.top] == expected.indices.tolist()
    assert [one.logprob for one in record.top] == pytest.approx(expected.values.tolist(), abs=1e-5)
    assert [one.share for one in record.top] == pytest.approx(after[expected.indices].tolist(), abs=1e-3)


def test_equal_logits_have_an_entropy_of_the_logarithm_of_the_vocabulary(way: str) -> None:
    logits = torch.zeros(1000)
    token = torch.tensor([3])
    (record,) = unpack(drawn_from(logits, Choice(token, token, torch.ones(1))).packed)
    assert record.entropy == pytest.approx(6.907755, abs=1e-5)
    assert record.rank == 0


@pytest.fixture(scope="module", params=["plain", "ahead", "draft"])
def reply(request: pytest.FixtureRequest) -> Any:
    """The events of one reply, on each of the ways that there are to make it; and the model."""
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "ahead":
            patched.setattr("engine.engine.ahead_for", lambda *of, **where: AheadDecoder(*of, **where, capture=None))
        engine = Engine()
        list(engine.run(LoadRequest(0, MODEL, draft_path=MODEL if request.param == "draft" else None)))
    yield list(engine.run(REQUEST)), engine
    engine.close()


def test_every_token_of_a_reply_has_its_record(reply: Any) -> None:
    events, engine = reply
    tokens = [event for event in events if isinstance(event, TokenGenerated)]
    finished = events[-1]
    assert isinstance(finished, ReplyFinished)
    assert finished.alternatives == b"".join(event.alternatives for event in tokens)
    records = unpack(finished.alternatives)
    assert tuple(record.token_id for record in records) == finished.token_ids
    assert [record.logprob for record in records] == pytest.approx(list(finished.logprobs), abs=1e-6)
    prompt = engine.model.tokenizer.encode_with_specials(REQUEST.prompt, add_special=True, parse_special=True)
    ids = torch.tensor([[*prompt, *finished.token_ids]])
    logprobs = engine.model.forward(ids)[0].log_softmax(-1)
    for at, record in enumerate(records, len(prompt) - 1):
        expected = logprobs[at].topk(TOP)
        assert [one.logprob for one in record.top] == pytest.approx(expected.values.tolist(), abs=1e-3)
        assert record.survivors <= SAMPLER.top_k
        assert record.rank == int((logprobs[at] > logprobs[at][record.token_id]).sum())


def test_every_way_of_drawing_gives_the_same_records(reply: Any) -> None:
    engine = Engine()
    list(engine.run(LoadRequest(0, MODEL)))
    expected = unpack(list(engine.run(REQUEST))[-1].alternatives)  # type: ignore[attr-defined]
    found = unpack(reply[0][-1].alternatives)
    engine.close()
    for one, other in zip(found, expected, strict=True):
        assert (one.token_id, one.rank, one.survivors) == (other.token_id, other.rank, other.survivors)
        assert one.entropy == pytest.approx(other.entropy, abs=1e-4)
        assert [a.share for a in one.top] == pytest.approx([a.share for a in other.top], abs=2e-3)


@pytest.mark.parametrize("place", [0, 63, 64, 999])
def test_a_number_that_is_none_is_seen_wherever_it_is(place: int, way: str) -> None:
    logits = torch.randn(1000, generator=torch.Generator().manual_seed(2))
    logits[place] = float("nan")
    token = torch.tensor([3])
    assert math.isnan(drawn_from(logits, Choice(token, token, torch.ones(1))).logprob)


def test_one_of_2000_records_is_found_by_its_place() -> None:
    packed = b"".join(pack(replace(RECORD, token_id=at)) for at in range(2000))
    assert record_at(packed, 1234).token_id == 1234
