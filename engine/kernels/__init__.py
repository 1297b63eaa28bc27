"""Compiled CPU kernels (C11, loaded with ctypes, which releases the GIL) and what to say when they are missing.

Every kernel has a torch twin that is its oracle; `engine.quants.linear` decides which one runs.
"""

from __future__ import annotations

import ctypes
import importlib.machinery
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from engine.quants.packed import PackedTensor

LIBRARY = "_native"
_POINTER, _SIZE, _INT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "fireside_start": (_INT, (ctypes.c_char_p,)),
    "fireside_instruction_set": (ctypes.c_char_p, ()),
    "fireside_set_threads": (_INT, (_INT,)),
    "fireside_threads": (_INT, ()),
    "fireside_supports": (_INT, (_INT,)),
    "fireside_linear": (_INT, (_INT, _POINTER, _SIZE, _SIZE, _SIZE, _POINTER, _SIZE, _POINTER)),
}


def available() -> bool:
    """Whether the compiled kernels are here and run on this processor."""
    return _library() is not None


def unavailable_reason() -> str:
    """Why they are not, as the end of a sentence."""
    return "the compiled kernels are not installed (no C compiler was found when Fireside was installed)."


def instruction_set() -> str:
    """What the kernels use: `avx512`, `avx2` or `portable`; `torch` without kernels."""
    library = _library()
    return "torch" if library is None else library.fireside_instruction_set().decode("ascii")


def set_threads(count: int) -> None:
    """Use `count` threads from the next call on."""
    library = _library()
    if library is not None:
        library.fireside_set_threads(count)


def threads() -> int:
    """How many threads the kernels use."""
    library = _library()
    return torch.get_num_threads() if library is None else int(library.fireside_threads())


@cache
def supports(type_name: str) -> bool:
    """Whether there is a kernel for weights of this block type."""
    from engine.quants import BLOCK_TYPES

    library = _library()
    return library is not None and bool(library.fireside_supports(BLOCK_TYPES[type_name].ggml_id))


def linear(weight: PackedTensor, x: Tensor) -> Tensor:
    """x [..., in] @ weight.T -> [..., out] in x's dtype; x is rounded to 16 bits in groups of 32.

    Raises MemoryError when there is no room for the rounded activations.
    """
    library = _library()
    assert library is not None, "ask available() first"
    rows, columns = weight.shape
    activations = x.reshape(-1, columns).float().contiguous()
    y = torch.empty(activations.shape[0], rows)
    blocks = weight.blocks if weight.blocks.stride(-1) == 1 else weight.blocks.contiguous()
    failed = library.fireside_linear(
        weight.type.ggml_id,
        blocks.data_ptr(),
        blocks.stride(0),
        rows,
        columns,
        activations.data_ptr(),
        activations.shape[0],
        y.data_ptr(),
    )
    if failed:
        raise MemoryError("no room for the rounded activations")
    return y.view(*x.shape[:-1], rows).to(x.dtype)


@cache
def _library() -> ctypes.CDLL | None:
    folder = Path(__file__).parent
    for ending in importlib.machinery.EXTENSION_SUFFIXES:
        path = folder / f"{LIBRARY}{ending}"
        if path.is_file():
            return _opened(path)
    return None


def _opened(path: Path) -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(str(path))
    except OSError:  # built for another system
        return None
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    wanted = os.environ.get("FIRESIDE_INSTRUCTION_SET", "").encode("ascii", "ignore")
    if library.fireside_start(wanted) != 0:
        return None
    library.fireside_set_threads(torch.get_num_threads())
    return library
