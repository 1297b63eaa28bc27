"""The kernels in another process (kernel_driver.c): built for another processor and emulated, or with sanitizers.

`Foreign` stands where `engine.kernels` keeps its library, so the tests of the kernels run unchanged against it.
"""

from __future__ import annotations

import ctypes
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import IO, Self

import pytest
import torch
from test_kernels import packed_matrix
from torch import Tensor

from engine import kernels
from engine.kernels.plans import DENSE_TYPES, AttentionPlan, Matrix, MlpPlan, Norm
from engine.quants import BLOCK_TYPES, PackedTensor

ROWS, COLUMNS, TOKENS = (1, 3, 17), (32, 96, 256, 768, 1056), (1, 5, 11, 12, 40)
ROOT = Path(__file__).parents[2]
SOURCES = (*sorted((ROOT / "engine/kernels").glob("*.c")), ROOT / "tests/engine/kernel_driver.c")
FLAGS = ("-std=c11", "-ffp-contract=fast", "-fno-math-errno", "-pthread", "-Wall", "-Wextra")
NOT_HERE = 3  # the driver's status when the processor lacks the instructions


class Call(IntEnum):
    """kernel_driver.c's numbers."""

    THREADS = 0
    SUPPORTS = 1
    CACHE_SUPPORTS = 2
    LINEAR = 3
    ROWS = 4
    ATTENTION = 5
    MLP = 6


def missing(*programs: str) -> list[str]:
    """Those that are not installed."""
    return [program for program in programs if shutil.which(program) is None]


def build(compiler: str, flags: Sequence[str], folder: Path) -> Path:
    """The driver with all kernels, one object a source, so that two run at a time. Warnings are shown on failure."""
    objects = [folder / f"{source.stem}.o" for source in SOURCES]
    command = [compiler, *FLAGS, *flags, f"-I{ROOT / 'engine/kernels'}"]
    waiting = [
        subprocess.Popen([*command, "-c", str(source), "-o", str(target)], stderr=subprocess.PIPE, text=True)
        for source, target in zip(SOURCES, objects, strict=True)
    ]
    problems = [process.communicate()[1] for process in waiting]
    assert not any(process.returncode for process in waiting), "\n".join(problems)
    driver = folder / "driver"
    subprocess.run([*command, *map(str, objects), "-o", str(driver), "-lm"], check=True)
    return driver


def products(name: str) -> Iterator[tuple[PackedTensor, Tensor]]:
    """Weights of a block type and activations, in shapes on both sides of every threshold in the kernels."""
    for columns in COLUMNS:
        if columns % BLOCK_TYPES[name].block_size == 0:
            for rows in ROWS:
                weight = packed_matrix(name, rows, columns)
                for tokens in TOKENS:
                    yield weight, torch.randn(tokens, columns, generator=torch.manual_seed(tokens))


