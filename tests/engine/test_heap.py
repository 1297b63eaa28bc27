"""Large buffers leave no holes in the heap: they have mappings of their own (glibc alone)."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

HOLES = """
import ctypes, psutil
from engine.heap import keep_heap_whole
if {keeps}:
    keep_heap_whole()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.memset.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free(libc.malloc(30 << 20))  # from here on glibc keeps buffers of this size in its arena
before, large, small = psutil.Process().memory_info().rss, [], []
for _ in range(10):
    large.append(libc.malloc(20 << 20))
    libc.memset(large[-1], 1, 20 << 20)
    small.append(libc.malloc(100_000))  # no hole in the heap is so large yet
for one in large:
    libc.free(one)
print((psutil.Process().memory_info().rss - before) >> 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone")
def test_what_is_given_back_between_small_blocks_goes_back_to_the_system():
    def left_mb(*, keeps: bool) -> int:
        code = HOLES.format(keeps=keeps)
        return int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)

    assert left_mb(keeps=False) > 100
    assert left_mb(keeps=True) < 10
