"""What a packing in safetensors is read from: the model's settings for it, and tensors by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from engine.api import ModelFileError, UnsupportedModelError


@dataclass(frozen=True)
class Source:
    """`settings` is config.json's quantization_config (MLX: quantization); `shapes` are those of all tensors."""

    settings: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]
    fetch: Callable[[str], Tensor]

    def has(self, *names: str) -> bool:
        """Whether all these tensors are there."""
        return all(name in self.shapes for name in names)

    def read(self, name: str, *shape: int) -> Tensor:
        """A tensor. Raises `ModelFileError` when it is missing or has another shape (-1: any size)."""
        found = self.shapes.get(name)
        if found is None:
            raise ModelFileError(f"The tensor {name!r} is missing: a packed weight is not complete.")
        fits = len(found) == len(shape) and all(want in (-1, size) for want, size in zip(shape, found, strict=True))
        if shape and not fits:
            raise ModelFileError(f"The tensor {name!r} has shape {list(found)}, its weight's packing {list(shape)}.")
        return self.fetch(name)

    def integer(self, key: str, choices: tuple[int, ...] | range, default: int | None = None) -> int:
        """A setting that is one of a few numbers. Raises `UnsupportedModelError` naming it."""
        value = self.settings.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value not in choices:
            raise UnsupportedModelError(f"Weights packed with {key} = {value!r:.40} are not supported.")
        return value
