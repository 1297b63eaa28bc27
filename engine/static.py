"""A decode step of fixed shapes, for devices other than the CPU: nothing is read back, so that it can be replayed.

The position is a tensor on the device. Keys and values are written at it, and attention runs over all the memory
that the cache has allocated, under a mask made from it. `StaticDecoder` gives such steps the memory of a `KVCache`,
which other steps go on using; `engine.ahead` runs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import torch
from torch import Tensor

from engine.cache import KVCache, LayerCache, StateCache
from engine.decoder import Decoder
from engine.layers import Step
from engine.rope import Length, Rope


@dataclass
class StaticStep(Step):
    """A step of one token at `positions` [1], over caches whose memory is seen whole."""

    is_static: ClassVar[bool] = True
    _wide_tables: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @property
    def length(self) -> Length:
        """Tokens in view after this step: a tensor []."""
        return self.positions[0] + 1

    def mask(self, window: int | None) -> Tensor | None:
        """True where the token may look at key s: [1, S], S being all that is allocated."""
        if window not in self._masks:
            assert self.cache is not None
            capacity = next(layer.keys.shape[2] for layer in self.cache.layers if isinstance(layer, FixedKeys))
            keys = torch.arange(capacity, device=self.positions.device)[None]
            visible = keys <= self.positions
            if window is not None:
                visible = visible & (keys > self.positions - window)
            self._masks[window] = visible
        return self._masks[window]

    def wide_tables(self, rope: Rope) -> tuple[Tensor, Tensor]:
        """`rope.tables` for this step's position in float32, [1, dim/2]."""
        tables = self._wide_tables.get(id(rope))
        if tables is None:
            tables = self._wide_tables[id(rope)] = rope.tables(
                self.positions, length=self.length, dtype=torch.float32
            )
        return tables


class FixedKeys(LayerCache):
    """The memory of a `LayerCache`, written at a position on the device and read whole."""

    keys: Tensor
    values: Tensor

    def __init__(self, cache: LayerCache, position: Tensor) -> None:
        """What is behind the tokens held is set to zero: hidden as it is, it would turn a sum into NaN if it were."""
        super().__init__(limit=cache.limit, dtype=cache.dtype)
        assert cache.keys is not None
        assert cache.values is not None
        self.keys, self.values, self._position = cache.keys, cache.values, position
        for held in (self.keys, self.values):
            held[:, :, cache.length :].zero_()

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write [B, K, 1, D] at the position; return all memory [B, K, S, D] in the dtype of these."""
        for held, new in ((self.keys, keys), (self.values, values)):
            held.index_copy_(2, self._position, new.to(held.dtype))
        return self.keys.to(keys.dtype), self.values.to(values.dtype)


class FixedState(StateCache):
    """A recurrent layer's state before a step, and memory for the one behind it."""

    def __init__(self, state: Sequence[Tensor]) -> None:
        super().__init__()
        self.before = tuple(torch.empty_like(part) for part in state)
        self.after = tuple(torch.empty_like(part) for part in state)
        self.state = self.before

    def store(self, state: tuple[Tensor, ...], tokens: int) -> None:
        """Into the memory behind the step; what was before it stays."""
        for held, new in zip(self.after, state, strict=True):
            held.copy_(new)


def can_be_static(cache: KVCache) -> bool:
    """Whether static steps can go on from `cache`: it holds a text, every layer in the plain form."""
    return cache.length > 0 and all(
        type(layer) is StateCache or (type(layer) is LayerCache and _is_plain(layer.keys) and _is_plain(layer.values))
        for layer in cache.layers
    )


def _is_plain(held: Tensor | None) -> bool:
    return held is not None and held.is_floating_point()


class StaticDecoder:
    """Runs a decoder one token at a time: `advance` with the cache, `compute`, then `settle` with it.

    `compute` alone may be recorded and replayed, as long as `advance` returns True: it reads and writes the same
    memory each time, and twice does what once does.
    """

    def __init__(self, decoder: Decoder, device: torch.device) -> None:
        self.decoder = decoder
        self.token = torch.zeros(1, 1, dtype=torch.long, device=device)
        self.position = torch.zeros(1, dtype=torch.long, device=device)
        self._layers: list[FixedKeys | FixedState] = []

    @torch.inference_mode()
    def advance(self, cache: KVCache) -> bool:
        """Count one more token in `cache` and aim the next step at it; True if no memory has moved."""
        position = cache.length
        is_same = len(self._layers) == len(cache.layers)
        for index, layer in enumerate(cache.layers):
            if isinstance(layer, LayerCache):
                assert layer.keys is not None
                assert layer.values is not None
                shape = (*layer.keys.shape[:2], 1, layer.keys.shape[3])
                held = layer.reserve(shape, device=layer.keys.device, value_width=layer.values.shape[3])
                is_same = is_same and cast(FixedKeys, self._layers[index]).keys is held[0]
        if not is_same:
            self._layers = [self._fixed(layer) for layer in cache.layers]
        self.position.fill_(position)
        for fixed, layer in zip(self._layers, cache.layers, strict=True):
            if isinstance(fixed, FixedState) and isinstance(layer, StateCache):
                assert layer.state is not None
                _copy(fixed.before, layer.state)
        return is_same

    @torch.inference_mode()
    def compute(self) -> Tensor:
        """Logits float32 [V] behind `token` at `position`."""
        cache = KVCache(list(self._layers))
        step = StaticStep(self.position, 0, self.decoder.dtype, cache=cache)
        return self.decoder.compute(self.token, step)[0, -1]

    @torch.inference_mode()
    def settle(self, cache: KVCache) -> None:
        """Give the states behind the step to `cache`, which keeps some of them: they are copies."""
        for fixed, layer in zip(self._layers, cache.layers, strict=True):
            if isinstance(fixed, FixedState) and isinstance(layer, StateCache):
                state = tuple(torch.empty_like(part) for part in fixed.after)
                _copy(state, fixed.after)
                layer.store(state, 1)

    def release(self) -> None:
        """Let go of the cache's memory; the next step takes it anew."""
        self._layers = []

    def _fixed(self, layer: LayerCache | StateCache) -> FixedKeys | FixedState:
        if isinstance(layer, LayerCache):
            return FixedKeys(layer, self.position)
        assert layer.state is not None
        return FixedState(layer.state)


def _copy(target: tuple[Tensor, ...], source: tuple[Tensor, ...]) -> None:
    torch._foreach_copy_(list(target), list(source))
