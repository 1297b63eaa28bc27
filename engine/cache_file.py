"""A KV cache on disk: a safetensors file with the token ids, every layer's tensors, a fingerprint and a checksum.

Nothing in such a file is trusted: one of another model or setting, a damaged or a made-up one is refused, and the
text is read again. Written beside its place and renamed, so that a crash leaves the old file or the new one.
"""

from __future__ import annotations

import json
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.cache import KVCache
from engine.layers import Interrupted, never
from engine.tensor_bytes import tensor_bytes

FORMAT = "fireside-cache-1"
PIECE_BYTES = 1 << 20  # written at a time, with a pause, so that a reply that streams meanwhile gets the processor
PAUSE_S = 0.001
_TYPES = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.uint8: "U8",
    torch.int32: "I32",
}


class Refusal(StrEnum):
    """Why a file is not used."""

    MISSING = "missing"
    OTHER = "made with another model or other settings"
    DAMAGED = "damaged"


def save_cache(cache: KVCache, path: Path, fingerprint: str) -> None:
    """Write a cache that nobody changes meanwhile. Raises OSError; the old file stays then."""
    tensors = {"ids": torch.tensor(cache.ids, dtype=torch.int32)}
    for number, layer in enumerate(cache.layers):
        tensors |= {f"layers.{number}.{name}": part for name, part in layer.parts().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            file.write(_header(tensors, fingerprint, checksum=0))
            checksum = 0
            for piece in (piece for tensor in tensors.values() for piece in _pieces(tensor)):
                checksum = zlib.crc32(piece, checksum)
                file.write(piece)
                time.sleep(PAUSE_S)
            file.seek(0)
            file.write(_header(tensors, fingerprint, checksum=checksum))
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def saved_ids(path: Path, fingerprint: str) -> list[int] | Refusal:
    """The tokens that a file holds, without reading its layers."""
    try:
        with _opened(path) as file:
            return _ids(file, fingerprint)
    except FileNotFoundError:
        return Refusal.MISSING
    except (SafetensorError, OSError, ValueError, RuntimeError):
        return Refusal.DAMAGED


def load_cache(
    path: Path, fingerprint: str, like: KVCache, *, interrupted: Callable[[], bool] = never
) -> KVCache | Refusal:
    """The cache in a file. `like` has read a token at least: the layout that the file must have.

    Raises `Interrupted` when `interrupted` says so between two tensors.
    """
    try:
        with _opened(path) as file:
            ids = _ids(file, fingerprint)
            return ids if isinstance(ids, Refusal) else _checked(file, ids, like, interrupted)
    except FileNotFoundError:
        return Refusal.MISSING
    except (SafetensorError, OSError, ValueError, RuntimeError):
        return Refusal.DAMAGED


class _File(Protocol):
    """What `safe_open` gives; the library has no types for it."""

    def metadata(self) -> dict[str, str] | None: ...
    def offset_keys(self) -> list[str]: ...
    def get_tensor(self, name: str) -> Tensor: ...


@contextmanager
def _opened(path: Path) -> Iterator[_File]:
    with safe_open(path, "pt", backend="pread") as file:
        yield file


def _ids(file: _File, fingerprint: str) -> list[int] | Refusal:
    facts = file.metadata() or {}
    if facts.get("format") != FORMAT or facts.get("fingerprint") != fingerprint:
        return Refusal.OTHER
    ids = file.get_tensor("ids")
    return ids.tolist() if ids.dtype == torch.int32 and ids.dim() == 1 and ids.numel() else Refusal.DAMAGED


def _checked(file: _File, ids: list[int], like: KVCache, interrupted: Callable[[], bool]) -> KVCache | Refusal:
    parts: list[dict[str, Tensor]] = [{} for _ in like.layers]
    checksum = 0
    for name in file.offset_keys():
        if interrupted():
            raise Interrupted
        tensor = file.get_tensor(name)
        for piece in _pieces(tensor):
            checksum = zlib.crc32(piece, checksum)
        if name == "ids":
            continue
        kind, number, part = name.split(".", 2)
        if kind != "layers" or not number.isdecimal() or int(number) >= len(parts):
            return Refusal.DAMAGED
        parts[int(number)][part] = tensor
    if (file.metadata() or {}).get("crc32") != f"{checksum:08x}":
        return Refusal.DAMAGED
    layers = [layer.restored(own, len(ids)) for layer, own in zip(like.layers, parts, strict=True)]
    whole = [layer for layer in layers if layer is not None]
    return KVCache(whole, ids) if len(whole) == len(layers) else Refusal.DAMAGED


def _header(tensors: dict[str, Tensor], fingerprint: str, *, checksum: int) -> bytes:
    """As long for every checksum."""
    facts = {"format": FORMAT, "fingerprint": fingerprint, "crc32": f"{checksum:08x}"}
    entries: dict[str, object] = {"__metadata__": facts}
    at = 0
    for name, tensor in tensors.items():
        end = at + tensor.nbytes
        entries[name] = {"dtype": _TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(entries, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _pieces(tensor: Tensor) -> Iterator[bytearray]:
    """The bytes of a tensor in order, piece by piece."""
    if not tensor.is_contiguous() and tensor.nbytes > PIECE_BYTES:
        for row in tensor:
            yield from _pieces(row)
        return
    flat = tensor.contiguous().flatten().view(torch.uint8)
    for start in range(0, len(flat), PIECE_BYTES):
        yield tensor_bytes(flat[start : start + PIECE_BYTES])
