"""A Hugging Face folder: config.json and safetensors, single or sharded (github.com/huggingface/safetensors).

Our own reader: the header is JSON with dtype, shape and byte range of each tensor; all of it is checked first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import torch
from torch import Tensor

from engine.api import ModelFileError, UnsupportedModelError
from engine.loaders.checkpoint import Checkpoint, MappedFile, TensorInfo, checked_size
from engine.loaders.json_text import parse_json

LONGEST_HEADER = 100 << 20  # bytes; the limit of the format
LARGEST_SIDE_FILE = 256 << 20  # bytes; tokenizer.json of a large vocabulary has 35 MB
INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True, slots=True)
class _Place:
    file: MappedFile
    start: int
    stop: int
    dtype: torch.dtype


class SafetensorsCheckpoint(Checkpoint):
    """A folder with config.json and safetensors."""

    format = "safetensors"

    def __init__(self, folder: Path) -> None:
        """Raises `ModelFileError` naming file, tensor and what is wrong."""
        self.path = folder
        self.files = []
        self._places: dict[str, _Place] = {}
        self.config = self._settings()
        model_type = self.config.get("model_type")
        if not isinstance(model_type, str) or not model_type:
            raise UnsupportedModelError(
                f"{folder.name}/config.json does not name a model_type, so its architecture is unknown."
            )
        self.architecture = model_type
        tensors: dict[str, TensorInfo] = {}
        try:
            for name in self._weight_files():
                self._add(self._inside(name), tensors)
        except BaseException:
            self.close()
            raise
        self.tensors = tensors

    def read(self, name: str) -> Tensor:
        """One tensor, mapped. Raises `ModelFileError` when it is not in the folder."""
        place = self._places.get(name)
        if place is None:
            raise ModelFileError(f"{self.path.name}: the tensor {name!r} is missing.")
        return place.file.slice(place.start, place.stop, place.dtype).view(self.tensors[name].shape)

    def side_file(self, name: str) -> bytes | None:
        """A small file of the folder, such as tokenizer.json. Raises `ModelFileError` when it is too large."""
        path = self._inside(name)
        if not path.is_file():
            return None
        if path.stat().st_size > LARGEST_SIDE_FILE:
            raise ModelFileError(f"{name} is larger than {LARGEST_SIDE_FILE >> 20} MiB.")
        return path.read_bytes()

    def _settings(self) -> dict[str, Any]:
        if not (self.path / "config.json").is_file():
            raise ModelFileError(
                f"The folder “{self.path.name}” holds no config.json; choose a model's own folder or a GGUF file."
            )
        return self._json("config.json")

    def _json(self, name: str) -> dict[str, Any]:
        content = self.side_file(name) or b""
        try:
            parsed = parse_json(content)
        except ValueError as error:
            raise ModelFileError(f"{self.path.name}/{name} is not valid JSON: {error}.") from error
        if not isinstance(parsed, dict):
            raise ModelFileError(f"{self.path.name}/{name} does not hold a JSON object.")
        return parsed

    def _weight_files(self) -> list[str]:
        if (self.path / INDEX).is_file():
            places = self._json(INDEX).get("weight_map")
            if not isinstance(places, dict) or not all(isinstance(name, str) for name in places.values()):
                raise ModelFileError(f"{self.path.name}/{INDEX} holds no weight_map from tensors to files.")
            names = sorted(set(places.values()))
        elif (self.path / SINGLE).is_file():
            names = [SINGLE]
        else:
            names = sorted(path.name for path in self.path.glob("*.safetensors"))
        if not names:
            raise ModelFileError(self._complaint_about_weights())
        for name in names:
            if not self._inside(name).is_file():
                raise ModelFileError(f"{self.path.name}: {name} is missing; download all parts of the model.")
        return names

    def _complaint_about_weights(self) -> str:
        pickles = [*self.path.glob("*.bin"), *self.path.glob("*.pt"), *self.path.glob("*.pth")]
        if pickles:
            return (
                f"The folder “{self.path.name}” holds its weights as a Python pickle ({pickles[0].name}), which can "
                "run any code when it is opened, so Fireside does not. Get the same model as safetensors or GGUF."
            )
        return f"The folder “{self.path.name}” holds no safetensors; choose a folder with a model's weights."

    def _inside(self, name: str) -> Path:
        """A file of this folder by its plain name; links may lead into a hub cache's blobs, nowhere else."""
        if not name or name in (".", "..") or any(mark in name for mark in ("/", "\\", "\0", ":")):
            raise ModelFileError(f"{self.path.name}: {name!r:.80} is not the name of a file in this folder.")
        path = self.path / name
        folder, target = self.path.resolve(), path.resolve()
        if target.parent == folder:
            return path
        hub_model = folder.parent.parent
        if folder.parent.name == "snapshots" and target.is_relative_to(hub_model / "blobs"):
            return path
        raise ModelFileError(
            f"{self.path.name}: {name} is a link to a file outside of the folder; it is not followed."
        )

    def _add(self, path: Path, tensors: dict[str, TensorInfo]) -> None:
        file = MappedFile(path)
        self.files.append(file)
        for info, place in _parse_header(file):
            if info.name in tensors:
                raise ModelFileError(f"{path.name}: the tensor {info.name!r:.80} is in two files of the model.")
            tensors[info.name], self._places[info.name] = info, place


