"""The samplers that leave out candidates, and those that make the rest more or less equal.

Each is a pure function of descending logits [n] in which minus infinity stands for what was left out before; none
reads anything back from the device. `truncations` runs those that are on, in the order of the chain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from engine.api import SamplerSettings

OUT = float("-inf")
LEAST_TEMPERATURE = 0.01  # of a dynamic one: below it only the likeliest token is drawn anyway


def truncations(
    candidates: Tensor, settings: SamplerSettings, *, logits: Tensor, coin: Tensor
) -> Iterator[tuple[str, Tensor]]:
    """Candidates after each step behind top-k that is on, with its name.

    `logits` are those of all tokens, in any order; `coin` [1] is a number in [0, 1) that decides on XTC.
    """
    if settings.typical_p < 1.0:
        candidates = keep_typical(candidates, settings.typical_p)
        yield "typical", candidates
    if settings.top_p < 1.0:
        candidates = keep_top_p(candidates, settings.top_p)
        yield "top-p", candidates
    if settings.min_p > 0.0:
        candidates = keep_min_p(candidates, settings.min_p)
        yield "min-p", candidates
    if settings.top_n_sigma > 0.0:
        candidates = keep_top_n_sigma(candidates, settings.top_n_sigma * deviation(logits))
        yield "top-n-sigma", candidates
    if settings.xtc_probability > 0.0:
        excluded = exclude_top_choices(candidates, settings.xtc_threshold)
        candidates = torch.where(coin < settings.xtc_probability, excluded, candidates)
        yield "XTC", candidates


def keep_top_k(candidates: Tensor, count: int) -> Tensor:
    """Keep the first `count`."""
    return candidates.masked_fill(torch.arange(candidates.numel(), device=candidates.device) >= count, OUT)


def keep_typical(candidates: Tensor, mass: float) -> Tensor:
    """Keep those whose surprise is closest to the expected one, up to `mass` (arXiv:2202.00666, section 3)."""
    probabilities = candidates.softmax(-1)
    surprise = -probabilities.log()
    order = (surprise - torch.special.entr(probabilities).sum()).abs().argsort(stable=True)
    ordered = probabilities[order]
    left_out = torch.empty_like(order, dtype=torch.bool).index_copy(0, order, ordered.cumsum(-1) - ordered >= mass)
    return candidates.masked_fill(left_out, OUT)


def keep_top_p(candidates: Tensor, mass: float) -> Tensor:
    """Keep the fewest whose probabilities reach `mass` (arXiv:1904.09751)."""
    probabilities = candidates.softmax(-1)
    before = probabilities.cumsum(-1) - probabilities
    return candidates.masked_fill(before >= mass, OUT)


def keep_min_p(candidates: Tensor, share: float) -> Tensor:
    """Keep those at least `share` times as likely as the likeliest (arXiv:2407.01082)."""
    return candidates.masked_fill(candidates < candidates.amax() + math.log(share), OUT)


def keep_top_n_sigma(candidates: Tensor, distance: Tensor) -> Tensor:
    """Keep those at most `distance` [] below the likeliest: n standard deviations (arXiv:2411.07641, equation 5)."""
    return candidates.masked_fill(candidates < candidates.amax() - distance, OUT)


def deviation(logits: Tensor) -> Tensor:
    """The standard deviation [] of the logits that are not left out."""
    is_in = logits > OUT
    count = is_in.sum()
    mean = logits.where(is_in, 0.0).sum() / count
    return ((logits - mean).square().where(is_in, 0.0).sum() / count).sqrt()


def exclude_top_choices(candidates: Tensor, threshold: float) -> Tensor:
    """Of those with a probability of `threshold` or more leave out all but the least likely.

    XTC, github.com/oobabooga/text-generation-webui/pull/6335.
    """
    is_top = candidates.softmax(-1) >= threshold
    return candidates.masked_fill(is_top & (is_top.cumsum(-1) < is_top.sum()), OUT)


def warm(candidates: Tensor, settings: SamplerSettings) -> Tensor:
    """Divide by the temperature; by one that grows with their entropy where a range is set.

    Dynamic temperature, github.com/ggml-org/llama.cpp/pull/4972: the entropy as a share of the largest possible,
    to the power of the exponent, leads from temperature - range to temperature + range.
    """
    temperature, around = settings.temperature, settings.temperature_range
    if around == 0.0:
        return candidates / temperature
    lowest = max(temperature - around, LEAST_TEMPERATURE)
    largest_entropy = (candidates > OUT).sum().log().clamp_min(1e-6)  # that of one candidate is 0, and so is its own
    share = torch.special.entr(candidates.softmax(-1)).sum() / largest_entropy
    return candidates / (
        lowest + (temperature + around - lowest) * share.clamp(0.0, 1.0) ** settings.temperature_exponent
    )


def keep_unsurprising(candidates: Tensor, bits: float) -> Tensor:
    """Keep those of at most `bits` of surprise, and the likeliest (mirostat, arXiv:2007.14966)."""
    surprise = -candidates.log_softmax(-1) / math.log(2.0)
    return candidates.masked_fill((surprise > bits) & (candidates < candidates.amax()), OUT)
