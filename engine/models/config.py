"""A model's settings, read with ranges: config.json, or GGUF metadata translated to the same keys.

Families read their numbers through this class, so that no number from a file is used unchecked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.api import ModelFileError, UnsupportedModelError
from engine.layers import ACTIVATIONS, Activation

_MISSING: Any = object()


class Config:
    """Typed, range-checked access to settings; `is_gguf` says which conventions the weights follow."""

    def __init__(self, values: Mapping[str, Any], *, where: str, is_gguf: bool = False) -> None:
        self.values, self.where, self.is_gguf = values, where, is_gguf

    def get(self, key: str, default: Any = None) -> Any:
        """The raw value; JSON null counts as missing."""
        value = self.values.get(key)
        return default if value is None else value

    def integer(self, key: str, default: Any = _MISSING, *, low: int = 1, high: int = 1 << 24) -> int:
        """A whole number in [low, high]. Raises `ModelFileError` naming key, value and range."""
        value = self.get(key, default)
        if value is _MISSING:
            raise ModelFileError(f"{self.where}: the setting {key!r} is missing.")
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ModelFileError(f"{self.where}: {key!r} is {value!r:.60}, not a number from {low} to {high}.")
        return value

    def number(self, key: str, default: Any = _MISSING, *, low: float = 0.0, high: float = 1e12) -> float:
        """A finite number in [low, high]. Raises `ModelFileError` naming key, value and range."""
        value = self.get(key, default)
        if value is _MISSING:
            raise ModelFileError(f"{self.where}: the setting {key!r} is missing.")
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if not fits or not math.isfinite(value) or not low <= value <= high:
            raise ModelFileError(f"{self.where}: {key!r} is {value!r:.60}, not a number from {low:g} to {high:g}.")
        return float(value)

    def optional_number(self, key: str, *, low: float = 0.0, high: float = 1e12) -> float | None:
        """As `number`, but None when the setting is missing, null or 0."""
        return self.number(key, low=low, high=high) if self.get(key) else None

    def flag(self, key: str, default: bool) -> bool:
        """A truth value. Raises `ModelFileError` for anything else."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise ModelFileError(f"{self.where}: {key!r} is {value!r:.60}, not true or false.")
        return value

    def activation(self, key: str = "hidden_act", default: str = "silu") -> Activation:
        """The activation function named by `key`. Raises `UnsupportedModelError` naming an unknown one."""
        name = self.get(key, default)
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise UnsupportedModelError(f"{self.where}: activation {name!r:.60} is not supported.")
        return ACTIVATIONS[name]

    @property
    def layers(self) -> int:
        """L, the number of decoder layers."""
        return self.integer("num_hidden_layers", high=4096)

    @property
    def width(self) -> int:
        """E, the width of the residual stream."""
        return self.integer("hidden_size", high=1 << 20)

    @property
    def heads(self) -> int:
        """H, the number of query heads."""
        return self.integer("num_attention_heads", high=1 << 14)

    @property
    def kv_heads(self) -> int:
        """K, the number of key/value heads; divides the query heads."""
        kv_heads = self.integer("num_key_value_heads", self.heads, high=1 << 14)
        if self.heads % kv_heads:
            raise ModelFileError(
                f"{self.where}: {self.heads} query heads cannot share {kv_heads} key/value heads evenly."
            )
        return kv_heads

    @property
    def head_dim(self) -> int:
        """D, the size of one head: even, as rotary embeddings pair its entries."""
        head_dim = self.integer("head_dim", self.width // self.heads, high=1 << 14)
        if head_dim % 2:
            raise ModelFileError(f"{self.where}: the head size {head_dim} is odd.")
        return head_dim

    @property
    def vocabulary(self) -> int:
        """V, the number of rows of the embedding."""
        return self.integer("vocab_size")

    @property
    def context_length(self) -> int:
        """The longest text the model was made for, in tokens."""
        return self.integer("max_position_embeddings", 2048, high=1 << 30)

    @property
    def rope_theta(self) -> float:
        """The rotary base; newer config.json files keep it inside `rope_parameters`."""
        inner = self.get("rope_parameters")
        nested = inner.get("rope_theta") if isinstance(inner, Mapping) else None
        default = 10000.0 if nested is None else nested
        return Config({"rope_theta": self.get("rope_theta", default)}, where=self.where).number(
            "rope_theta", low=1.0, high=1e15
        )

    def rope_dimension(self, factor: float = 1.0) -> int:
        """How many entries of a head are rotated; `factor` is the family's default share of the head."""
        if self.get("rope_dimension") is not None:
            return self.integer("rope_dimension", high=1 << 14)
        nested = self.get("rope_parameters")
        inner = nested.get("partial_rotary_factor") if isinstance(nested, Mapping) else None
        values = {"partial_rotary_factor": self.get("partial_rotary_factor", inner)}
        share = Config(values, where=self.where).number("partial_rotary_factor", factor, high=1.0)
        return int(self.head_dim * share)

    @property
    def rope_scaling(self) -> Mapping[str, Any] | None:
        """The rope scaling description, or None."""
        for key in ("rope_scaling", "rope_parameters"):
            value = self.get(key)
            if isinstance(value, Mapping):
                return value
            if value is not None:
                raise ModelFileError(f"{self.where}: {key!r} is {value!r:.60}, not a mapping.")
        return None
