"""Model files: own readers for GGUF and safetensors. Nothing is unpickled; weights are mapped, not read.

`open_checkpoint` is what the engine calls; it reads headers only.
"""

from __future__ import annotations

from pathlib import Path

from engine.api import ModelFileError
from engine.loaders.checkpoint import Checkpoint, TensorInfo
from engine.loaders.gguf import MAGIC, GgufCheckpoint
from engine.loaders.safetensors import SafetensorsCheckpoint

__all__ = ["Checkpoint", "GgufCheckpoint", "SafetensorsCheckpoint", "TensorInfo", "open_checkpoint"]

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def open_checkpoint(path: str | Path) -> Checkpoint:
    """Open a GGUF file, a folder with config.json and safetensors, or a file inside such a folder.

    Raises `ModelFileError` for anything else, saying what it is instead.
    """
    checkpoint = _opened(Path(path))
    try:
        checkpoint.check_whole()
    except ModelFileError:
        checkpoint.close()
        raise
    return checkpoint


def _opened(path: Path) -> Checkpoint:
    try:
        if path.is_dir():
            return SafetensorsCheckpoint(path)
        if not path.exists():
            raise ModelFileError(f"“{path.name}” does not exist; check the path {path}.")
        if not path.is_file():
            raise ModelFileError(f"“{path.name}” is neither a file nor a folder.")
        return _open_file(path)
    except OSError as error:
        raise ModelFileError(f"“{path.name}” cannot be read: {error.strerror or error}.") from error
    except ValueError as error:  # a path with a NUL character
        raise ModelFileError(f"“{path.name}” cannot be read: {error}.") from error


def _open_file(path: Path) -> Checkpoint:
    with path.open("rb") as file:
        magic = file.read(len(MAGIC))
    if magic == MAGIC:
        return GgufCheckpoint(path)
    if path.suffix.lower() == ".safetensors" or path.name == "config.json":
        return SafetensorsCheckpoint(path.parent)
    if path.suffix.lower() in PICKLES:
        raise ModelFileError(
            f"“{path.name}” is a Python pickle, which can run any code when it is opened, so Fireside does not. "
            "Get the same model as safetensors or GGUF."
        )
    if not magic:
        raise ModelFileError(f"“{path.name}” is empty; download it again.")
    raise ModelFileError(
        f"“{path.name}” is not a model file; choose a GGUF file or a folder with config.json and safetensors."
    )
