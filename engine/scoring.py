"""How likely a model finds a given text: per-token log-probabilities and perplexity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.api import NumericalError, RequestError
from engine.model import Model


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

    Every token but the first is predicted once, with at least context - stride tokens before it where the
    text has them (the strided evaluation of the Hugging Face documentation, "Perplexity of fixed-length
    models"). `forward` is what turns ids [1, T] into logits [1, T, V]; by default the reference path.
    """
    run = forward or model.forward
    context = min(context, model.config.context_length)
    stride = stride or max(context // 2, 1)
    if context < 2 or not 0 < stride < context:
        raise RequestError("The stride must be at least 1 and smaller than the context, which must be 2 or more.")
    if len(ids) < 2:
        raise RequestError("The text is too short: at least two tokens are needed.")
    total, predicted, scored_to = 0.0, 0, 1
    for begin in range(0, len(ids), stride):
        end = min(begin + context, len(ids))
        window = torch.tensor([ids[begin:end]], device=model.device)
        logits = run(window)[0, scored_to - begin - 1 : end - begin - 1].double()
        total -= float(log_likelihoods(logits, window[0, scored_to - begin :]).sum())
        predicted += end - scored_to
        scored_to = end
        progress(end, len(ids))
        if end == len(ids):
            break
    nll = total / predicted
    if math.isnan(nll):
        raise NumericalError("The model's output is not a number; its file may be damaged.")
    return Perplexity(nll, float(torch.tensor(nll, dtype=torch.float64).exp()), predicted)
