"""What this machine has, what a model needs, and where it goes."""

from __future__ import annotations

import sys

import psutil
import torch

from engine.api import OutOfMemoryError, RequestError
from engine.cache_blocks import Q8_0
from engine.heap import trim_heap

CACHE_TYPES = {"auto": None, "f32": torch.float32, "f16": torch.float16, "q8_0": Q8_0}
WORKING_SPACE_BYTES = 300 << 20  # interpreter, torch and activations: 260 MB measured with SmolLM2


def pick_device(name: str = "auto") -> torch.device:
    """`auto` takes CUDA, then MPS, then the CPU. Raises `RequestError` for a device that is not here."""
    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise RequestError(f"{name!r} is not a device; use auto, cpu, cuda or mps.") from error
    is_here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": has_mps}.get(device.type, False)
    if not is_here:
        raise RequestError(f"The device {name!r} is not available on this machine; use auto or cpu.")
    return device


def pick_dtype(name: str | None, device: torch.device) -> torch.dtype:
    """The dtype of activations: float32 on the CPU, bfloat16 or float16 elsewhere, unless named."""
    known = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
    if name is not None:
        if name not in known:
            raise RequestError(f"{name!r} is not a dtype; use {', '.join(known)}.")
        return known[name]
    if device.type == "cpu":
        return torch.float32
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.bfloat16
    return torch.float16


def pick_cache_dtype(name: str) -> torch.dtype | None:
    """What keys and values are kept in; None for `auto`, which each layer decides. Raises `RequestError`."""
    if name not in CACHE_TYPES:
        raise RequestError(f"{name!r} is not a type of cache; use {', '.join(CACHE_TYPES)}.")
    return CACHE_TYPES[name]


def available_bytes(device: torch.device) -> int:
    """Memory that can still be taken on `device`."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return int(psutil.virtual_memory().available)


def wait_for(device: torch.device) -> None:
    """Until `device` has done what it was given; the CPU has."""
    if device.type == "cuda":
        torch.cuda.current_stream(device).synchronize()
    elif device.type == "mps":
        torch.mps.synchronize()


def give_back_memory() -> None:
    """Hand memory that nobody uses any more back to the system: the allocators keep some for later."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    trim_heap()


def peak_rss_bytes() -> int:
    """The most memory that this process has had in RAM."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def check_memory(
    name: str, *, weight_bytes: int, cache_bytes_per_token: int, context: int, device: torch.device
) -> None:
    """Raise `OutOfMemoryError` with need, have and what would fit, before anything is allocated."""
    have = available_bytes(device)
    need = weight_bytes + cache_bytes_per_token * context + WORKING_SPACE_BYTES
    if need <= have:
        return
    spare = have - weight_bytes - WORKING_SPACE_BYTES
    fitting = spare // cache_bytes_per_token // 256 * 256 if cache_bytes_per_token else 0
    advice = (
        f"A context of {fitting} tokens would fit."
        if fitting >= 512
        else "Choose a smaller model or a stronger quantisation, or close other programs."
    )
    raise OutOfMemoryError(
        f"{name} needs {need / 2**30:.1f} GiB with a context of {context} tokens, "
        f"but {max(have, 0) / 2**30:.1f} GiB are free on {device.type}. {advice}"
    )
