"""What the figures were measured on: processor, memory, system, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

import psutil

PACKAGES = ("torch", "llama-cpp-python", "transformers", "PySide6-Essentials")
VECTORS = ("avx2", "avx512f", "avx512_vnni", "asimd", "asimddp")  # what the kernels choose between, as Linux names it


def facts(model: Path, threads: int) -> dict[str, object]:
    """Everything that a reader needs to judge a figure."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "threads": threads,
        "model": model.name,
        "model_bytes": model.stat().st_size,
    }


def _processor() -> str:
    """Its name; on Linux that is in a file, with the vector instructions beside it."""
    described = Path("/proc/cpuinfo")
    if not described.exists():
        return platform.processor()
    fields: dict[str, str] = {}
    for line in described.read_text(encoding="utf-8").splitlines():
        key, _, text = line.partition(":")
        fields[key.strip()] = text.strip()
    flags = (fields.get("flags") or fields.get("Features", "")).split()
    return " ".join([fields.get("model name", platform.machine()), *(name for name in VECTORS if name in flags)])


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
