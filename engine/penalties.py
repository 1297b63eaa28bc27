"""The samplers that change logits by what was said before, and by what a person wants more or less of.

Each is a pure function of logits [V]; `penalties` runs those that are on, in the order of the chain.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set

import torch
from torch import Tensor

from engine.api import SamplerSettings
from engine.tokenizers import Tokenizer

LARGEST_PENALTY = 1e4  # of DRY, in logits: nothing comes back from there, and powers of its base stay finite


def penalties(
    logits: Tensor, settings: SamplerSettings, history: Sequence[int], breakers: Set[int]
) -> Iterator[tuple[str, Tensor]]:
    """Logits [V] after each step that is on, with its name. `history` holds the tokens before, the last one last.

    Repetition, presence and frequency look at the last `repetition_window` tokens of it, DRY at all of them.
    `breakers` are the ids of DRY's sequence breakers, see `breaker_ids`.
    """
    if settings.logit_bias:
        logits = add_bias(logits, dict(settings.logit_bias))
        yield "logit bias", logits
    recent = history[-settings.repetition_window :] if settings.repetition_window else ()
    if settings.repetition_penalty != 1.0 and recent:
        seen = torch.tensor(sorted(set(recent)), device=logits.device)
        logits = penalise_repetition(logits, seen, settings.repetition_penalty)
        yield "repetition penalty", logits
    if (settings.presence_penalty or settings.frequency_penalty) and recent:
        logits = penalise_counts(
            logits, Counter(recent), presence=settings.presence_penalty, frequency=settings.frequency_penalty
        )
        yield "presence and frequency penalty", logits
    if settings.dry_multiplier and history:
        matches = repeated_lengths(history, breakers)
        logits = penalise_sequences(
            logits,
            matches,
            multiplier=settings.dry_multiplier,
            base=settings.dry_base,
            allowed_length=settings.dry_allowed_length,
        )
        yield "DRY", logits


def add_bias(logits: Tensor, bias: Mapping[int, float]) -> Tensor:
    """Add `bias` to the logits of the tokens that it names."""
    ids = torch.tensor(list(bias), dtype=torch.long, device=logits.device)
    return logits.index_add(0, ids, torch.tensor(list(bias.values()), dtype=logits.dtype, device=logits.device))


def penalise_repetition(logits: Tensor, recent: Tensor, penalty: float) -> Tensor:
    """Divide positive and multiply negative logits [V] of `recent` ids by `penalty` once each (arXiv:1909.05858)."""
    seen = logits[recent]
    return logits.index_copy(0, recent, torch.where(seen > 0, seen / penalty, seen * penalty))


def penalise_counts(logits: Tensor, counts: Mapping[int, int], *, presence: float, frequency: float) -> Tensor:
    """Lower each token that was there by `presence`, and by `frequency` for each time (OpenAI's API reference)."""
    return add_bias(logits, {token: -presence - count * frequency for token, count in counts.items()})


def repeated_lengths(history: Sequence[int], breakers: Set[int]) -> dict[int, int]:
    """For each token that would go on with something said before: how many tokens, at most, it would repeat.

    The last tokens of `history` are looked for in all of it; what is repeated holds no breaker. Linear in time:
    the Z-algorithm (Gusfield 1997, section 1.4) over the reversed text.
    """
    backwards = history[::-1]
    most = next((at for at, token in enumerate(backwards) if token in breakers), len(backwards))
    found: dict[int, int] = {}
    if most == 0:
        return found
    lengths = [0] * len(backwards)
    start = end = 0  # the part of the text that is known to equal its beginning
    for at in range(1, len(backwards)):
        length = min(lengths[at - start], end - at) if at < end else 0
        while at + length < len(backwards) and backwards[length] == backwards[at + length]:
            length += 1
        lengths[at] = length
        if at + length > end:
            start, end = at, at + length
        following = backwards[at - 1]
        if length and following not in breakers:
            found[following] = max(found.get(following, 0), min(length, most))
    return found


def penalise_sequences(
    logits: Tensor, matches: Mapping[int, int], *, multiplier: float, base: float, allowed_length: int
) -> Tensor:
    """Lower each token that would repeat a sequence, by multiplier · base ^ (length - allowed length).

    DRY, github.com/oobabooga/text-generation-webui/pull/5677.
    """
    longest = math.log(LARGEST_PENALTY / multiplier, base) if base > 1.0 else math.inf
    bias = {
        token: -multiplier * base ** min(length - allowed_length, longest)
        for token, length in matches.items()
        if length >= allowed_length
    }
    return add_bias(logits, bias) if bias else logits


def breaker_ids(tokenizer: Tokenizer, breakers: Sequence[str]) -> frozenset[int]:
    """The tokens that hold one of these texts; for a text that none holds, the last token of its encoding."""
    found: set[int] = set()
    pieces = [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]
    for breaker in filter(None, breakers):
        wanted = breaker.encode()
        holding = {token for token, piece in enumerate(pieces) if wanted in piece}
        found |= holding or set(tokenizer.encode(breaker)[-1:])
    return frozenset(found)
