"""Replies off the CPU: the device draws each token and goes on with it, while the host still reads the one before.

The engine hands over the logits of the prompt and gets tokens; the cache is then one token ahead of what it got.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from engine.api import SamplerSettings
from engine.cache import KVCache
from engine.decoder import Decoder
from engine.distribution import observed_size
from engine.graphs import Capture, Replayed, capture_for
from engine.sampling import DeviceSampler, noise_dtype
from engine.static import StaticDecoder, can_be_static

LARGEST_VOCABULARY = 1 << 24  # where there is no float64, ids go to the host as float32


def ahead_for(decoder: Decoder, *, device: torch.device, limit: int) -> AheadDecoder | None:
    """How replies are made on `device` from texts of at most `limit` tokens; None on the CPU, which is the host."""
    if device.type == "cpu" or decoder.vocabulary > LARGEST_VOCABULARY:
        return None
    return AheadDecoder(decoder, device=device, limit=limit, capture=capture_for(device))


class AheadDecoder:
    """Makes replies on `device` from texts of at most `limit` tokens."""

    def __init__(self, decoder: Decoder, *, device: torch.device, limit: int, capture: Capture | None) -> None:
        self._limit = limit
        self._static = StaticDecoder(decoder, device)
        self._next = torch.zeros(1, dtype=torch.long, device=device)
        self._drawn = torch.zeros(observed_size(decoder.vocabulary), dtype=noise_dtype(device), device=device)
        self._outbox = Outbox(self._drawn)
        self._sampler: DeviceSampler | None = None
        self._step = Replayed(self._compute, capture)
        self._is_new = True

    def can_continue(self, cache: KVCache) -> bool:
        """Whether a reply to the text in `cache` can be made here."""
        return can_be_static(cache)

    def tokens(
        self,
        logits: Tensor,
        cache: KVCache,
        *,
        settings: SamplerSettings,
        seed: int,
        history: Sequence[int],
        most: int,
    ) -> Iterator[list[float]]:
        """What `observe` says of each of at most `most` tokens; `logits` [V] stand behind the text in `cache`.

        `history` are the last tokens of that text. Each token that is given is in the cache already, but for the
        last of `most`.
        """
        self._begin(settings, history, cache.length)
        self._draw_next(logits, seed, cache.length)
        for count in range(1, most + 1):
            self._outbox.post(self._drawn)
            if count < most:
                self._go_on(cache, seed)
            yield self._outbox.read()

    def release(self) -> None:
        """Let go of the last cache's memory."""
        self._static.release()

    @torch.inference_mode()
    def _begin(self, settings: SamplerSettings, history: Sequence[int], position: int) -> None:
        settings = replace(settings, seed=None)
        if self._sampler is None or self._sampler.settings != settings:
            self._sampler = DeviceSampler(settings, limit=self._limit, device=self._next.device)
            self._is_new = True  # a recording holds other settings, though no seed
        self._sampler.restart(history, position)

    @torch.inference_mode()
    def _draw_next(self, logits: Tensor, seed: int, position: int) -> None:
        assert self._sampler is not None
        self._sampler.aim(seed, position)
        self._draw(logits)

    @torch.inference_mode()
    def _go_on(self, cache: KVCache, seed: int) -> None:
        assert self._sampler is not None
        self._static.token.copy_(self._next[None])
        if not self._static.advance(cache):
            self._is_new = True
        self._sampler.aim(seed, cache.length)
        self._step(is_same=not self._is_new)
        self._is_new = False
        self._static.settle(cache)

    def _compute(self) -> None:
        """What is recorded: from the token at its position to the next token."""
        assert self._sampler is not None
        self._sampler.remember(self._static.token[0], self._static.position)
        self._draw(self._static.compute())

    def _draw(self, logits: Tensor) -> None:
        assert self._sampler is not None
        token, numbers = self._sampler.draw(logits)
        self._next.copy_(token)
        self._drawn.copy_(numbers)


class Outbox:
    """Brings a few numbers to the host without waiting for the work that comes behind them (on CUDA)."""

    def __init__(self, like: Tensor) -> None:
        """`like`: numbers as they will be posted."""
        self._event = torch.Event(like.device) if like.device.type == "cuda" else None
        self._numbers = torch.zeros(like.shape, dtype=like.dtype, pin_memory=self._event is not None)

    def post(self, numbers: Tensor) -> None:
        """Send them off; waits where the device knows no better."""
        self._numbers.copy_(numbers, non_blocking=self._event is not None)
        if self._event is not None:
            self._event.record()

    def read(self) -> list[float]:
        """Those that were posted last."""
        if self._event is not None:
            self._event.synchronize()
        return self._numbers.tolist()
