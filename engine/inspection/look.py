"""One token's way through the layers: what the model would say behind each (the logit lens), and what each head read.

The logit lens (nostalgebraist 2020) takes a layer's output through the final norm and the head. Both come from one
step of the last token, over the cache of those before it: it costs as much as a token, and the head once a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.api import RequestError
from engine.attention import Mixer
from engine.cache import KVCache
from engine.distribution import largest
from engine.layers import never
from engine.model import Model
from engine.recurrent import Recurrent
from engine.scoring import read


@dataclass(frozen=True)
class Look:
    """`hidden` [L, E] are the layers' outputs, `logits` [L, V] what the lens makes of them; the last are the model's.

    `attention` holds the shares [H, S] of the tokens read, by layer; a recurrent layer has none.
    """

    hidden: Tensor
    logits: Tensor
    attention: dict[int, Tensor]

    def guesses(self, count: int) -> tuple[Tensor, Tensor]:
        """The `count` likeliest tokens of each layer: natural log-probabilities [L, count] and ids."""
        values, ids = largest(self.logits, min(count, self.logits.shape[-1]))
        return values - self.logits.logsumexp(-1, keepdim=True), ids


def look(
    model: Model,
    ids: Sequence[int],
    *,
    cache: KVCache | None = None,
    interrupted: Callable[[], bool] = never,
) -> Look:
    """Look at the step behind the last of `ids`, which makes the next token.

    `cache` holds a beginning of `ids` and is extended by them; None: one of its own.
    """
    if not ids:
        raise RequestError("There is no token to look at.")
    cache = model.decoder.new_cache(len(ids)) if cache is None else cache
    read(model, ids[:-1], cache, interrupted=interrupted)
    tap = _Tap()
    last = torch.tensor([ids[-1:]], device=model.device)
    model.decoder(last, cache, observer=tap, interrupted=interrupted)
    cache.ids.append(ids[-1])
    hidden = torch.stack(tap.hidden)
    return Look(hidden, model.decoder.read_out(hidden[None])[0], tap.attention)


def recurrent_layers(model: Model) -> tuple[int, ...]:
    """The layers that keep a state instead of reading earlier tokens, and so have no attention."""
    return tuple(m.layer for m in model.decoder.modules() if isinstance(m, Mixer) and isinstance(m, Recurrent))


class _Tap:
    """The observer: keeps the last token's row of everything."""

    def __init__(self) -> None:
        self.hidden: list[Tensor] = []
        self.attention: dict[int, Tensor] = {}

    def passed(self, _layer: int, x: Tensor) -> None:
        self.hidden.append(x[0, -1])

    def attended(self, layer: int, weights: Tensor) -> None:
        self.attention[layer] = weights[0, :, -1]
