"""Each step of the sampler chain against transformers' processor, or against the formula it was published with."""

from __future__ import annotations

import math
from collections import Counter

import hypothesis
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from engine.api import SamplerSettings
from engine.penalties import (
    add_bias,
    penalise_counts,
    penalise_repetition,
    penalise_sequences,
    repeated_lengths,
)
from engine.sampler_trace import TracedStep, trace
from engine.sampling import Sampler, choose
from engine.truncation import (
    OUT,
    deviation,
    exclude_top_choices,
    keep_min_p,
    keep_top_k,
    keep_top_n_sigma,
    keep_top_p,
    keep_typical,
    keep_unsurprising,
    warm,
)

OPEN = SamplerSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0)
SEEDS = st.integers(0, 10_000)
HISTORIES = st.lists(st.integers(0, 4), max_size=40)


def descending(seed: int, count: int = 50, scale: float = 3.0) -> Tensor:
    made = torch.randn(count, generator=torch.Generator().manual_seed(seed)) * scale
    return made.sort(descending=True).values


def kept(candidates: Tensor) -> list[int]:
    return (candidates > OUT).nonzero().flatten().tolist()


@given(seed=SEEDS, share=st.sampled_from([0.05, 0.3, 0.5, 0.9, 0.99]))
def test_truncation_keeps_what_transformers_keeps(seed: int, share: float) -> None:
    candidates, ids = descending(seed), torch.zeros(1, 1, dtype=torch.long)
    for ours, theirs in (
        (keep_top_k(candidates, 7), TopKLogitsWarper(7)),
        (keep_top_p(candidates, share), TopPLogitsWarper(share)),
        (keep_min_p(candidates, share), MinPLogitsWarper(share)),
        (keep_typical(candidates, share), TypicalLogitsWarper(share)),
    ):
        expected = theirs(ids, candidates[None].clone())[0]
        assert kept(ours) == kept(expected), type(theirs).__name__
        assert torch.equal(ours[ours > OUT], candidates[ours > OUT])


@hypothesis.settings(deadline=None)  # transformers loads parts of itself on the first call
@given(seed=SEEDS, history=st.lists(st.integers(0, 49), min_size=1, max_size=30), penalty=st.sampled_from([0.5, 1.3]))
def test_the_repetition_penalty_is_that_of_transformers(seed: int, history: list[int], penalty: float) -> None:
    logits = descending(seed)
    ours = penalise_repetition(logits, torch.tensor(sorted(set(history))), penalty)
    theirs = RepetitionPenaltyLogitsProcessor(penalty)(torch.tensor([history]), logits[None].clone())[0]
    torch.testing.assert_close(ours, theirs)


@given(seed=SEEDS, history=HISTORIES)
def test_presence_and_frequency_penalties_follow_their_formula(seed: int, history: list[int]) -> None:
    logits, counts = descending(seed, 5), Counter(history)
    ours = penalise_counts(logits, counts, presence=0.4, frequency=0.25)
    expected = [
        float(logit) - counts[token] * 0.25 - (counts[token] > 0) * 0.4 for token, logit in enumerate(logits.tolist())
    ]
    torch.testing.assert_close(ours, torch.tensor(expected))


def test_a_bias_is_added_to_the_tokens_that_it_names() -> None:
    assert add_bias(torch.tensor([1.0, 2.0, 3.0]), {2: -5.0, 0: 0.5}).tolist() == [1.5, 2.0, -2.0]


def lengths_by_comparing(history: list[int], breakers: set[int]) -> dict[int, int]:
    """The definition: every place that ends like the text is compared backwards, token by token."""
    found: dict[int, int] = {}
    for place in range(len(history) - 1):
        length = 0
        while length <= place and history[place - length] == history[-1 - length]:
            if history[place - length] in breakers:
                break
            length += 1
        following = history[place + 1]
        if length and following not in breakers:
            found[following] = max(found.get(following, 0), length)
    return found


@given(history=HISTORIES, breakers=st.sets(st.integers(0, 4), max_size=2))
def test_repeated_sequences_are_as_long_as_comparing_finds_them(history: list[int], breakers: set[int]) -> None:
    assert repeated_lengths(history, breakers) == lengths_by_comparing(history, breakers)


