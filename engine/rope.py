"""Rotary position embeddings and their scalings (RoFormer, arXiv:2104.09864).

`frequencies` reads a Hugging Face style `rope_scaling` description into inverse frequencies; `Rope` turns
positions into cosines and sines and rotates queries and keys. Attention holds a `Rope` as one of its parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from engine.api import ModelFileError, UnsupportedModelError
from engine.constant import Constant


def base_frequencies(theta: float | Tensor, dim: int, device: torch.device | None = None) -> Tensor:
    """Inverse frequencies theta^(-2i/dim), float32 [dim / 2]."""
    exponents = torch.arange(0, dim, 2, dtype=torch.int64, device=device).float() / dim
    return torch.as_tensor(1.0 / (theta**exponents))


TABLE_GROWTH = 512  # positions

Length = int | Tensor  # a tensor [] where it lies on the device and is not read back
ForLength = Callable[[Length, torch.device], tuple[Tensor, float | Tensor]]


class Rope:
    """Rotates the first `dim` entries of every head; the rest passes through unchanged.

    `interleaved` pairs entry 2i with 2i+1 (GPT-J order, and the row order of many GGUF files); otherwise
    entry i is paired with i + dim/2 (GPT-NeoX order). `attention_factor` multiplies cosine and sine (YaRN).
    `for_length` gives frequencies and factor by the length of the text, where they depend on it.
    """

    def __init__(
        self,
        inverse_frequencies: Tensor,
        *,
        attention_factor: float = 1.0,
        interleaved: bool = False,
        for_length: ForLength | None = None,
    ) -> None:
        self._inverse = Constant(inverse_frequencies)
        self.dim = 2 * inverse_frequencies.numel()
        self.attention_factor = attention_factor
        self.interleaved = interleaved
        self._for_length = for_length
        self._kept: tuple[Tensor, Tensor] | None = None

    def tables(self, positions: Tensor, *, length: Length, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Cosine and sine [..., T, dim/2] for integer `positions` [..., T].

        `length` is the number of tokens in view after this step; only scalings that depend on it
        (dynamic NTK, LongRoPE) look at it. Angles are computed in float32 whatever `dtype` is.
        """
        factor: float | Tensor = self.attention_factor
        if self._for_length is None:
            inverse = self._inverse.on(positions.device)
        else:
            inverse, factor = self._for_length(length, positions.device)
        angles = positions.to(torch.float32)[..., None] * inverse
        cos, sin = angles.cos(), angles.sin()
        if isinstance(factor, Tensor) or factor != 1.0:
            cos, sin = cos * factor, sin * factor
        return cos.to(dtype), sin.to(dtype)

    def table(self, first: int, last: int) -> tuple[Tensor, Tensor, int]:
        """Cosine and sine [positions, dim/2], float32 on the CPU, and the position of their first row.

        They hold the positions [first, last), and as a rule many more, so that few steps need new ones.
        """
        if self._for_length is not None:
            cos, sin = self.tables(torch.arange(first, last), length=last, dtype=torch.float32)
            return cos, sin, first
        if self._kept is None or self._kept[0].shape[0] < last:
            positions = torch.arange(-(-max(last, 2 * first) // TABLE_GROWTH) * TABLE_GROWTH)
            self._kept = self.tables(positions, length=last, dtype=torch.float32)
        return *self._kept, 0

    def rotate(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Rotate x [B, heads, T, D] by `tables` broadcast over heads: cos and sin [(B, 1,) T, dim/2]."""
        turned, rest = (x, None) if x.shape[-1] == self.dim else (x[..., : self.dim], x[..., self.dim :])
        if self.interleaved:
            even, odd = turned[..., 0::2], turned[..., 1::2]
            turned = torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1).flatten(-2)
        else:
            first, second = turned.chunk(2, dim=-1)
            turned = torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
        return turned if rest is None else torch.cat((turned, rest), dim=-1)


def _linear(base: Tensor, scaling: Mapping[str, Any]) -> Tensor:
    return base / float(scaling["factor"])


def _llama3(base: Tensor, scaling: Mapping[str, Any]) -> Tensor:
    """Llama 3.1: long wavelengths are divided by `factor`, short ones kept, a ramp between."""
    factor = float(scaling["factor"])
    low, high = float(scaling["low_freq_factor"]), float(scaling["high_freq_factor"])
    original = float(scaling["original_max_position_embeddings"])
    wavelength = 2 * math.pi / base
    slow = torch.where(wavelength > original / low, base / factor, base)
    smooth = (original / wavelength - low) / (high - low)
    ramp = (1 - smooth) * slow / factor + smooth * slow
    is_medium = ~(wavelength < original / high) & ~(wavelength > original / low)
    return torch.where(is_medium, ramp, slow)


def yarn_magnitude(factor: float, multiplier: float = 1.0) -> float:
    """What scores are multiplied by, once for queries and once for keys, in a text `factor` times as long."""
    return 1.0 if factor <= 1 else 0.1 * multiplier * math.log(factor) + 1.0


def _yarn(
    base: Tensor, scaling: Mapping[str, Any], *, theta: float, dim: int, max_positions: int
) -> tuple[Tensor, float]:
    """YaRN (arXiv:2309.00071), section 3: ramp between interpolation and extrapolation, and its factor."""
    factor = float(scaling["factor"])
    original = float(scaling.get("original_max_position_embeddings") or max_positions)
    fast, slow = float(scaling.get("beta_fast") or 32), float(scaling.get("beta_slow") or 1)

    def correction_dim(rotations: float) -> float:
        return dim * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(theta))

    low, high = correction_dim(fast), correction_dim(slow)
    if scaling.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    if low == high:
        high += 0.001
    ramp = ((torch.arange(dim // 2, dtype=torch.float32) - low) / (high - low)).clamp(0, 1)
    extrapolation = 1 - ramp
    inverse = (base / factor) * (1 - extrapolation) + base * extrapolation

    attention_factor = scaling.get("attention_factor")
    if attention_factor is None:
        mscale, mscale_all = scaling.get("mscale"), scaling.get("mscale_all_dim")
        if mscale and mscale_all:
            attention_factor = yarn_magnitude(factor, float(mscale)) / yarn_magnitude(factor, float(mscale_all))
        else:
            attention_factor = yarn_magnitude(factor)
    return inverse, float(attention_factor)


def _dynamic(scaling: Mapping[str, Any], *, theta: float, dim: int, max_positions: int) -> ForLength:
    """Dynamic NTK: the base grows once the text is longer than the model was trained for."""
    factor = float(scaling["factor"])

    def for_length(length: Length, device: torch.device) -> tuple[Tensor, float]:
        seen = length.clamp_min(max_positions) if isinstance(length, Tensor) else max(length, max_positions)
        stretched = theta * ((factor * seen / max_positions) - (factor - 1)) ** (dim / (dim - 2))
        return base_frequencies(stretched, dim, device), 1.0

    return for_length


def _longrope(base: Tensor, scaling: Mapping[str, Any], *, max_positions: int) -> ForLength:
    """LongRoPE (arXiv:2402.13753): one list of divisors up to the original context, another beyond it.

    Phi-3.5-MoE names the factors of both, as short_mscale and long_mscale.
    """
    original = int(scaling.get("original_max_position_embeddings") or max_positions)
    short = Constant(base / torch.tensor(scaling["short_factor"], dtype=torch.float32))
    long = Constant(base / torch.tensor(scaling["long_factor"], dtype=torch.float32))
    attention_factor = scaling.get("attention_factor")
    if attention_factor is None:
        factor = scaling.get("factor") or max_positions / original
        attention_factor = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(original))
    short_factor = float(scaling.get("short_mscale", attention_factor))
    long_factor = float(scaling.get("long_mscale", attention_factor))

    def for_length(length: Length, device: torch.device) -> tuple[Tensor, float | Tensor]:
        if isinstance(length, Tensor):
            is_long = length > original
            factor = torch.where(is_long, long_factor, short_factor)
            return torch.where(is_long, long.on(device), short.on(device)), factor
        return (long.on(device), long_factor) if length > original else (short.on(device), short_factor)

    return for_length


def make_rope(
    *,
    theta: float,
    dim: int,
    scaling: Mapping[str, Any] | None,
    max_positions: int,
    interleaved: bool = False,
) -> Rope:
    """The `Rope` that a Hugging Face style `rope_scaling` mapping describes (None: no scaling).

    Raises `UnsupportedModelError` for a scaling that is not known, `ModelFileError` for a broken one.
    """
    base = base_frequencies(theta, dim)
    kind = "default" if not scaling else str(scaling.get("rope_type") or scaling.get("type") or "default")
    try:
        if scaling is None or kind in ("default", "mrope"):
            return Rope(base, interleaved=interleaved)
        if kind == "divisors":  # GGUF stores the llama3 scaling as one divisor a frequency
            return Rope(base / torch.as_tensor(scaling["divisors"]).float(), interleaved=interleaved)
        if kind == "linear":
            return Rope(_linear(base, scaling), interleaved=interleaved)
        if kind == "llama3":
            return Rope(_llama3(base, scaling), interleaved=interleaved)
        if kind == "yarn":
            inverse, factor = _yarn(base, scaling, theta=theta, dim=dim, max_positions=max_positions)
            return Rope(inverse, attention_factor=factor, interleaved=interleaved)
        if kind == "dynamic":
            grow = _dynamic(scaling, theta=theta, dim=dim, max_positions=max_positions)
            return Rope(base, interleaved=interleaved, for_length=grow)
        if kind in ("longrope", "su"):
            choose = _longrope(base, scaling, max_positions=max_positions)
            return Rope(base, interleaved=interleaved, for_length=choose)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, RuntimeError) as error:
        raise ModelFileError(f"The rope scaling {kind!r} in the model's settings is broken: {error}.") from error
    raise UnsupportedModelError(
        f"Rope scaling {kind!r} is not supported; known are linear, dynamic, yarn, llama3 and longrope."
    )
