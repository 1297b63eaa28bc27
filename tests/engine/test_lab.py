"""The sampler lab: the stored alternatives give the token that the true logits would, or say that they cannot."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.alternatives import unpack
from engine.api import SamplerSettings
from engine.distribution import drawn_from
from engine.inspection.lab import recut
from engine.sampling import Sampler

FIRST = SamplerSettings(temperature=0.8, top_k=40, top_p=0.95, min_p=0.05)
HISTORY = (3, 5, 5, 9, 1, 2)
OTHERS = st.builds(
    SamplerSettings,
    temperature=st.sampled_from([0.0, 0.3, 1.0, 2.0]),
    top_k=st.sampled_from([0, 1, 5, 16, 40]),
    top_p=st.sampled_from([0.3, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.1]),
    repetition_penalty=st.sampled_from([1.0, 1.4]),
    presence_penalty=st.sampled_from([0.0, 0.7]),
    typical_p=st.sampled_from([1.0, 1.0, 0.6]),
    top_n_sigma=st.sampled_from([0.0, 0.0, 1.0]),
    xtc_probability=st.sampled_from([0.0, 0.5]),
)


@given(settings=OTHERS, seed=st.integers(0, 400), scale=st.sampled_from([1.0, 3.0, 6.0]))
def test_what_is_certain_is_what_the_true_logits_give(settings: SamplerSettings, seed: int, scale: float) -> None:
    logits = torch.randn(400, generator=torch.Generator().manual_seed(seed)) * scale
    first = Sampler(FIRST, seed).choose(logits, history=HISTORY, position=6)
    (record,) = unpack(drawn_from(logits, first).packed)
    sampler = Sampler(settings, seed)
    found = recut(record, sampler, vocabulary=400, history=HISTORY, at=6)
    truth = sampler.choose(logits, history=HISTORY, position=6)
    if found.is_certain:
        assert found.token_id == int(truth.token)
    if settings == SamplerSettings(temperature=0.0, top_k=settings.top_k, top_p=1.0, min_p=0.0):
        assert found.is_certain


def test_cooler_settings_of_a_peaked_token_are_certain() -> None:
    logits = torch.full((1000,), -4.0)
    logits[:4] = torch.tensor([9.0, 8.5, 8.0, 3.0])
    first = Sampler(FIRST, 1).choose(logits, history=(), position=0)
    (record,) = unpack(drawn_from(logits, first).packed)
    found = recut(record, Sampler(replace(FIRST, temperature=0.3), 1), vocabulary=1000, history=(), at=0)
    assert found.is_certain
    assert sum(found.shares) > 0.999


def test_an_even_spread_over_many_tokens_cannot_be_cut_again() -> None:
    logits = torch.zeros(5000)
    first = Sampler(FIRST, 1).choose(logits, history=(), position=0)
    (record,) = unpack(drawn_from(logits, first).packed)
    hot = SamplerSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0)
    assert not recut(record, Sampler(hot, 1), vocabulary=5000, history=(), at=0).is_certain
