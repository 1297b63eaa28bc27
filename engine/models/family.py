"""What a model family is: names it goes by, how its decoder is composed, where its weights lie in a file.

A decoder's own weight names are those of Hugging Face's Llama without the leading `model.`; a family whose
checkpoints use other names says where each weight comes from, also without such a prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from engine.decoder import Decoder
from engine.models.config import Config
from engine.quants.packed import values

Take = Callable[[Any], Any]


def whole(weight: Any) -> Any:
    """The tensor as it is."""
    return weight


def rows(start: int, stop: int) -> Take:
    """Rows start..stop of a weight matrix, a bias or a packed tensor."""

    def take(weight: Any) -> Any:
        narrow = getattr(weight, "narrow_rows", None)
        return weight[start:stop] if narrow is None else narrow(start, stop - start)

    return take


def transposed(inner: Take = whole) -> Take:
    """The transposed matrix (GPT-2 stores its projections [in, out]); a bias stays as it is."""
    return dense(lambda weight: inner(weight.t().contiguous() if weight.dim() == 2 else weight))


def dense(inner: Take = whole) -> Take:
    """Of the values, where the file packs them."""
    return lambda weight: inner(values(weight))


def expert(index: int, inner: Take = whole) -> Take:
    """One expert of weights stacked over experts."""
    return lambda weight: inner(weight[index])


def grouped(groups: int, sizes: Sequence[int], index: int) -> Take:
    """Part `index` of every group, where the rows are `groups` groups of parts with so many rows each."""
    start = sum(sizes[:index])

    def take(weight: Tensor) -> Tensor:
        parts = weight.view(groups, sum(sizes), *weight.shape[1:])
        return parts[:, start : start + sizes[index]].reshape(-1, *weight.shape[1:])

    return dense(take)


@dataclass(frozen=True)
class Origin:
    """Where one weight of the decoder comes from: a tensor of the file, and which part of it."""

    name: str
    take: Take = whole
    stacked: tuple[str, ...] = ()  # more tensors, stacked behind the first along a new first dimension


Names = Mapping[str, Origin]


def per_layer(config: Config, names: Mapping[str, str | Origin], *, source: str = "layers.{}") -> dict[str, Origin]:
    """Spread names over layers: `layers.{i}.{key}` comes from `source` formatted with i, a dot, the value."""
    spread = {}
    for i in range(config.layers):
        for key, value in names.items():
            origin = value if isinstance(value, Origin) else Origin(value)
            at = source.format(i)
            spread[f"layers.{i}.{key}"] = Origin(
                f"{at}.{origin.name}", origin.take, tuple(f"{at}.{name}" for name in origin.stacked)
            )
    return spread


@dataclass(frozen=True)
class Family:
    """One model family, as the file in `engine/models/` that describes it."""

    name: str
    model_types: Sequence[str]  # `model_type` in config.json
    build: Callable[[Config], Decoder]
    gguf: Sequence[str] = ()  # `general.architecture` in GGUF
    settings: Mapping[str, str] = field(default_factory=dict)  # config.json keys of its own -> the usual ones
    names: Callable[[Config], Names] = field(default=lambda _config: {})  # module path -> origin, config.json files
    gguf_names: Callable[[Config], Names] = field(default=lambda _config: {})  # the same where GGUF differs


def fused(source: str, parts: Sequence[tuple[str, int]]) -> Iterator[tuple[str, Origin]]:
    """Names for a fused projection: consecutive row ranges of `source`, one for each (name, rows) part."""
    start = 0
    for name, count in parts:
        yield name, Origin(source, rows(start, start + count))
        start += count
