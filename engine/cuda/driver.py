"""Compiles our CUDA kernels for the GPU that is there, with NVRTC, and launches them on torch's current stream.

NVRTC comes with torch's CUDA builds, so that nothing need be installed. A kernel takes one structure
(engine/cuda/common.h); a launch can be recorded in a CUDA graph, which keeps a copy of it.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import torch

FOLDER = Path(__file__).parent
Grid = tuple[int, int, int]


class CudaError(RuntimeError):
    """The kernels could not be compiled or launched."""


class Kernels(Protocol):
    """The kernels of one source."""

    def launch(self, name: str, grid: Grid, threads: int, arguments: ctypes.Structure) -> None:
        """Run a kernel on `grid` blocks of so many threads."""


def source(*names: str) -> str:
    """The text of these files of this folder, one after the other."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


class CompiledKernels:
    """The kernels of one source, compiled with `defines` for a GPU."""

    def __init__(self, text: str, defines: Mapping[str, str], device: torch.device) -> None:
        """Raises `CudaError` with the compiler's words."""
        with torch.cuda.device(device):
            torch.cuda.current_stream()  # the driver's context for the device is there from here on
            self._module = ctypes.c_void_p()
            binary = _compiled(text, defines, torch.cuda.get_device_capability(device))
            _check(_driver().cuModuleLoadData(ctypes.byref(self._module), binary), "loading the kernels")
        self._functions: dict[str, ctypes.c_void_p] = {}

    def launch(self, name: str, grid: Grid, threads: int, arguments: ctypes.Structure) -> None:
        """Part of the protocol. Raises `CudaError`."""
        function = self._functions.get(name) or self._function(name)
        parameters = (ctypes.c_void_p * 1)(ctypes.addressof(arguments))
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        status = _driver().cuLaunchKernel(function, *grid, threads, 1, 1, 0, stream, parameters, None)
        _check(status, f"launching {name}")

    def _function(self, name: str) -> ctypes.c_void_p:
        function = ctypes.c_void_p()
        status = _driver().cuModuleGetFunction(ctypes.byref(function), self._module, name.encode())
        _check(status, f"looking for {name}")
        self._functions[name] = function
        return function


def _compiled(text: str, defines: Mapping[str, str], capability: tuple[int, int]) -> bytes:
    nvrtc = _nvrtc()
    program = ctypes.c_void_p()
    _check(nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"fireside.cu", 0, None, None), "NVRTC")
    try:
        words = [f"--gpu-architecture=sm_{capability[0]}{capability[1]}", "--std=c++17", "-default-device"]
        words += [f"-D{name}={value}" for name, value in defines.items()]
        options = (ctypes.c_char_p * len(words))(*(word.encode() for word in words))
        if nvrtc.nvrtcCompileProgram(program, len(words), options):
            raise CudaError(f"The kernels do not compile: {_log(nvrtc, program)}")
        size = ctypes.c_size_t()
        _check(nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(size)), "NVRTC")
        binary = ctypes.create_string_buffer(size.value)
        _check(nvrtc.nvrtcGetCUBIN(program, binary), "NVRTC")
        return binary.raw
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _log(nvrtc: Any, program: ctypes.c_void_p) -> str:
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    return log.value.decode(errors="replace").strip()


def _check(status: int, what: str) -> None:
    if status:
        raise CudaError(f"{what} failed with CUDA's status {status}")


@cache
def _driver() -> Any:
    return _library("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")


@cache
def _nvrtc() -> Any:
    version = str(torch.version.cuda).partition(".")[0]
    return _library(f"nvrtc64_{version}0_0.dll" if sys.platform == "win32" else f"libnvrtc.so.{version}")


def _library(name: str) -> Any:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise CudaError(f"{name} is not there: {error}") from error