def test_dry_grows_with_the_length_that_would_be_repeated() -> None:
    matches = repeated_lengths([1, 2, 3, 4, 0, 2, 3], set())
    assert matches == {4: 2}
    lowered = penalise_sequences(torch.zeros(6), {4: 2, 5: 4, 1: 1}, multiplier=0.8, base=1.75, allowed_length=2)
    torch.testing.assert_close(lowered, torch.tensor([0.0, 0.0, 0.0, 0.0, -0.8, -0.8 * 1.75**2]))


def test_dry_stays_finite_however_long_a_repetition_is() -> None:
    lowered = penalise_sequences(torch.zeros(2), {1: 100_000}, multiplier=0.8, base=1.75, allowed_length=2)
    assert float(lowered[1]) == pytest.approx(-1e4)


@given(seed=SEEDS, count=st.sampled_from([0.5, 1.0, 2.0]))
def test_top_n_sigma_keeps_what_lies_within_n_deviations_of_the_largest(seed: int, count: float) -> None:
    candidates = descending(seed)
    logits = torch.cat((candidates, torch.full((5,), OUT)))  # those that a grammar forbids do not count
    spread = float(candidates.double().std(correction=0))
    ours = keep_top_n_sigma(candidates, count * deviation(logits))
    assert kept(ours) == [
        n for n, one in enumerate(candidates.tolist()) if one >= float(candidates[0]) - count * spread
    ]


@given(seed=SEEDS, threshold=st.sampled_from([0.05, 0.1, 0.3]))
def test_xtc_leaves_the_least_likely_of_the_top_choices(seed: int, threshold: float) -> None:
    candidates = descending(seed)
    top = int((candidates.softmax(-1) >= threshold).sum())
    assert kept(exclude_top_choices(candidates, threshold)) == list(range(max(top - 1, 0), 50))


def test_xtc_acts_as_often_as_it_is_told_to() -> None:
    logits = torch.tensor([0.5, 0.4, 0.1]).log()
    settings = SamplerSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, xtc_probability=0.3, xtc_threshold=0.2)
    sampler = Sampler(settings, 5)
    likeliest = sum(sampler.draw(logits, history=[], position=at) == 0 for at in range(3000))
    assert likeliest == pytest.approx(3000 * 0.7 * 0.5, abs=110)  # four deviations


@given(seed=SEEDS, around=st.sampled_from([0.3, 2.0]), exponent=st.sampled_from([0.5, 1.0, 3.0]))
def test_the_dynamic_temperature_follows_its_formula(seed: int, around: float, exponent: float) -> None:
    candidates = torch.cat((descending(seed, 20), torch.full((3,), OUT)))
    settings = SamplerSettings(temperature=1.0, temperature_range=around, temperature_exponent=exponent)
    shares = [float(one) for one in candidates.softmax(-1) if one > 0]
    entropy = -sum(share * math.log(share) for share in shares) / math.log(20)
    low, high = max(1.0 - around, 0.01), 1.0 + around
    expected = candidates / (low + (high - low) * entropy**exponent)
    torch.testing.assert_close(warm(candidates, settings), expected, rtol=1e-4, atol=1e-4)


def test_one_candidate_stays_whatever_the_temperature() -> None:
    left = warm(torch.tensor([2.0, OUT]), SamplerSettings(temperature_range=1.0))
    assert left.softmax(-1).tolist() == [1.0, 0.0]


def test_mirostat_keeps_what_surprises_little_and_always_the_likeliest() -> None:
    candidates = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    assert kept(keep_unsurprising(candidates, 2.0)) == [0, 1]
    assert kept(keep_unsurprising(candidates, 3.0)) == [0, 1, 2, 3]
    assert kept(keep_unsurprising(candidates, -1.0)) == [0]


def test_mirostat_learns_as_its_paper_says() -> None:
    settings = SamplerSettings(temperature=1.0, mirostat_tau=2.0, mirostat_eta=0.3)
    sampler, bits = Sampler(settings, 3), 4.0
    for at in range(30):
        logits = torch.randn(40, generator=torch.Generator().manual_seed(at)) * 2
        token = sampler.draw(logits, history=[], position=at)
        probabilities = logits.softmax(-1)
        allowed = [int(one) for one in range(40) if -math.log2(float(probabilities[one])) <= bits]
        allowed = allowed or [int(logits.argmax())]
        assert token in allowed
        surprise = -math.log2(float(probabilities[token] / probabilities[allowed].sum()))
        bits -= 0.3 * (surprise - 2.0)


