"""How likely a model finds a given text (teacher forcing): each token's numbers, and perplexity."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.alternatives import pack_numbers
from engine.api import NumericalError, RequestError
from engine.cache import KVCache, common_prefix
from engine.distribution import spread
from engine.layers import Interrupted, never
from engine.model import Model

READ = 256  # tokens read at a time; multiples of 16 change no bit of what the kernels give
MOST_LOGITS = 1 << 23  # held at a time: 32 MiB


@dataclass(frozen=True, slots=True)
class Perplexity:
    """Mean negative log-likelihood in nats per token over `tokens` predicted tokens."""

    nll: float
    perplexity: float
    tokens: int


def log_likelihoods(logits: Tensor, targets: Tensor) -> Tensor:
    """Natural log-probabilities [T] of `targets` [T] under logits [T, V]."""
    chosen = logits.gather(-1, targets[:, None])[:, 0]
    return chosen - logits.logsumexp(-1)


@dataclass(frozen=True)
class Scores:
    """Some tokens of a text, each under the tokens before it: their numbers [T], and those of the likeliest [T, n].

    `logprobs` and `entropies` are natural, `ranks` count the likelier tokens; a log-probability plus its normaliser
    is a logit.
    """

    ids: Sequence[int]
    logprobs: Tensor
    ranks: Tensor
    normalisers: Tensor
    entropies: Tensor
    likely_ids: Tensor
    likely_logprobs: Tensor

    def packed(self) -> bytes:
        """The records of these tokens, as a reply has them, with nothing about samplers."""
        top = self.likely_ids.shape[-1]
        columns = (
            *(self.logprobs, self.ranks, self.normalisers, self.entropies),
            *(self.likely_ids, self.likely_logprobs),
        )
        rows = zip(self.ids, *(column.tolist() for column in columns), strict=True)
        return b"".join(
            pack_numbers((normaliser, entropy, 0, rank, token, *ids, logprob, *logprobs, *[0.0] * (top + 1)))
            for token, logprob, rank, normaliser, entropy, ids, logprobs in rows
        )


def score(
    model: Model,
    ids: Sequence[int],
    *,
    first: int = 1,
    cache: KVCache | None = None,
    interrupted: Callable[[], bool] = never,
) -> Iterator[Scores]:
    """Score the tokens of a text from number `first` on, in chunks, as the engine reads it: with a KV cache.

    `cache` holds a beginning of `ids` (what of it is behind `first` is dropped) and is extended. Raises `Interrupted`
    when `interrupted` says so, `RequestError` for tokens that cannot be scored, `NumericalError`.
    """
    for chunk, logits in score_logits(model, ids, first=first, cache=cache, interrupted=interrupted):
        yield scores(logits, chunk)


def score_logits(
    model: Model,
    ids: Sequence[int],
    *,
    first: int,
    cache: KVCache | None = None,
    interrupted: Callable[[], bool] = never,
) -> Iterator[tuple[Sequence[int], Tensor]]:
    """As `score`: the tokens of each chunk, and the logits [T, V] that they are scored under."""
    if not 1 <= first < len(ids):
        raise RequestError("There is nothing to score: the text needs a token, and another one before it.")
    cache = model.decoder.new_cache(len(ids)) if cache is None else cache
    cache.truncate(min(first - 1, common_prefix(cache.ids, ids)))
    read(model, ids[: first - 1], cache, interrupted=interrupted)
    size = max(16, min(READ, MOST_LOGITS // model.decoder.vocabulary // 16 * 16))
    while (done := cache.length) < len(ids) - 1:
        chunk = ids[done : min(done + size, len(ids) - 1)]
        logits = _forward(model, chunk, cache, interrupted=interrupted)
        at = max(first - 1 - done, 0)
        yield ids[done + at + 1 : done + len(chunk) + 1], logits[at:]


def scores(logits: Tensor, ids: Sequence[int]) -> Scores:
    """The numbers of tokens `ids` [T] under logits [T, V]. Raises `NumericalError`."""
    targets = torch.tensor(ids, device=logits.device)[:, None]
    values, likely, normaliser, entropies = spread(logits)
    chosen = logits.gather(-1, targets)
    logprobs = (chosen - normaliser)[:, 0]
    if not bool(logprobs.isfinite().all()):
        raise NumericalError("The model's output is not a number; its file may be damaged.")
    return Scores(ids, logprobs, (logits > chosen).sum(-1), normaliser[:, 0], entropies, likely, values - normaliser)


def read(model: Model, ids: Sequence[int], cache: KVCache, *, interrupted: Callable[[], bool] = never) -> None:
    """Extend `cache`, which holds a beginning of `ids`, by the rest of them. Raises `Interrupted`."""
    cache.truncate(common_prefix(cache.ids, ids))
    while (done := cache.length) < len(ids):
        _forward(model, ids[done : done + READ], cache, last_only=True, interrupted=interrupted)


def _forward(
    model: Model,
    ids: Sequence[int],
    cache: KVCache,
    *,
    last_only: bool = False,
    interrupted: Callable[[], bool],
) -> Tensor:
    """Logits [T, V] behind `ids`, which `cache` then holds; as before if it is interrupted."""
    before = cache.length
    if interrupted():  # a few tokens run all layers in one call
        raise Interrupted
    try:
        tokens = torch.tensor([ids], device=model.device)
        logits = model.decoder(tokens, cache, last_only=last_only, interrupted=interrupted)
    except Interrupted:
        cache.truncate(before)
        raise
    cache.ids += ids
    return torch.as_tensor(logits[0])


def windows(tokens: int, *, context: int, stride: int | None) -> Iterator[tuple[int, int, int]]:
    """Windows over a text: where each begins, the first token that it scores, and its end.

    Every token but the first is scored once, with at least context - stride tokens before it where the text has them
    (the strided evaluation of the Hugging Face documentation, "Perplexity of fixed-length models"). `stride` None is
    half of the context. Raises `RequestError`.
    """
    stride = stride or max(context // 2, 1)
    if context < 2 or not 0 < stride < context:
        raise RequestError("The stride must be at least 1 and smaller than the context, which must be 2 or more.")
    if tokens < 2:
        raise RequestError("The text is too short: at least two tokens are needed.")
    scored_to = 1
    for begin in range(0, tokens, stride):
        end = min(begin + context, tokens)
        yield begin, scored_to, end
        scored_to = end
        if end == tokens:
            return


def score_in_windows(
    model: Model,
    ids: Sequence[int],
    *,
    context: int = 512,
    stride: int | None = None,
    interrupted: Callable[[], bool] = never,
) -> Iterator[Scores]:
    """Score a text longer than the model's context, in `windows`; raises as `score` does."""
    context = min(context, model.config.context_length)
    for begin, scored_from, end in windows(len(ids), context=context, stride=stride):
        yield from score(model, ids[begin:end], first=scored_from - begin, interrupted=interrupted)


def perplexity(
    model: Model,
    ids: Sequence[int],
    *,
    context: int = 512,
    stride: int | None = None,
    forward: Callable[[Tensor], Tensor] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Perplexity:
    """Perplexity of a text in windows of `context` tokens that advance by `stride` (default: half of it).

    `forward` is what turns ids [1, T] into logits [1, T, V]; by default the reference path.
    """
    run = forward or model.forward
    context = min(context, model.config.context_length)
    total, predicted = 0.0, 0
    for begin, scored_from, end in windows(len(ids), context=context, stride=stride):
        window = torch.tensor([ids[begin:end]], device=model.device)
        logits = run(window)[0, scored_from - begin - 1 : end - begin - 1].double()
        total -= float(log_likelihoods(logits, window[0, scored_from - begin :]).sum())
        predicted += end - scored_from
        progress(end, len(ids))
    nll = total / predicted
    if math.isnan(nll):
        raise NumericalError("The model's output is not a number; its file may be damaged.")
    return Perplexity(nll, float(torch.tensor(nll, dtype=torch.float64).exp()), predicted)
