"""The sampler chain against its definitions, and the keyed generator against repetition."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.alternatives import Drawn
from engine.api import RequestError, SamplerSettings
from engine.penalties import penalise_repetition
from engine.sampling import DeviceSampler, Sampler, can_draw_on_device, choose, uniform
from engine.truncation import keep_min_p, keep_top_p

OPEN = SamplerSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0)


def draws(settings: SamplerSettings, logits: torch.Tensor, count: int, seed: int = 7) -> list[int]:
    sampler = Sampler(settings, seed)
    return [sampler.draw(logits, history=[], position=i) for i in range(count)]


@given(seed=st.integers(0, 2**63 - 1), position=st.integers(0, 2**40))
def test_the_keyed_number_lies_in_the_unit_interval_and_repeats(seed: int, position: int) -> None:
    number = uniform(seed, position)
    assert 0.0 <= number < 1.0
    assert number == uniform(seed, position)


def test_keyed_numbers_are_spread_evenly() -> None:
    numbers = torch.tensor([uniform(seed, position) for seed in range(20) for position in range(500)])
    counts = torch.histc(numbers, bins=20, min=0, max=1)
    chi_square = float(((counts - 500) ** 2 / 500).sum())
    assert chi_square < 43.8  # 19 degrees of freedom, p = 0.001


def test_neighbouring_seeds_and_positions_are_not_correlated() -> None:
    a = torch.tensor([uniform(1, i) for i in range(4000)])
    b = torch.tensor([uniform(2, i) for i in range(4000)])
    shifted = torch.tensor([uniform(1, i + 1) for i in range(4000)])
    assert abs(float(torch.corrcoef(torch.stack((a, b)))[0, 1])) < 0.05
    assert abs(float(torch.corrcoef(torch.stack((a, shifted)))[0, 1])) < 0.05


def test_temperature_zero_takes_the_likeliest_token() -> None:
    logits = torch.tensor([0.1, 3.0, 2.9])
    assert set(draws(SamplerSettings(temperature=0.0), logits, 20)) == {1}


def test_draws_follow_the_softmax() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0, -1.0])
    counts = torch.bincount(torch.tensor(draws(OPEN, logits, 4000)), minlength=4).float()
    expected = logits.softmax(-1) * 4000
    assert float(((counts - expected) ** 2 / expected).sum()) < 16.3  # 3 degrees of freedom, p = 0.001


def test_top_k_leaves_k_tokens() -> None:
    logits = torch.tensor([0.0, 0.1, 0.2, 0.3, 0.4])
    seen = set(draws(SamplerSettings(temperature=5.0, top_k=2, top_p=1.0, min_p=0.0), logits, 200))
    assert seen == {3, 4}


def test_top_p_keeps_the_fewest_tokens_that_reach_the_mass() -> None:
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    assert torch.isfinite(keep_top_p(logits, 0.75)).tolist() == [True, True, False, False]
    assert torch.isfinite(keep_top_p(logits, 0.01)).tolist() == [True, False, False, False]


def test_min_p_drops_tokens_far_less_likely_than_the_first() -> None:
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    assert torch.isfinite(keep_min_p(logits, 0.25)).tolist() == [True, True, True, False]


def test_the_repetition_penalty_lowers_seen_tokens_whatever_their_sign() -> None:
    logits = torch.tensor([2.0, -2.0, 1.0])
    assert penalise_repetition(logits, torch.tensor([0, 1]), 2.0).tolist() == [1.0, -4.0, 1.0]


def test_the_repetition_window_forgets_what_is_older() -> None:
    settings = SamplerSettings(temperature=0.0, repetition_penalty=10.0, repetition_window=2)
    sampler = Sampler(settings, 0)
    logits = torch.tensor([2.0, 1.9, 1.0])
    assert sampler.draw(logits, history=[0, 1, 1], position=3) == 0
    assert sampler.draw(logits, history=[1, 0, 0], position=3) == 1


def test_the_same_seed_draws_the_same_after_a_rewind() -> None:
    logits = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    sampler = Sampler(OPEN, 11)
    first = [sampler.draw(logits, history=[], position=i) for i in range(10)]
    again = [sampler.draw(logits, history=[], position=i) for i in range(5, 10)]
    assert again == first[5:]


@pytest.mark.parametrize(
    "setting",
    [
        {"temperature": -1.0},
        {"top_k": -1},
        {"top_p": 0.0},
        {"min_p": 2.0},
        {"repetition_penalty": 0.0},
        {"seed": -1},
        {"presence_penalty": math.nan},
        {"frequency_penalty": math.inf},
        {"logit_bias": ((-1, 1.0),)},
        {"logit_bias": ((1, math.inf),)},
        {"dry_multiplier": -0.1},
        {"dry_base": 0.5},
        {"dry_allowed_length": 0},
        {"typical_p": 0.0},
        {"top_n_sigma": -1.0},
        {"xtc_probability": 1.1},
        {"xtc_threshold": 0.0},
        {"temperature_range": -1.0},
        {"temperature_exponent": 0.0},
        {"mirostat_tau": -1.0},
        {"mirostat_eta": 0.0},
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(setting: dict[str, object]) -> None:
    with pytest.raises(RequestError, match="out of range"):
        SamplerSettings(**setting)  # type: ignore[arg-type]


def test_a_temperature_that_is_no_number_is_refused() -> None:
    with pytest.raises(RequestError):
        SamplerSettings(temperature=math.nan)


SETTINGS = st.builds(
    SamplerSettings,
    temperature=st.sampled_from([0.0, 0.3, 1.0, 4.0]),
    top_k=st.sampled_from([0, 1, 5, 40, 1000]),
    top_p=st.sampled_from([0.1, 0.7, 1.0]),
    min_p=st.sampled_from([0.0, 0.05, 1.0]),
    repetition_penalty=st.sampled_from([1.0, 1.5, 0.5]),
    repetition_window=st.sampled_from([0, 1, 3, 8, 1000]),
    typical_p=st.sampled_from([1.0, 0.5]),
    top_n_sigma=st.sampled_from([0.0, 1.0]),
    xtc_probability=st.sampled_from([0.0, 0.5]),
    temperature_range=st.sampled_from([0.0, 0.5, 2.0]),
)


@given(
    settings=SETTINGS,
    seed=st.integers(0, 2**63 - 1),
    history=st.lists(st.integers(0, 59), min_size=1, max_size=20),
    scale=st.sampled_from([0.1, 2.0, 30.0]),
)
def test_the_sampler_on_the_device_draws_the_tokens_of_the_one_on_the_host(
    settings: SamplerSettings, seed: int, history: list[int], scale: float
) -> None:
    assert can_draw_on_device(settings)
    host, device = Sampler(settings, seed), DeviceSampler(settings, limit=40, device=torch.device("cpu"))
    device.restart(history, len(history))
    random = torch.Generator().manual_seed(seed % 1000)
    text = list(history)
    for position in range(len(history), len(history) + 20):
        logits = torch.randn(60, generator=random) * scale
        expected = host.draw(logits, history=text, position=position)
        device.aim(seed, position)
        token, numbers = device.draw(logits)
        assert token.tolist() == [expected]
        assert Drawn.of(numbers.tolist()).logprob == pytest.approx(float(logits.log_softmax(-1)[expected]), abs=1e-5)
        device.remember(token, torch.tensor([position]))
        text.append(expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_noise_next_to_one_picks_the_last_candidate_that_was_kept(dtype: torch.dtype) -> None:
    logits = torch.tensor([3.0, 2.9, -5.0, -6.0])
    settings = SamplerSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.5)
    assert choose(logits, settings, torch.tensor([1.0], dtype=dtype)).token.tolist() == [1]


@pytest.mark.parametrize(
    "setting",
    [
        {"presence_penalty": 0.1},
        {"frequency_penalty": 0.1},
        {"logit_bias": ((3, 1.0),)},
        {"dry_multiplier": 0.8},
        {"mirostat_tau": 5.0},
    ],
)
def test_what_counts_or_learns_is_not_drawn_on_the_device(setting: dict[str, float]) -> None:
    assert not can_draw_on_device(SamplerSettings(**setting))  # type: ignore[arg-type]