def _parse_header(file: MappedFile) -> list[tuple[TensorInfo, _Place]]:
    """Every tensor of one file, ordered by offset. Raises `ModelFileError`."""
    where = file.path.name
    if file.size_bytes < 8:
        raise ModelFileError(f"{where} is too short to be a safetensors file; download it again.")
    (length,) = struct.unpack("<Q", file.map[:8])
    if length > LONGEST_HEADER:
        raise ModelFileError(f"{where}: a header of {length} bytes is announced; at most 100 MiB are possible.")
    if length > file.size_bytes - 8:
        raise ModelFileError(f"{where} ends inside its header; it is cut off, download it again.")
    try:
        header = parse_json(file.map[8 : 8 + length], pairs=_unique)
    except ValueError as error:
        raise ModelFileError(f"{where}: the header is damaged: {error}.") from error
    if not isinstance(header, dict):
        raise ModelFileError(f"{where}: the header is not a JSON object.")
    entries = [
        _parse_entry(file, name, entry, 8 + length) for name, entry in header.items() if name != "__metadata__"
    ]
    entries.sort(key=lambda entry: entry[1].start)
    end = 8 + length
    for info, place in entries:
        if place.start != end:
            tensor = f"the tensor {info.name!r:.80}"
            complaint = f"{tensor} overlaps another one" if place.start < end else f"{tensor} leaves a hole before it"
            raise ModelFileError(f"{where}: {complaint} (byte {place.start}).")
        end = place.stop
    if end != file.size_bytes:
        raise ModelFileError(f"{where}: the tensors end at byte {end}, the file at {file.size_bytes}.")
    return entries


def _parse_entry(file: MappedFile, name: str, entry: object, base: int) -> tuple[TensorInfo, _Place]:
    where = f"{file.path.name}: the tensor {name!r:.80}"
    if not isinstance(entry, dict):
        raise ModelFileError(f"{where} is not described by a JSON object.")
    dtype_name, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype_name, str) or dtype_name not in _DTYPES:
        raise UnsupportedModelError(f"{where} has the unknown dtype {dtype_name!r:.40}.")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise ModelFileError(f"{where} has no valid shape or data_offsets.")
    start, stop = offsets
    dtype = _DTYPES[dtype_name]
    needed = checked_size(tuple(shape)) * dtype.itemsize
    if stop - start != needed:
        raise ModelFileError(f"{where} takes {stop - start} bytes, but its shape {shape!r:.60} needs {needed}.")
    if base + stop > file.size_bytes:
        raise ModelFileError(
            f"{where} ends at byte {base + stop}, past the end of the file at {file.size_bytes}; "
            "the file is cut off, download it again."
        )
    return TensorInfo(name, tuple(shape), dtype_name, needed), _Place(file, base + start, base + stop, dtype)


def _are_sizes(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 1 << 62 for item in value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found
