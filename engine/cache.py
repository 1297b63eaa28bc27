"""KV cache: what the layers have already seen of a text; one `LayerCache` or `StateCache` a layer.

Rewinding attention (`truncate`) only moves the length, so a new branch of a conversation costs what is new; a
recurrent layer goes back to the last state it kept. The engine owns one `KVCache` a conversation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

GROWTH = 512  # positions added at a time: 512 x 30 layers of SmolLM2 are 12 MB
STATE_EVERY = 64  # decoded tokens after which a recurrent state is kept
MOST_STATES = 16  # kept in a layer; Mamba 130M's take 2.4 MB for all layers


class LayerCache:
    """Keys and values of one layer, [B, K, capacity, D] each with its own D; the first `length` are valid."""

    def __init__(self, *, limit: int, dtype: torch.dtype | None = None) -> None:
        """`dtype` None: that of the first keys appended."""
        self.limit, self.dtype = limit, dtype
        self.length = 0
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write [B, K, T, D] behind what is there; return all keys and values [B, K, S, D] in the dtype of these.

        Views, where the cache keeps that dtype.
        """
        self.dtype = self.dtype or keys.dtype
        start = self.length
        kept = self.reserve(keys.shape, device=keys.device, value_width=values.shape[-1])
        for held, new in zip(kept, (keys, values), strict=True):
            held[:, :, start : self.length] = new
        all_keys, all_values = (held[:, :, : self.length].to(keys.dtype) for held in kept)
        return all_keys, all_values

    def reserve(
        self, shape: Sequence[int], *, device: torch.device, value_width: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Make room for keys of `shape` [B, K, T, D] and as many values, and count them as held.

        Returns keys and values [B, K, capacity, D] to fill; `value_width` is the values' D where it differs.
        """
        end = self.length + shape[2]
        if self.keys is None or self.values is None or end > self.keys.shape[2]:
            self.keys = self._with_room(self.keys, shape, device, end)
            self.values = self._with_room(self.values, (*shape[:3], value_width or shape[3]), device, end)
        self.length = end
        return self.keys, self.values

    def reachable(self, length: int) -> int:
        """The longest beginning of at most `length` tokens that `truncate` can go back to: all of them."""
        return min(length, self.length)

    def truncate(self, length: int) -> None:
        """Forget everything from position `length` on; O(1)."""
        self.length = length

    def _with_room(self, old: Tensor | None, shape: Sequence[int], device: torch.device, end: int) -> Tensor:
        batch, heads, _, width = shape
        capacity = min(-(-max(end, 2 * self.length) // GROWTH) * GROWTH, max(self.limit, end))
        grown = torch.empty((batch, heads, capacity, width), dtype=self.dtype, device=device)
        if old is not None:
            grown[:, :, : self.length] = old[:, :, : self.length]
        return grown

    @property
    def nbytes(self) -> int:
        """Bytes held, valid or not."""
        return sum(t.nbytes for t in (self.keys, self.values) if t is not None)


class StateCache:
    """What a recurrent layer made of the text so far: tensors that each step replaces and never changes.

    A state cannot be unwound, so some are kept: after every forward pass over several tokens, and now and then
    while decoding.
    """

    def __init__(self) -> None:
        self.length = 0
        self.state: tuple[Tensor, ...] | None = None
        self._kept: dict[int, tuple[Tensor, ...]] = {}

    def store(self, state: tuple[Tensor, ...], tokens: int) -> None:
        """The state behind `tokens` more tokens."""
        self.state = state
        self.length += tokens
        if tokens > 1 or self.length % STATE_EVERY == 0:
            self._kept[self.length] = state
        if len(self._kept) > MOST_STATES:
            for length in sorted(self._kept)[: MOST_STATES // 2 : 2]:
                del self._kept[length]

    def reachable(self, length: int) -> int:
        """The longest beginning of at most `length` tokens whose state is at hand."""
        if length >= self.length:
            return self.length
        return max((at for at in self._kept if at <= length), default=0)

    def truncate(self, length: int) -> None:
        """Go back to a `reachable` length."""
        if length < self.length:
            self.state = self._kept.get(length)
            self._kept = {at: state for at, state in self._kept.items() if at <= length}
            self.length = length

    @property
    def nbytes(self) -> int:
        """Bytes of all states held."""
        states = [*self._kept.values(), self.state or ()]
        return sum(t.nbytes for t in {id(t): t for state in states for t in state}.values())


class KVCache:
    """The caches of all layers of a decoder, and the number of tokens they hold."""

    def __init__(self, layers: list[LayerCache | StateCache]) -> None:
        self.layers = layers

    @property
    def length(self) -> int:
        """Tokens held."""
        return self.layers[0].length if self.layers else 0

    @property
    def is_exact(self) -> bool:
        """Whether `truncate` reaches every position."""
        return all(isinstance(layer, LayerCache) for layer in self.layers)

    def truncate(self, length: int) -> int:
        """Forget everything from position `length` on, or from an earlier one; returns how much is still held.

        Attention goes back to any position, a recurrent layer only to those whose state it kept.
        """
        kept = min((layer.reachable(length) for layer in self.layers), default=0)
        for layer in self.layers:
            layer.truncate(kept)
        return kept

    @property
    def nbytes(self) -> int:
        """Bytes held by all layers."""
        return sum(layer.nbytes for layer in self.layers)
