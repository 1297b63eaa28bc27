"""A text as one vector: the mean of the model's last hidden states, of length 1.

A chat model was not trained for it, so its vectors tell topics apart rather than meanings; a model that was made for
embeddings does better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from engine.api import (
    ContextFullError,
    Embedded,
    EmbedRequest,
    Event,
    NumericalError,
    PrefillProgressed,
    RequestError,
)
from engine.model import Model
from engine.tensor_bytes import tensor_bytes

CHUNK = 64  # tokens read at a time: a reply that is made meanwhile waits so long


def embed(model: Model, request: EmbedRequest, *, limit: int, cancelled: Callable[[], bool]) -> Iterator[Event]:
    """`Embedded` for each text, `PrefillProgressed` with each chunk of them. Texts have at most `limit` tokens.

    Raises `Interrupted` when `cancelled` says so, `RequestError`, `ContextFullError`, `NumericalError`.
    """
    texts = [
        model.tokenizer.encode_with_specials(text, add_special=True, parse_special=False) for text in request.texts
    ]
    for number, ids in enumerate(texts):
        if not ids:
            raise RequestError(f"Text {number} is empty, so there is nothing to embed.")
        if len(ids) > limit:
            raise ContextFullError(f"Text {number} has {len(ids)} tokens, but the context holds {limit}; cut it.")
    total, done = sum(map(len, texts)), 0
    for number, ids in enumerate(texts):
        summed = torch.zeros((), device=model.device)
        for states in _hidden_states(model, ids, cancelled):
            yield PrefillProgressed(request.request_id, done, total, 0, 0)
            summed = summed + states.float().sum(0)
            done += len(states)
        length = summed.norm()
        if not torch.isfinite(length) or length == 0:
            raise NumericalError("The model's output is not a number any more; its file may be damaged.")
        vector = bytes(tensor_bytes(summed / length))
        yield Embedded(request.request_id, vector, len(ids), is_last=number == len(texts) - 1)


def _hidden_states(model: Model, ids: Sequence[int], cancelled: Callable[[], bool]) -> Iterator[torch.Tensor]:
    """The states [T, E] of each chunk; the mean's direction is that of the sum."""
    cache = model.decoder.new_cache(len(ids))
    for at in range(0, len(ids), CHUNK):
        chunk = torch.tensor([ids[at : at + CHUNK]], device=model.device)
        yield model.decoder.hidden(chunk, cache, interrupted=cancelled)[0]
