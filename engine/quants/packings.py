"""The packings of safetensors by the name that config.json gives them; to add one: a file here, its entry below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.api import UnsupportedModelError
from engine.quants.bitsandbytes import read_bitsandbytes
from engine.quants.compressed import read_compressed
from engine.quants.float8 import read_float8
from engine.quants.grouped import read_awq, read_gptq
from engine.quants.microscaling import read_mxfp4
from engine.quants.mlx import read_mlx
from engine.quants.packed import Packed
from engine.quants.source import Source

Read = Callable[[Source, str], Packed | None]

PACKINGS: Mapping[str, Read] = {
    "gptq": read_gptq,
    "awq": read_awq,
    "compressed-tensors": read_compressed,
    "bitsandbytes": read_bitsandbytes,
    "fp8": read_float8,
    "fbgemm_fp8": read_float8,
    "mxfp4": read_mxfp4,
    "mlx": read_mlx,
}


def packing_of(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Name and settings of the packing that config.json describes; None for plain weights.

    Raises `UnsupportedModelError` naming one that is not known.
    """
    settings = config.get("quantization_config") or config.get("compression_config")
    if not settings and config.get("quantization"):  # MLX repeats it under both names in newer files
        settings = config["quantization"]
    if not settings:
        return None
    if not isinstance(settings, Mapping):
        raise UnsupportedModelError(f"config.json describes the weights' packing as {settings!r:.40}.")
    name = settings.get("quant_method") or ("mlx" if "group_size" in settings else "?")
    if name not in PACKINGS:
        raise UnsupportedModelError(
            f"The weights are packed as {name!s:.40}, which is not supported in safetensors; known are "
            f"{', '.join(PACKINGS)}. Get the model as GGUF, or unquantised."
        )
    return str(name), settings