def runs(command: Sequence[str], instructions: str) -> bool:
    """Whether the driver's processor has these instructions."""
    done = subprocess.run([*command, instructions], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode in (0, NOT_HERE), done.stderr
    return done.returncode == 0


class Foreign:
    """What `engine.kernels` calls of its library. Every call is answered before it returns."""

    def __init__(self, command: Sequence[str], instructions: str) -> None:
        self.threads = 1
        self.process = subprocess.Popen([*command, instructions], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.instructions = self._answer(16).rstrip(b"\0")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._input.close()
        status = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        assert status == 0, f"the driver ended with status {status}"

    @property
    def _input(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def fireside_instruction_set(self) -> bytes:
        return self.instructions

    def fireside_supports(self, ggml_id: int) -> int:
        return self._call([_numbers(Call.SUPPORTS, ggml_id)], 1)[0]

    def fireside_cache_supports(self, ggml_id: int) -> int:
        return self._call([_numbers(Call.CACHE_SUPPORTS, ggml_id)], 1)[0]

    def fireside_threads(self) -> int:
        return self.threads

    def fireside_set_threads(self, count: int) -> None:
        self.threads = count
        self._call([_numbers(Call.THREADS, count)], 0)

    def fireside_linear(self, matrix: int, norm: int | None, x: int, tokens: int, y: int) -> int:
        assert norm is None, "the driver's products have no norm"
        m = Matrix.from_address(matrix)
        sent = [_numbers(Call.LINEAR), *_with_targets(m), _numbers(tokens), _piece(x, tokens * m.columns * 4)]
        return self._change(sent, [(y, tokens * m.rows * 4)])

    def fireside_rows(self, matrix: int, ids: int, count: int, y: int) -> int:
        m = Matrix.from_address(matrix)
        sent = [_numbers(Call.ROWS), *_with_targets(m), _numbers(count), _piece(ids, count * 8)]
        return self._change(sent, [(y, count * m.columns * 4)])

    def fireside_attention(
        self, plan: int, x: int, tokens: int, cos: int, sin: int, keys: int, values: int, capacity: int, past: int
    ) -> int:
        p = AttentionPlan.from_address(plan)
        angles, cached = tokens * p.rope_depth * 2, p.kv_heads * capacity * _row_bytes(p.cache_type, p.depth)
        sent = [_numbers(Call.ATTENTION), *_with_targets(p), _numbers(tokens, capacity, past)]
        sent += [_piece(cos, angles), _piece(sin, angles)]
        return self._change(sent, [(x, tokens * p.width * 4), (keys, cached), (values, cached)])

    def fireside_mlp(self, plan: int, x: int, tokens: int) -> int:
        p = MlpPlan.from_address(plan)
        return self._change([_numbers(Call.MLP), *_with_targets(p), _numbers(tokens)], [(x, tokens * p.width * 4)])

    def _change(self, sent: Sequence[bytes], changed: Sequence[tuple[int, int]]) -> int:
        """A call whose last arguments, pairs of address and size, are also its answer."""
        answer = self._call([*sent, *(_piece(*piece) for piece in changed)], sum(size for _, size in changed))
        for address, size in changed:
            ctypes.memmove(address, answer[:size], size)
            answer = answer[size:]
        return 0

    def _call(self, sent: Sequence[bytes], size: int) -> bytes:
        self._input.write(b"".join(sent))
        self._input.flush()
        return self._answer(size)

    def _answer(self, size: int) -> bytes:
        assert self.process.stdout is not None
        answer = self.process.stdout.read(size)
        assert len(answer) == size, f"the driver ended early, with status {self.process.wait(timeout=60)}"
        return answer


def _numbers(*values: int) -> bytes:
    return struct.pack(f"{len(values)}q", *values)


def _piece(address: int, size: int) -> bytes:
    return _numbers(size) + ctypes.string_at(address, size)


def _with_targets(structure: AttentionPlan | MlpPlan | Matrix) -> Iterator[bytes]:
    """A structure, then what it points to, in the order of its parts."""
    yield bytes(structure)
    if isinstance(structure, Matrix):
        yield from _targets(structure)
        return
    for name, kind in structure._fields_:
        part = getattr(structure, name)
        if kind is Matrix:
            yield from _targets(part)
        elif kind is Norm and part.weight is not None:
            yield _piece(part.weight, (structure.width if name in ("norm_in", "norm_out") else structure.depth) * 4)


def _targets(matrix: Matrix) -> Iterator[bytes]:
    last = _row_bytes(matrix.type, matrix.columns)
    yield _piece(matrix.weights, (matrix.rows - 1) * matrix.row_bytes + last)
    if matrix.bias is not None:
        yield _piece(matrix.bias, matrix.rows * 4)


def _row_bytes(ggml_id: int, columns: int) -> int:
    sizes = {kind.ggml_id: (kind.block_size, kind.type_size) for kind in BLOCK_TYPES.values()}
    sizes |= {number: (1, dtype.itemsize) for dtype, number in DENSE_TYPES.items()}
    block_size, block_bytes = sizes[ggml_id]
    return columns // block_size * block_bytes


@contextmanager
def running(command: Sequence[str], instructions: str) -> Iterator[Foreign]:
    """`engine.kernels` calls the driver instead of its own library."""
    with pytest.MonkeyPatch.context() as patch, Foreign(command, instructions) as library:
        patch.setattr(kernels, "_library", lambda: library)
        yield library
