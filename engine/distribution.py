"""What a token's logits say, in a few numbers: the likeliest tokens, the entropy, what the samplers made of them.

Shapes are fixed and nothing is read back, so that a device can replay it. `engine.alternatives` packs the numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from engine import kernels
from engine.alternatives import IDS, TOP, Drawn

MOST_LISTED = 256  # ids that are looked up one by one
BLOCK = 64  # of 32 to 256, the quickest for 49,152 and 151,936 logits


class Choice(NamedTuple):
    """A token that was drawn, int64 [1], and what it was drawn from: ids [n] and their shares [n], many of them 0."""

    token: Tensor
    ids: Tensor
    shares: Tensor


def largest(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest of logits [..., V], descending, and their ids.

    They lie in the `count` blocks with the largest maxima, which is found in half of the time that `topk` takes.
    """
    if kernels.surveys(logits, count):
        return kernels.survey(logits, count)
    blocks = logits.shape[-1] // BLOCK
    if blocks < 2 * count:
        values, ids = logits.topk(count)
        return values, ids
    body = torch.unflatten(logits[..., : blocks * BLOCK], -1, (blocks, BLOCK))
    best = body.amax(-1).topk(count).indices
    ids = (best[..., None] * BLOCK + torch.arange(BLOCK, device=logits.device)).flatten(-2)
    if blocks * BLOCK < logits.shape[-1]:
        tail = torch.arange(blocks * BLOCK, logits.shape[-1], device=logits.device)
        ids = torch.cat((ids, tail.expand(*ids.shape[:-1], -1)), dim=-1)
    values, places = logits.gather(-1, ids).topk(count)
    return values, ids.gather(-1, places)


def likeliest(logits: Tensor) -> Tensor:
    """The id [1] of the largest of logits [V], the first of equals."""
    return kernels.survey(logits, 1)[1] if kernels.surveys(logits, 1) else logits.argmax(keepdim=True)


def spread(logits: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of logits [..., V]: values and ids [..., TOP] of the largest, their normaliser [..., 1], the entropy [...]."""
    values, ids = largest(logits, min(TOP, logits.shape[-1]))
    probabilities = logits.softmax(-1)
    normaliser = values[..., :1] - probabilities.gather(-1, ids[..., :1]).log()
    return values, ids, normaliser, normaliser[..., 0] - torch.linalg.vecdot(probabilities, logits)


def rank(logits: Tensor, token: Tensor) -> Tensor:
    """How many of logits [V] are larger than that of `token` [1]: [1]."""
    return (logits > logits[token]).sum(-1, keepdim=True)


def observe(logits: Tensor, choice: Choice, counted: Tensor) -> Tensor:
    """The numbers [n] of one token, from the model's logits [V]; `counted` is its rank.

    Normaliser, entropy, survivors, rank; then ids, log-probabilities and shares, each of the token and the likeliest.
    """
    dtype = choice.shares.dtype
    _, ids, normaliser, entropy = spread(logits)
    wanted = torch.cat((choice.token, ids))
    shares = torch.zeros(logits.shape, dtype=dtype, device=logits.device).scatter(0, choice.ids, choice.shares)
    first = (normaliser, entropy[None], (choice.shares > 0).sum(-1, keepdim=True), counted)
    return torch.cat(
        (
            *(number.to(dtype) for number in first),
            wanted.to(dtype),
            (logits[wanted] - normaliser).to(dtype),
            shares[wanted],
        )
    )


def drawn_from(logits: Tensor, choice: Choice) -> Drawn:
    """The drawn token with the record of what `observe` says, put together on the host."""
    token = int(choice.token)
    if kernels.surveys(logits, count := min(TOP, logits.numel())):
        numbers = torch.empty(2, dtype=torch.float64)
        values, ids = kernels.survey(logits, count, numbers)
        normaliser, entropy = numbers.tolist()
    else:
        values, ids, of_all, spreading = spread(logits)
        normaliser, entropy = float(of_all), float(spreading)
    likely, chances = ids.tolist(), values.tolist()
    if token in likely:
        logit = chances[likely.index(token)]
        place = chances.index(logit)
    else:
        place, logit = int(rank(logits, choice.token)), float(logits[token])
    wanted = [token, *likely]
    if choice.ids.numel() > MOST_LISTED:
        shares = torch.zeros_like(logits).scatter(0, choice.ids, choice.shares.float())[torch.tensor(wanted)].tolist()
    else:
        left = dict(zip(choice.ids.tolist(), choice.shares.tolist(), strict=True))
        shares = [left.get(one, 0.0) for one in wanted]
    logprobs = [logit - normaliser, *(chance - normaliser for chance in chances)]
    survivors = int(choice.shares.count_nonzero())
    return Drawn.of([normaliser, entropy, survivors, place, *wanted, *logprobs, *shares])


def observed_size(vocabulary: int) -> int:
    """How many numbers `observe` gives."""
    return IDS + 3 * (1 + min(TOP, vocabulary))
