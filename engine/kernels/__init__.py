"""Compiled CPU kernels (C11, loaded with ctypes, which releases the GIL) and what to say when they are missing.

Every kernel has a torch twin that is its oracle; `engine.quants.linear` decides which one runs.
"""

from __future__ import annotations

import ctypes
import importlib.machinery
import os
import weakref
from array import array
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.kernels.plans import AttentionPlan, Draw, Layer, Matrix, MlpPlan, Model, Norm, Reply

if TYPE_CHECKING:
    from engine.loaders.strings import Strings
    from engine.quants.packed import PackedTensor

LIBRARY = "_native"
MOST_SURVEYED = 64
_NO_ROOM = "no room for the kernels' working space"
_NO_ROW = "a token is no row of the embedding"
_POINTER, _SIZE, _INT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "fireside_start": (_INT, (ctypes.c_char_p,)),
    "fireside_instruction_set": (ctypes.c_char_p, ()),
    "fireside_set_threads": (_INT, (_INT,)),
    "fireside_threads": (_INT, ()),
    "fireside_supports": (_INT, (_INT,)),
    "fireside_linear": (_INT, (*[_POINTER] * 3, _SIZE, _POINTER)),
    "fireside_rows": (_INT, (_POINTER, _POINTER, _SIZE, _POINTER)),
    "fireside_attention": (_INT, (*[_POINTER] * 2, _SIZE, *[_POINTER] * 4, *[_SIZE] * 2)),
    "fireside_mlp": (_INT, (*[_POINTER] * 2, _SIZE)),
    "fireside_layers": (_INT, (_POINTER, _SIZE, _POINTER, _SIZE, _SIZE)),
    "fireside_survey": (_INT, (_POINTER, *[_SIZE] * 2, *[_POINTER] * 3)),
    "fireside_draw": (_INT, (_POINTER, _SIZE, *[_POINTER] * 2)),
    "fireside_token": (_INT, (_POINTER, *[_SIZE] * 2, _POINTER)),
    "fireside_reply": (_SIZE, (*[_POINTER] * 2, _SIZE, *[_POINTER] * 2)),
    "fireside_strings": (_SIZE, (_POINTER, _SIZE, _SIZE, _INT, _SIZE, _POINTER)),
    "fireside_bpe_new": (_POINTER, (_POINTER, _POINTER, _SIZE, _POINTER, _POINTER, _SIZE, _POINTER)),
    "fireside_bpe_encode": (_SIZE, (_POINTER, ctypes.c_char_p, _SIZE, _INT, _POINTER)),
    "fireside_bpe_free": (None, (_POINTER,)),
}


def available() -> bool:
    """Whether the compiled kernels are here and run on this processor."""
    return _library() is not None


def unavailable_reason() -> str:
    """Why they are not, as the end of a sentence."""
    return "the compiled kernels are not installed (no C compiler was found when Fireside was installed)."


def instruction_set() -> str:
    """`avx512`, `avx2`, `dotprod`, `neon` (both 64-bit ARM) or `portable`; `torch` without kernels."""
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


@cache
def supports_cache(type_id: int) -> bool:
    """Whether the compiled attention reads and writes a cache of this type (ggml's number)."""
    ask = getattr(_library(), "fireside_cache_supports", None)
    return ask is not None and bool(ask(type_id))


def takes_dense(weight: Tensor, x: Tensor) -> bool:
    """Whether `linear` multiplies x by a dense weight of 16 bits without converting all of it first."""
    return (
        weight.dtype in (torch.float16, torch.bfloat16)
        and x.dtype == torch.float32
        and x.device.type == "cpu"
        and weight.device.type == "cpu"
        and available()
    )


def linear(weight: PackedTensor | Tensor, x: Tensor) -> Tensor:
    """x [..., in] @ weight.T -> [..., out] in x's dtype.

    For packed weights, x is rounded to 16 bits in groups of 32; products with dense ones are in float32. Raises
    MemoryError when there is no room for the rounded activations.
    """
    library = _library()
    assert library is not None, "ask available() first"
    rows, columns = weight.shape
    activations = x.reshape(-1, columns).float().contiguous()
    y = torch.empty(activations.shape[0], rows)
    _multiply(library, Matrix.of(weight), None, activations, y)
    return y.view(*x.shape[:-1], rows).to(x.dtype)


