"""What every kind of model file offers: settings, tokenizer data, and weights read one at a time from a map."""

from __future__ import annotations

import mmap
import weakref
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

from engine import kernels
from engine.api import ModelChangedError, ModelFileError

if TYPE_CHECKING:
    from engine.quants import PackedTensor

# Private and unreserved: torch asks for writable memory, but nothing is ever written, so no page is copied.
_FLAGS = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_NORESERVE", 0)


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor of a file: its shape in torch's order, its type's name, and the bytes it takes."""

    name: str
    shape: tuple[int, ...]
    type_name: str
    size_bytes: int


class MappedFile:
    """A file mapped into memory; `bytes` is a uint8 tensor over all of it."""

    def __init__(self, path: Path) -> None:
        """Raises `ModelFileError` for an empty file, OSError when it cannot be opened."""
        self.path = path
        with path.open("rb") as file:
            self.size_bytes = file.seek(0, 2)
            if self.size_bytes == 0:
                raise ModelFileError(f"“{path.name}” is empty; download it again.")
            if _FLAGS:
                protection = mmap.PROT_READ | mmap.PROT_WRITE
                self.map = mmap.mmap(file.fileno(), 0, flags=_FLAGS, prot=protection)
            else:
                self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            self._stamp = self._stat()
        self.bytes: Tensor = torch.frombuffer(self.map, dtype=torch.uint8)
        self._guard = kernels.Guard(self.bytes)
        self._end_guard = weakref.finalize(self.map, self._guard.end)
        self._end_guard.atexit = False

    def slice(self, start: int, stop: int, dtype: torch.dtype) -> Tensor:
        """Bytes start..stop as a flat tensor of `dtype`: a view of the map where it is aligned."""
        raw = self.bytes[start:stop]
        if start % dtype.itemsize:
            raw = raw.clone()
        return raw.view(dtype)

    @property
    def was_cut(self) -> bool:
        """Whether bytes were read that are no longer in the file; what was made of them is worth nothing."""
        return self._guard.was_cut

    def changed_on_disk(self) -> bool:
        """Whether the file was replaced, cut or removed since it was opened."""
        try:
            return self._stat() != self._stamp
        except OSError:
            return True

    def close(self) -> None:
        """Let go of the map; it goes away with the last tensor that views it."""
        self.bytes = torch.empty(0, dtype=torch.uint8)
        try:
            self.map.close()
        except BufferError:  # tensors of a loaded model still look at it
            return
        self._end_guard()

    def _stat(self) -> tuple[int, int, int]:
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns, found.st_ino


class Checkpoint(ABC):
    """A model on disk, its headers read; `config` is config.json, or the metadata of a GGUF file."""

    format: str
    path: Path
    files: list[MappedFile]
    config: dict[str, Any]
    architecture: str
    tensors: Mapping[str, TensorInfo]

    @property
    def size_bytes(self) -> int:
        """Size of all files with weights."""
        return sum(file.size_bytes for file in self.files)

    @abstractmethod
    def read(self, name: str) -> Tensor | PackedTensor:
        """One tensor, mapped where possible; packed where the file holds blocks."""

    @abstractmethod
    def side_file(self, name: str) -> bytes | None:
        """A small file beside the weights, such as tokenizer.json; None when there is none."""

    def changed_on_disk(self) -> bool:
        """Whether a file with weights was replaced, cut or removed since it was opened."""
        return any(file.changed_on_disk() for file in self.files)

    def check_whole(self) -> None:
        """Raises `ModelChangedError` when something was read of a file that is not in it any more."""
        for file in self.files:
            if file.was_cut:
                raise ModelChangedError(
                    f"“{file.path.name}” was cut while it was read; get it again, then load it again."
                )

    def close(self) -> None:
        """Let go of the files."""
        for file in self.files:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def checked_size(shape: tuple[int, ...]) -> int:
    """Number of elements; Python's integers do not overflow."""
    count = 1
    for size in shape:
        count *= size
    return count