def test_mirostat_holds_the_surprise_that_it_aims_at() -> None:
    logits = -torch.arange(1, 2001).log()  # Zipf's law
    sampler = Sampler(SamplerSettings(temperature=1.0, mirostat_tau=4.0), 1)
    shares = []
    for at in range(2000):
        choice = sampler.choose(logits, history=[], position=at)
        shares.append(float(choice.shares[choice.ids == choice.token]))
    assert sum(-math.log2(share) for share in shares[200:]) / 1800 == pytest.approx(4.0, abs=0.1)


def test_mirostat_draws_the_same_again_after_a_rewind() -> None:
    def logits(at: int) -> Tensor:
        return torch.randn(200, generator=torch.Generator().manual_seed(at)) * 3

    sampler = Sampler(SamplerSettings(temperature=1.0, mirostat_tau=3.0), 9)
    first = [sampler.draw(logits(at), history=[], position=at) for at in range(20)]
    for guess in range(12, 17):  # what a draft model guesses ahead of the reply
        sampler.draw(logits(-guess), history=[], position=guess)
    again = [sampler.draw(logits(at), history=[], position=at) for at in range(12, 20)]
    assert again == first[12:]


def test_a_temperature_of_zero_takes_the_likeliest_whatever_else_is_on() -> None:
    settings = SamplerSettings(temperature=0.0, xtc_probability=1.0, mirostat_tau=3.0, temperature_range=1.0)
    assert Sampler(settings, 1).draw(torch.tensor([0.1, 3.0, 2.9]), history=[], position=0) == 1


ALL = st.builds(
    SamplerSettings,
    temperature=st.sampled_from([0.0, 0.5, 1.5]),
    top_k=st.sampled_from([0, 3]),
    top_p=st.sampled_from([0.6, 1.0]),
    min_p=st.sampled_from([0.0, 0.2]),
    repetition_penalty=st.sampled_from([1.0, 1.4]),
    presence_penalty=st.sampled_from([0.0, 1.0]),
    dry_multiplier=st.sampled_from([0.0, 0.8]),
    logit_bias=st.sampled_from([(), ((3, 4.0), (1, -4.0))]),
    typical_p=st.sampled_from([1.0, 0.4]),
    top_n_sigma=st.sampled_from([0.0, 1.0]),
    xtc_probability=st.sampled_from([0.0, 1.0]),
    mirostat_tau=st.sampled_from([0.0, 2.0]),
)


@given(settings=ALL, seed=SEEDS, history=HISTORIES)
def test_a_trace_leaves_the_tokens_that_a_draw_chooses_from(
    settings: SamplerSettings, seed: int, history: list[int]
) -> None:
    logits = torch.randn(60, generator=torch.Generator().manual_seed(seed)) * 2
    choice = Sampler(settings, seed).choose(logits, history=history, position=len(history))
    steps = trace(logits, settings, history)
    left = set(range(60)).difference(*(step.removed for step in steps))
    assert left == set(choice.ids[choice.shares > 0].tolist())
    assert [step.left for step in steps][-1:] in ([], [len(left)])


def test_a_trace_names_the_steps_and_what_they_did() -> None:
    logits = torch.tensor([4.0, 3.0, 2.9, 1.0, OUT, -2.0])
    settings = SamplerSettings(
        temperature=1.0, top_k=4, top_p=1.0, min_p=0.2, repetition_penalty=2.0, xtc_probability=0.5, xtc_threshold=0.3
    )
    assert trace(logits, settings, [5, 3]) == (
        TracedStep("repetition penalty", (), (3, 5), 5),
        TracedStep("top-k", (5,), (), 4),
        TracedStep("min-p", (3,), (), 3),
        TracedStep("XTC", (), (), 3),
    )
    assert trace(logits, settings, coin=0.7)[-1] == TracedStep("XTC", (), (), 3)


def test_the_default_chain_is_traced_by_name() -> None:
    assert [step.name for step in trace(torch.randn(100), SamplerSettings())] == ["top-k", "top-p", "min-p"]


def test_noise_of_zero_never_picks_what_was_left_out_in_front() -> None:
    logits = torch.tensor([3.0, 2.9, 1.0])
    settings = SamplerSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, xtc_probability=1.0, xtc_threshold=0.1)
    assert choose(logits, settings, torch.zeros(2, dtype=torch.float64)).token.tolist() == [1]