def head(matrix: Matrix, norm: Norm, x: Tensor) -> Tensor:
    """norm(x) @ weight.T + bias of x float32 [..., in]. Raises MemoryError."""
    library = _library()
    assert library is not None, "ask available() first"
    assert x.is_contiguous()
    y = torch.empty(*x.shape[:-1], matrix.rows)
    _multiply(library, matrix, norm, x, y)
    return y


def rows(matrix: Matrix, ids: Tensor) -> Tensor:
    """Rows of a packed matrix by ids [...], float32 [..., in]. Raises MemoryError, IndexError for what is no row."""
    library = _library()
    assert library is not None, "ask available() first"
    ids = ids.to(torch.int64).contiguous()
    y = torch.empty(*ids.shape, matrix.columns)
    status = library.fireside_rows(ctypes.addressof(matrix), ids.data_ptr(), ids.numel(), y.data_ptr())
    if status == 1:
        raise IndexError(f"an id is not within the matrix's {matrix.rows} rows")
    if status:
        raise MemoryError(_NO_ROOM)
    return y


def _multiply(library: ctypes.CDLL, matrix: Matrix, norm: Norm | None, x: Tensor, y: Tensor) -> None:
    by = None if norm is None else ctypes.addressof(norm)
    tokens = x.numel() // matrix.columns
    if library.fireside_linear(ctypes.addressof(matrix), by, x.data_ptr(), tokens, y.data_ptr()):
        raise MemoryError(_NO_ROOM)


def surveys(logits: Tensor, count: int) -> bool:
    """Whether `survey` finds the `count` largest of logits [V]: of more, or in parts, torch is the quicker one."""
    return (
        count <= MOST_SURVEYED
        and logits.dtype == torch.float32
        and logits.dim() == 1
        and logits.device.type == "cpu"
        and logits.is_contiguous()
        and available()
    )


