"""GGUF reader, versions 2 and 3, either byte order, split files (github.com/ggml-org/ggml, docs/gguf.md).

Written for hostile files: every count is checked against the bytes that are left before anything is made of it.
"""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import kernels
from engine.api import FiresideError, ModelFileError, UnsupportedModelError
from engine.loaders.byte_order import swapped_blocks
from engine.loaders.checkpoint import Checkpoint, MappedFile, TensorInfo, checked_size
from engine.loaders.strings import Strings
from engine.quants import BlockType, PackedTensor, by_ggml_id

MAGIC = b"GGUF"
LONGEST_STRING = 16 << 20  # bytes
VOCABULARY = 1024  # strings; an array of so many is that of a tokenizer
LONGEST_ARRAY = 4 << 20  # items; the largest vocabularies have 0.3 million
MOST_KEYS = 1 << 16
MOST_TENSORS = 1 << 20
MOST_DIMENSIONS = 4
LARGEST_ALIGNMENT = 1 << 16
SPLIT_NAME = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf", re.IGNORECASE)

_STRING, _ARRAY, _BOOL = 8, 9, 7
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_DENSE = {
    0: ("F32", torch.float32),
    1: ("F16", torch.float16),
    24: ("I8", torch.int8),
    25: ("I16", torch.int16),
    26: ("I32", torch.int32),
    27: ("I64", torch.int64),
    28: ("F64", torch.float64),
    30: ("BF16", torch.bfloat16),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor lies: its file, the first and one past the last byte, and its type."""

    file: MappedFile
    start: int
    stop: int
    type_id: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One file's header."""

    metadata: dict[str, Any]
    infos: dict[str, TensorInfo]
    places: dict[str, _Place]
    is_little: bool


class GgufCheckpoint(Checkpoint):
    """A GGUF file, or all parts of a split one (any part may be named)."""

    format = "gguf"

    def __init__(self, path: Path) -> None:
        """Raises `ModelFileError` naming the key or tensor and the byte offset."""
        self.files = []
        self.tensors = {}
        self._places: dict[str, _Place] = {}
        self.path = path
        try:
            first = self._add(_first_part(path))
            self.config, self._is_little = first.metadata, first.is_little
            self._add_further_parts()
        except BaseException:
            self.close()
            raise
        architecture = self.config.get("general.architecture")
        if not isinstance(architecture, str) or not architecture:
            self.close()
            raise ModelFileError(f"{path.name}: the key 'general.architecture' is missing.")
        self.architecture = architecture

    def read(self, name: str) -> Tensor | PackedTensor:
        """One tensor; blocks stay packed. Raises `ModelFileError` when it is not in the file."""
        if name not in self._places:
            raise ModelFileError(f"{self.path.name}: the tensor {name!r} is missing.")
        place, shape = self._places[name], self.tensors[name].shape
        if place.type_id in _DENSE:
            dtype = _DENSE[place.type_id][1]
            flat = place.file.slice(place.start, place.stop, torch.uint8 if not self._is_little else dtype)
            if not self._is_little:
                flat = flat.view(-1, dtype.itemsize).flip(-1).contiguous().view(-1).view(dtype)
            return flat.view(shape)
        kind = by_ggml_id[place.type_id]
        blocks = place.file.bytes[place.start : place.stop]
        if not self._is_little:
            blocks = swapped_blocks(kind, blocks)
        row_bytes = shape[-1] // kind.block_size * kind.type_size
        return PackedTensor(shape, kind, blocks.view(*shape[:-1], row_bytes))

    def side_file(self, name: str) -> bytes | None:
        """A GGUF file holds everything itself."""
        return None

    def _add(self, path: Path) -> _Part:
        file = MappedFile(path)
        self.files.append(file)
        part = _Header(file).parse()
        for name, info in part.infos.items():
            if name in self.tensors:
                raise ModelFileError(f"{path.name}: the tensor {name!r} is in two parts of the model.")
            self.tensors[name] = info  # type: ignore[index] # a plain dict until the constructor ends
        self._places |= part.places
        return part

    def _add_further_parts(self) -> None:
        count = self.config.get("split.count", 1)
        named = SPLIT_NAME.fullmatch(self.files[0].path.name)
        if count in (0, 1):
            return
        if not isinstance(count, int) or named is None or int(named[3]) != count:
            raise ModelFileError(
                f"{self.path.name}: the file is part of a model split into {count!r:.20} files, "
                "but is not named NAME-00001-of-0000N.gguf; give it its original name."
            )
        for number in range(2, count + 1):
            part = self.files[0].path.with_name(f"{named[1]}-{number:05}-of-{count:05}.gguf")
            if not part.is_file():
                raise ModelFileError(f"{part.name} is missing beside {self.path.name}; download all parts.")
            added = self._add(part)
            if added.is_little != self._is_little:
                raise ModelFileError(f"{part.name} has another byte order than the first part.")


def _first_part(path: Path) -> Path:
    named = SPLIT_NAME.fullmatch(path.name)
    if named is None or int(named[2]) == 1:
        return path
    first = path.with_name(f"{named[1]}-00001-of-{named[3]}.gguf")
    if not first.is_file():
        raise ModelFileError(f"{first.name} is missing beside {path.name}; download all parts.")
    return first


class _Header:
    """Reads one file's header from its start; `_at` is the byte that comes next."""

    def __init__(self, file: MappedFile) -> None:
        self._file, self._map, self._size = file, file.map, file.size_bytes
        self._name = file.path.name
        self._at = 0
        self._order = "<"
        self._where = "the header"

    def parse(self) -> _Part:
        try:
            return self._parse()
        except (struct.error, UnicodeDecodeError, MemoryError) as error:
            raise self._error(f"{self._where} is damaged ({error})") from error
        except FiresideError:
            raise
        except (ValueError, OverflowError) as error:
            raise self._error(f"{self._where} is damaged ({error})") from error

    def _parse(self) -> _Part:
        if self._take(4) != MAGIC:
            raise self._error("this is not a GGUF file")
        self._order = "<" if self._map[4:6] != b"\0\0" else ">"
        version = self._number("I")
        if version not in (2, 3):
            raise UnsupportedModelError(
                f"{self._name}: GGUF version {version} is not known; versions 2 and 3 are. Get a newer conversion."
            )
        tensor_count, key_count = self._number("Q"), self._number("Q")
        self._limit("keys", key_count, MOST_KEYS, item_bytes=13)
        self._limit("tensors", tensor_count, MOST_TENSORS, item_bytes=24)
        metadata = self._metadata(key_count)
        alignment = metadata.get("general.alignment", 32)
        is_power = isinstance(alignment, int) and alignment > 0 and alignment & (alignment - 1) == 0
        if not is_power or not 8 <= alignment <= LARGEST_ALIGNMENT:
            raise self._error(f"the key 'general.alignment' is {alignment!r:.40}, not a power of two from 8 on")
        infos, places = self._tensors(tensor_count, alignment)
        return _Part(metadata, infos, places, self._order == "<")

    def _metadata(self, count: int) -> dict[str, Any]:
        metadata: dict[str, Any] = {}
        for number in range(count):
            self._where = f"key {number}"
            key = self._string("strict")
            self._where = f"the key {key!r:.80}"
            if key in metadata:
                raise self._error(f"{self._where} is there twice")
            metadata[key] = self._value(self._number("I"))
        return metadata

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string("replace")
        if kind == _ARRAY:
            return self._array()
        if kind not in _NUMBERS:
            raise self._error(f"{self._where} has the unknown value type {kind}")
        value = self._number(_NUMBERS[kind])
        return bool(value) if kind == _BOOL else value

    def _array(self) -> Sequence[Any]:
        kind, count = self._number("I"), self._number("Q")
        if kind == _STRING:
            self._limit("items", count, LONGEST_ARRAY, item_bytes=8)
            return self._strings(count) if count < VOCABULARY else self._vocabulary(count)
        if kind not in _NUMBERS:
            raise self._error(f"{self._where} is an array of the unknown or nested type {kind}")
        code = _NUMBERS[kind]
        self._limit("items", count, LONGEST_ARRAY, item_bytes=struct.calcsize(f"<{code}"))
        values = list(struct.unpack(f"{self._order}{count}{code}", self._take(count * struct.calcsize(f"<{code}"))))
        return [bool(value) for value in values] if kind == _BOOL else values

    def _strings(self, count: int) -> list[str]:
        return [self._string("replace") for _ in range(count)]

    def _vocabulary(self, count: int) -> Strings:
        """As `_strings`, but nothing is decoded before it is asked for."""
        begin = self._at
        spans, end = self._spans(count)
        if end < 0:
            self._at = begin + spans[2 * (-1 - end)]
            raise self._error(f"{self._where} holds a string that is longer than what is left")
        self._at = begin + end
        return Strings(self._map[begin : self._at], spans)

    def _spans(self, count: int) -> tuple[array[int], int]:
        """As `kernels.string_spans`, which runs if it is there, from the next byte on."""
        if kernels.available():
            left = self._file.bytes[self._at :]
            return kernels.string_spans(left, count, is_swapped=self._order == ">", longest=LONGEST_STRING)
        length = struct.Struct(f"{self._order}Q").unpack_from
        spans, at, left_bytes = array("q", bytes(16 * count)), 0, self._size - self._at
        for number in range(count):
            start = spans[2 * number] = at + 8
            at = start + length(self._map, self._at + at)[0] if start <= left_bytes else left_bytes + 1
            if at > left_bytes or at - start > LONGEST_STRING:
                return spans, -1 - number
            spans[2 * number + 1] = at
        return spans, at

    def _tensors(self, count: int, alignment: int) -> tuple[dict[str, TensorInfo], dict[str, _Place]]:
        infos: dict[str, TensorInfo] = {}
        offsets: dict[str, tuple[int, int]] = {}
        for number in range(count):
            self._where = f"tensor {number}"
            name = self._string("strict")
            self._where = f"the tensor {name!r:.80}"
            if name in infos:
                raise self._error(f"{self._where} is there twice")
            infos[name], type_id = self._tensor(name)
            offsets[name] = (self._number("Q"), type_id)
        base = -(-self._at // alignment) * alignment
        places = {}
        for name, (offset, type_id) in offsets.items():
            start = base + offset
            stop = start + infos[name].size_bytes
            self._at = min(start, self._size)
            if offset % alignment:
                raise self._error(f"the tensor {name!r:.80} does not begin at a multiple of {alignment} bytes")
            if stop > self._size:
                raise self._error(
                    f"the tensor {name!r:.80} ends at byte {stop}, past the end of the file at {self._size}; "
                    "the file is cut off, download it again"
                )
            places[name] = _Place(self._file, start, stop, type_id)
        self._refuse_overlaps(places)
        return infos, places

    def _tensor(self, name: str) -> tuple[TensorInfo, int]:
        dimensions = self._number("I")
        if not 1 <= dimensions <= MOST_DIMENSIONS:
            raise self._error(f"{self._where} has {dimensions} dimensions; 1 to {MOST_DIMENSIONS} are possible")
        shape = tuple(self._number("Q") for _ in range(dimensions))[::-1]
        if any(not 1 <= size <= 1 << 40 for size in shape):
            raise self._error(f"{self._where} has the impossible shape {list(shape)}")
        type_id = self._number("I")
        count = checked_size(shape)
        if type_id in _DENSE:
            type_name, dtype = _DENSE[type_id]
            size = count * dtype.itemsize
        else:
            kind = self._block_type(type_id)
            type_name = kind.name
            if shape[-1] % kind.block_size:
                raise self._error(
                    f"{self._where} has rows of {shape[-1]} values, not whole {kind.name} blocks of {kind.block_size}"
                )
            size = count // kind.block_size * kind.type_size
        return TensorInfo(name, shape, type_name, size), type_id

    def _block_type(self, type_id: int) -> BlockType:
        kind = by_ggml_id.get(type_id)
        if kind is None:
            raise UnsupportedModelError(
                f"{self._name}: {self._where} has the unknown block type {type_id}; "
                "choose a file with another quantisation, such as Q4_K_M."
            )
        return kind

    def _refuse_overlaps(self, places: dict[str, _Place]) -> None:
        end, before = 0, ""
        for name, place in sorted(places.items(), key=lambda item: item[1].start):
            if place.start < end:
                self._at = place.start
                raise self._error(f"the tensors {before!r:.80} and {name!r:.80} overlap")
            end, before = place.stop, name

    def _string(self, errors: str) -> str:
        length = self._number("Q")
        if length > LONGEST_STRING:
            raise self._error(f"{self._where} holds a string of {length} bytes, more than {LONGEST_STRING >> 20} MiB")
        return self._take(length).decode("utf-8", errors)

    def _number(self, code: str) -> Any:
        size = struct.calcsize(f"<{code}")
        return struct.unpack(f"{self._order}{code}", self._take(size))[0]

    def _take(self, size: int) -> bytes:
        if size > self._size - self._at:
            raise self._error(f"the file ends inside {self._where}; it is cut off, download it again")
        taken = self._map[self._at : self._at + size]
        self._at += size
        return taken

    def _limit(self, what: str, count: int, most: int, *, item_bytes: int) -> None:
        left = self._size - self._at
        if count > most or count * item_bytes > left:
            raise self._error(f"{self._where} announces {count} {what}, more than {left} bytes can hold")

    def _error(self, complaint: str) -> ModelFileError:
        return ModelFileError(f"{self._name}: {complaint} (byte {self._at}).")
