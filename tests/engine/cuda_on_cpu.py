"""Our CUDA kernels' own source, compiled by the C++ compiler of this machine and run on the CPU."""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engine.cuda import layer, products
from engine.quants import PackedTensor

COMPILER = shutil.which("g++") or shutil.which("clang++")
HEADER = Path(__file__).with_name("cuda_on_cpu.h")


class KernelsOnCpu:
    """Stands for `engine.cuda.driver.CompiledKernels`; arguments hold addresses of the CPU."""

    def __init__(self, text: str, defines: Mapping[str, str], folder: Path) -> None:
        assert COMPILER is not None
        key = hashlib.sha256(repr((text, sorted(defines.items()))).encode()).hexdigest()[:16]
        library = folder / f"{key}.so"
        if not library.exists():
            file = folder / f"{key}.cpp"
            file.write_text(HEADER.read_text(encoding="utf-8") + text, encoding="utf-8")
            words = [f"-D{name}={value}" for name, value in defines.items()]
            flags = ["-std=c++17", "-O1", "-shared", "-fPIC", "-ffp-contract=off", "-Wno-attributes"]
            subprocess.run([COMPILER, *flags, *words, str(file), "-o", str(library)], check=True)
        self._library = ctypes.CDLL(str(library))

    def launch(self, name: str, grid: tuple[int, int, int], threads: int, arguments: ctypes.Structure) -> None:
        self._library.run_kernel(
            getattr(self._library, name), (ctypes.c_int * 3)(*grid), threads, ctypes.byref(arguments)
        )


@contextmanager
def kernels_on_cpu(folder: Path) -> Iterator[None]:
    """Kernels run on the CPU from libraries in `folder`, and every packed weight takes them."""
    cached = (products.kernels_for, layer.norm_kernels, layer.attention_kernels)
    with pytest.MonkeyPatch.context() as patch:
        for module in (products, layer):
            patch.setattr(
                module, "CompiledKernels", lambda text, defines, _device: KernelsOnCpu(text, defines, folder)
            )
        patch.setattr(products, "takes", lambda weight, _device: isinstance(weight, PackedTensor))
        patch.setattr(torch.cuda, "get_device_properties", lambda _device: SimpleNamespace(multi_processor_count=3))
        for one in cached:
            one.cache_clear()
        yield
        for one in cached:
            one.cache_clear()