def survey(logits: Tensor, count: int, spread: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The `count` largest of logits [V] and their ids; `spread` float64 [2] gets their normaliser and entropy.

    Raises MemoryError.
    """
    library = _library()
    assert library is not None, "ask surveys() first"
    values, ids = torch.empty(count), torch.empty(count, dtype=torch.int64)
    told = None if spread is None else spread.data_ptr()
    if library.fireside_survey(logits.data_ptr(), logits.numel(), count, values.data_ptr(), ids.data_ptr(), told):
        raise MemoryError(_NO_ROOM)
    return values, ids


def draw(logits: Tensor, how: Draw, numbers: array[float]) -> None:
    """Draw from logits [V] that `surveys`: `numbers` get what `observe` gives. Raises MemoryError."""
    library = _library()
    assert library is not None, "ask surveys() first"
    place = numbers.buffer_info()[0]
    if library.fireside_draw(logits.data_ptr(), logits.numel(), ctypes.addressof(how), place):
        raise MemoryError(_NO_ROOM)


def attention(
    plan: AttentionPlan, x: Tensor, *, tables: tuple[Tensor, Tensor, int], kept: tuple[Tensor, Tensor], past: int
) -> None:
    """Add a layer's attention to x float32 [1, T, E] in place.

    `tables` holds cosines and sines [positions, rotated / 2] and the position of their first row; `kept` the cached
    keys and values [1, K, capacity, D] of the plan's cache dtype, of which `past` positions are filled and T more
    will be. Raises MemoryError.
    """
    library = _library()
    assert library is not None, "ask available() first"
    (cos, sin, first), (keys, values) = tables, kept
    row = (past - first) * cos.stride(0) * cos.element_size()
    assert all(tensor.is_contiguous() for tensor in (x, cos, sin, keys, values))
    if library.fireside_attention(
        ctypes.addressof(plan),
        x.data_ptr(),
        x.shape[1],
        cos.data_ptr() + row,
        sin.data_ptr() + row,
        keys.data_ptr(),
        values.data_ptr(),
        keys.shape[2],
        past,
    ):
        raise MemoryError(_NO_ROOM)


def mlp(plan: MlpPlan, x: Tensor) -> None:
    """Add a layer's feed-forward network to x float32 [1, T, E] in place. Raises MemoryError."""
    library = _library()
    assert library is not None, "ask available() first"
    assert x.is_contiguous()
    if library.fireside_mlp(ctypes.addressof(plan), x.data_ptr(), x.shape[1]):
        raise MemoryError(_NO_ROOM)


def layers(stack: ctypes.Array[Layer], x: Tensor, *, past: int) -> None:
    """Run a stack of layers on x float32 [1, T, E] in place; `past` as for `attention`. Raises MemoryError."""
    library = _library()
    assert library is not None, "ask available() first"
    assert x.is_contiguous()
    if library.fireside_layers(ctypes.addressof(stack), len(stack), x.data_ptr(), x.shape[1], past):
        raise MemoryError(_NO_ROOM)


def token(model: Model, token_id: int, *, past: int, logits: Tensor) -> None:
    """Fill logits [1, V] with those behind one more token. Raises MemoryError, IndexError."""
    library = _library()
    assert library is not None, "ask available() first"
    status = library.fireside_token(ctypes.addressof(model), token_id, past, logits.data_ptr())
    if status == 1:
        raise IndexError(_NO_ROW)
    if status:
        raise MemoryError(_NO_ROOM)


def reply(model: Model, what: Reply, *, past: int, logits: Tensor, numbers: array[float]) -> int:
    """Draw tokens, and run the model on each but the last; how many they are.

    `numbers` get what `observe` gives of each, logits [1, V] those that the last was drawn from. Raises MemoryError,
    IndexError.
    """
    library = _library()
    assert library is not None, "ask available() first"
    place = numbers.buffer_info()[0]
    count = library.fireside_reply(ctypes.addressof(model), ctypes.addressof(what), past, logits.data_ptr(), place)
    if count == 0:
        raise IndexError(_NO_ROW)
    if count < 0:
        raise MemoryError(_NO_ROOM)
    return int(count)


def string_spans(data: Tensor, count: int, *, is_swapped: bool, longest: int) -> tuple[array[int], int]:
    """Start and end of `count` strings in `data` uint8, each behind its length in 64 bits, and the bytes they take.

    When a string is longer than `longest` or than what is left, minus one minus its number instead of the bytes.
    """
    library = _library()
    assert library is not None, "ask available() first"
    spans = array("q", bytes(16 * count))
    end = library.fireside_strings(data.data_ptr(), data.numel(), count, is_swapped, longest, spans.buffer_info()[0])
    return spans, end


class Merges:
    """A table of byte-level merges; `ids` joins the bytes of a word."""

    def __init__(self, pieces: Strings, merges: Strings) -> None:
        """Raises ValueError for a merge that joins no tokens, MemoryError."""
        library = _library()
        assert library is not None, "ask available() first"
        bad = ctypes.c_int64()
        made = library.fireside_bpe_new(
            *(pieces.data, pieces.spans.buffer_info()[0], len(pieces)),
            *(merges.data, merges.spans.buffer_info()[0], len(merges)),
            ctypes.addressof(bad),
        )
        if made is None and bad.value >= 0:
            raise ValueError(f"the merge {merges[bad.value]!r:.60} joins no two tokens to a third")
        if made is None:
            raise MemoryError(_NO_ROOM)
        self._encode, self._handle = library.fireside_bpe_encode, made
        weakref.finalize(self, library.fireside_bpe_free, made)

    def ids(self, word: bytes, *, whole_words: bool) -> list[int]:
        """The token ids of a word. Raises MemoryError."""
        ids = array("i", bytes(4 * len(word)))
        count = self._encode(self._handle, word, len(word), whole_words, ids.buffer_info()[0])
        if count < 0:
            raise MemoryError(_NO_ROOM)
        return ids[:count].tolist()


class Guard:
    """Watches over mapped bytes of a file: what is cut off it reads as zeros, and does not end the process."""

    def __init__(self, mapped: Tensor) -> None:
        """`mapped` uint8 [N]; call `end` before its memory is given back. Without kernels nothing is watched."""
        self._was_cut = ctypes.c_int(0)
        self._library = _library() if guards() else None
        if self._library is not None:
            place = _POINTER(mapped.data_ptr()), _SIZE(mapped.numel())
            self._number = self._library.fireside_guard(*place, ctypes.byref(self._was_cut))

    @property
    def was_cut(self) -> bool:
        """Whether something read what is no longer in the file."""
        return bool(self._was_cut.value)

    def end(self) -> None:
        """Watch no longer."""
        if self._library is not None:
            self._library.fireside_unguard(self._number)
            self._library = None


def guards() -> bool:
    """Whether a `Guard` can watch here: not without kernels, and not where no file can be cut that is mapped."""
    return os.name == "posix" and hasattr(_library(), "fireside_guard")


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
