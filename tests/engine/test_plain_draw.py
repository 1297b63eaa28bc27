"""The compiled draw against the torch chain: the same token with the same record, for every setting that it knows."""

from __future__ import annotations

import math
from dataclasses import replace

import instruction_sets
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine import kernels
from engine.alternatives import record_at
from engine.api import SamplerSettings
from engine.distribution import drawn_from, spread
from engine.plain_draw import PlainDraw
from engine.sampling import Sampler, uniform

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no C compiler was there at installation")

PLAIN = SamplerSettings(seed=1)
NEAR = 1e-5  # of the end of a token's share: there the rounding of float32 decides

settings = st.builds(
    SamplerSettings,
    temperature=st.sampled_from([0.0, 0.05, 0.7, 1.0, 3.0]),
    top_k=st.integers(1, 64),
    top_p=st.sampled_from([0.1, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.05, 0.5]),
    repetition_penalty=st.sampled_from([0.8, 1.0, 1.3]),
    repetition_window=st.sampled_from([0, 3, 256]),
)


@given(settings, st.integers(1, 3000), st.integers(0, 2**31), st.lists(st.integers(0, 2999), max_size=20))
def test_the_token_and_its_record_are_those_of_the_torch_chain(
    chosen: SamplerSettings, size: int, seed: int, history: list[int]
) -> None:
    logits = torch.randn(size, generator=torch.Generator().manual_seed(seed)) * 4
    history = [token % size for token in history]
    plain = PlainDraw.of(chosen)
    assert plain is not None
    noise = uniform(seed, len(history))
    found = plain(logits, history=history, noise=noise)
    if size < chosen.top_k and chosen.temperature:
        assert found is None
        return
    choice = Sampler(chosen, seed).choose(logits, history=history, position=len(history))
    ends = choice.shares.cumsum(0)
    assert found is not None
    if bool(((ends - noise).abs() < NEAR).any()):
        assert found.token_id in choice.ids[choice.shares > 0]
        return
    expected, record = record_at(drawn_from(logits, choice).packed, 0), record_at(found.packed, 0)
    assert found.token_id == record.token_id == int(choice.token)
    assert record.rank == expected.rank
    assert [one.token_id for one in record.top] == [one.token_id for one in expected.top]
    assert abs(record.survivors - expected.survivors) <= 1  # at the edge of top-p or min-p
    told = [record.logprob, record.normaliser, record.entropy, *(one.logprob for one in record.top)]
    wanted = [expected.logprob, expected.normaliser, expected.entropy, *(one.logprob for one in expected.top)]
    assert told == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    if record.survivors == expected.survivors:
        shares = [one.share for one in expected.top]
        assert [one.share for one in record.top] == pytest.approx(shares, rel=2e-3, abs=1e-3)


@pytest.mark.parametrize(
    "more",
    [
        {"top_k": 0},
        {"top_k": 65},
        {"typical_p": 0.9},
        {"top_n_sigma": 1.0},
        {"xtc_probability": 0.5},
        {"temperature_range": 0.2},
        {"mirostat_tau": 5.0},
        {"presence_penalty": 0.1},
        {"frequency_penalty": 0.1},
        {"dry_multiplier": 0.8},
        {"logit_bias": ((1, 2.0),)},
    ],
)
def test_settings_that_it_does_not_know_are_left_to_the_chain(more: dict[str, object]) -> None:
    assert PlainDraw.of(replace(PLAIN, **more)) is None  # type: ignore[arg-type]
    assert PlainDraw.of(PLAIN) is not None


def test_logits_that_are_no_numbers_give_a_record_that_is_none() -> None:
    logits = torch.randn(500)
    logits[77] = math.nan
    drawn = Sampler(PLAIN, 1).drawn(logits, history=[1], position=1)
    assert math.isnan(drawn.logprob)


def test_half_precision_takes_the_chain() -> None:
    plain = PlainDraw.of(PLAIN)
    assert plain is not None
    assert plain(torch.randn(500).half(), history=[], noise=0.5) is None


def largest_difference() -> float:
    """Of what is told by the kernels and by torch alone, over vocabularies that fill blocks of logits and do not."""
    worst = 0.0
    for size in (64, 65, 127, 1000, 49_152):
        logits = torch.randn(size, generator=torch.Generator().manual_seed(size)) * 4
        logits[3] = -math.inf
        likely = [int(token) for token in logits.topk(5).indices]
        for penalty in (1.0, 1.3):
            chosen = SamplerSettings(seed=1, repetition_penalty=penalty, repetition_window=64)
            plain = PlainDraw.of(chosen)
            assert plain is not None
            found = plain(logits, history=[*likely, 7, 7, *likely], noise=0.4)
            assert found is not None
            choice = Sampler(chosen, 1).choose(logits, history=[*likely, 7], position=0)
            values, ids, normaliser, entropy = spread(logits.double())
            record = record_at(found.packed, 0)
            assert [one.token_id for one in record.top] == ids.tolist()
            assert record.rank == int((logits > logits[found.token_id]).sum())
            assert record.survivors == int(choice.shares.count_nonzero())
            told = [record.normaliser, record.entropy, *(one.logprob for one in record.top)]
            wanted = [float(normaliser), float(entropy), *(values - normaliser).tolist()]
            worst = max(worst, *(abs(one - other) for one, other in zip(told, wanted, strict=True)))
    return worst


@pytest.mark.parametrize("instructions", instruction_sets.ALL)
def test_every_instruction_set_tells_the_same(instructions: str) -> None:
    worst = instruction_sets.value_on(instructions, "import test_plain_draw as t\nvalue = t.largest_difference()")
    assert worst < 1e-5
