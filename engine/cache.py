"""KV cache: what the layers have already seen of a text; one `LayerCache` or `StateCache` a layer.

Rewinding attention (`truncate`) only moves the length, so a new branch of a conversation costs what is new; a
recurrent layer goes back to the last state it kept. `engine.reader` owns those of a model, `engine.cache_file` keeps
them on disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import torch
from torch import Tensor

from engine.cache_blocks import Q8_0, stored_width, to_blocks, to_numbers

GROWTH = 512  # positions added at a time: 512 x 30 layers of SmolLM2 are 12 MB
STATE_EVERY = 64  # decoded tokens after which a recurrent state is kept
MOST_STATES = 16  # kept in a layer; Mamba 130M's take 2.4 MB for all layers


class LayerCache:
    """Keys and values of one layer, [B, K, capacity, D] each with its own D; the first `length` are valid.

    With the dtype `Q8_0` they are blocks of bytes where D allows it, float16 where it does not.
    """

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
            held[:, :, start : self.length] = to_blocks(new) if held.dtype == Q8_0 else new
        all_keys, all_values = (_read(held[:, :, : self.length], keys.dtype) for held in kept)
        return all_keys, all_values

    def reserve(
        self, shape: Sequence[int], *, device: torch.device, value_width: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Make room for keys of `shape` [B, K, T, D] and as many values, and count them as held.

        Returns keys and values [B, K, capacity, D] to fill (or blocks); `value_width` is the values' D where it
        differs.
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

    def fork(self, length: int) -> Self:
        """A cache of its own that holds the first `length` tokens of this one."""
        forked = type(self)(limit=self.limit, dtype=self.dtype)
        forked.length = length
        if self.keys is not None and self.values is not None and length:
            forked.keys, forked.values = self._copied(self.keys, length), self._copied(self.values, length)
        return forked

    def parts(self) -> dict[str, Tensor]:
        """What it holds, by name: views of [B, K, S, D]."""
        if self.keys is None or self.values is None:
            return {}
        return {"keys": self.keys[:, :, : self.length], "values": self.values[:, :, : self.length]}

    def restored(self, parts: Mapping[str, Tensor], length: int) -> Self | None:
        """A cache with copies of these parts, if they are `length` tokens of this one's layout."""
        own = self.parts()
        if parts.keys() != own.keys():
            return None
        for name, part in parts.items():
            batch, heads, _, width = own[name].shape
            if part.dtype != own[name].dtype or part.shape != (batch, heads, length, width):
                return None
        made = type(self)(limit=self.limit, dtype=self.dtype)
        made.length = length
        device = next(iter(own.values())).device
        made.keys, made.values = (self._copied(parts[name].to(device), length) for name in ("keys", "values"))
        return made

    def _with_room(self, old: Tensor | None, shape: Sequence[int], device: torch.device, end: int) -> Tensor:
        batch, heads, _, width = shape
        capacity = min(-(-max(end, 2 * self.length) // GROWTH) * GROWTH, max(self.limit, end))
        dtype, width = (self.dtype, width) if self.dtype != Q8_0 else stored_width(width)
        grown = torch.empty((batch, heads, capacity, width), dtype=dtype, device=device)
        if old is not None:
            grown[:, :, : self.length] = old[:, :, : self.length]
        return grown

    def _copied(self, held: Tensor, length: int) -> Tensor:
        batch, heads, _, width = held.shape
        capacity = min(-(-length // GROWTH) * GROWTH, max(self.limit, length))
        copy = held.new_empty((batch, heads, capacity, width))
        copy[:, :, :length] = held[:, :, :length]
        return copy

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

    def hold(self, start: int) -> None:
        """Keep the state at the end, and of those behind `start` no other."""
        if self.state is not None:
            self._kept = {at: state for at, state in self._kept.items() if at <= start} | {self.length: self.state}

    def fork(self, length: int) -> Self:
        """A cache of its own that has gone back to a `reachable` length; states never change, so they are shared."""
        forked = type(self)()
        forked.length, forked.state, forked._kept = self.length, self.state, dict(self._kept)
        forked.truncate(length)
        return forked

    def parts(self) -> dict[str, Tensor]:
        """All states held, the last one included: its tensors by `LENGTH.NUMBER`."""
        states = self._kept if self.state is None else {**self._kept, self.length: self.state}
        return {f"{at}.{number}": t for at, state in states.items() for number, t in enumerate(state)}

    def restored(self, parts: Mapping[str, Tensor], length: int) -> Self | None:
        """A cache with copies of these states, if they belong to `length` tokens and have this one's layout."""
        own = self.state or ()
        states: dict[int, list[Tensor]] = {}
        for name in sorted(parts, key=lambda name: (len(name), name)):
            at, _, number = name.partition(".")
            if not at.isdecimal() or len(at) > 9 or number != str(len(states.setdefault(int(at), []))):
                return None
            states[int(at)].append(parts[name])
        for count, tensors in states.items():
            layout = [(t.shape, t.dtype) for t in tensors]
            if not 0 < count <= length or layout != [(t.shape, t.dtype) for t in own]:
                return None
        if length not in states or len(states) > MOST_STATES + 1:
            return None
        made = type(self)()
        made.length = length
        made._kept = {at: tuple(t.to(own[0].device, copy=True) for t in state) for at, state in states.items()}
        made.state = made._kept[length]
        return made

    @property
    def nbytes(self) -> int:
        """Bytes of all states held."""
        states = [*self._kept.values(), self.state or ()]
        return sum(t.nbytes for t in {id(t): t for state in states for t in state}.values())


class KVCache:
    """The caches of all layers of a decoder, and the tokens they hold: `ids`, kept by whoever extends it."""

    def __init__(self, layers: list[LayerCache | StateCache], ids: Sequence[int] = ()) -> None:
        self.layers = layers
        self.ids = list(ids)

    @property
    def length(self) -> int:
        """Tokens held."""
        return self.layers[0].length if self.layers else 0

    @property
    def is_exact(self) -> bool:
        """Whether `truncate` reaches every position."""
        return all(isinstance(layer, LayerCache) for layer in self.layers)

    def common(self, ids: Sequence[int]) -> int:
        """How many tokens `ids` begins with are held and can be gone back to."""
        same = common_prefix(self.ids, ids)
        return min((layer.reachable(same) for layer in self.layers), default=0)

    def truncate(self, length: int) -> int:
        """Forget everything from position `length` on, or from an earlier one; returns how much is still held.

        Attention goes back to any position, a recurrent layer only to those whose state it kept.
        """
        if length >= self.length and length >= len(self.ids):
            return self.length
        kept = min((layer.reachable(length) for layer in self.layers), default=0)
        for layer in self.layers:
            layer.truncate(kept)
        del self.ids[kept:]
        return kept

    def hold(self, start: int) -> None:
        """Let `truncate` go back to the end as it is now, and to no place between it and `start` where that costs.

        What is read piece by piece and may be cut off again takes none of the places that older text is cut at.
        """
        for layer in self.layers:
            if isinstance(layer, StateCache):
                layer.hold(start)

    def fork(self, length: int | None = None) -> KVCache:
        """A cache of its own with the first `length` tokens of this one (or fewer, as in `truncate`)."""
        length = self.length if length is None else length
        kept = min((layer.reachable(length) for layer in self.layers), default=0)
        return KVCache([layer.fork(kept) for layer in self.layers], self.ids[:kept])

    @property
    def nbytes(self) -> int:
        """Bytes held by all layers."""
        return sum(layer.nbytes for layer in self.layers)


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts have in common from their beginning."""
    same, differs = 0, min(len(one), len(other)) + 1  # a list is compared with another in a tenth of a loop's time
    while differs - same > 1:
        middle = (same + differs) // 2
        if list(one[same:middle]) == list(other[same:middle]):
            same = middle
        else:
            differs = middle
    return same


def _read(held: Tensor, dtype: torch.dtype) -> Tensor:
    return to_numbers(held).to(dtype) if held.dtype == Q8_0 else held.to(dtype)
