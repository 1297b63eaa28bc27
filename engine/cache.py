"""KV cache: what attention has already seen, one `LayerCache` a layer, grown in chunks.

Rewinding (`truncate`) only moves the length, so a new branch of a conversation costs what is new. The engine
owns one `KVCache` a conversation; the attention layers write to it and read from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

GROWTH = 512  # positions added at a time: 512 x 30 layers of SmolLM2 are 12 MB


class LayerCache:
    """Keys and values of one layer, [B, K, capacity, D]; the first `length` positions are valid."""

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        self.length = 0
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write [B, K, T, D] behind what is there; return all keys and values, [B, K, S, D] views."""
        start, (kept_keys, kept_values) = self.length, self.reserve(keys.shape, keys)
        kept_keys[:, :, start : self.length] = keys
        kept_values[:, :, start : self.length] = values
        return kept_keys[:, :, : self.length], kept_values[:, :, : self.length]

    def reserve(self, shape: Sequence[int], like: Tensor) -> tuple[Tensor, Tensor]:
        """Make room for `shape` [B, K, T, D] and count it as held; keys and values [B, K, capacity, D] to fill."""
        end = self.length + shape[2]
        self.keys = self._with_room(self.keys, shape, like, end)
        self.values = self._with_room(self.values, shape, like, end)
        self.length = end
        return self.keys, self.values

    def _with_room(self, old: Tensor | None, shape: Sequence[int], like: Tensor, end: int) -> Tensor:
        if old is not None and end <= old.shape[2]:
            return old
        batch, heads, _, width = shape
        capacity = min(-(-max(end, 2 * self.length) // GROWTH) * GROWTH, max(self.limit, end))
        grown = torch.empty((batch, heads, capacity, width), dtype=like.dtype, device=like.device)
        if old is not None:
            grown[:, :, : self.length] = old[:, :, : self.length]
        return grown

    @property
    def nbytes(self) -> int:
        """Bytes held, valid or not."""
        return sum(t.nbytes for t in (self.keys, self.values) if t is not None)


class KVCache:
    """The caches of all layers of a decoder, and the number of tokens they hold."""

    def __init__(self, layers: list[LayerCache]) -> None:
        self.layers = layers

    @property
    def length(self) -> int:
        """Tokens held."""
        return self.layers[0].length if self.layers else 0

    def truncate(self, length: int) -> None:
        """Forget everything from position `length` on; O(1)."""
        for layer in self.layers:
            layer.length = min(layer.length, length)

    @property
    def nbytes(self) -> int:
        """Bytes held by all layers."""
        return sum(layer.nbytes for layer in self.layers)
