"""Decode while others want the processor: a repainting window (20% of one core), and a program that takes a core.

The disturber is a process of its own, so that this shows how the engine's threads share cores. What the window's own
thread costs, interpreter lock included, is in the window's part.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.engines import WARM_UP_TOKENS, open_engine, warm_up
from benchmarks.figures import Figures

SHARES = {"alone": 0.0, "repaint": 0.2, "core": 1.0}  # of one core
CYCLES = 3
_BUSY = """
import os, sys, time
share, frame_s, parent = float(sys.argv[1]), 1 / 60, os.getppid()
print(flush=True)
while os.getppid() == parent:
    end = time.perf_counter() + share * frame_s
    while time.perf_counter() < end:
        pass
    time.sleep((1 - share) * frame_s)
"""


def disturbance(name: str, options: Namespace) -> Figures:
    """Median speed in each state, the states taking turns."""
    engine = open_engine(name, options, WARM_UP_TOKENS + options.new_tokens + 8)
    prompt = (warm_up(engine) * WARM_UP_TOKENS)[:WARM_UP_TOKENS]
    seconds: dict[str, list[float]] = {state: [] for state in SHARES}
    for _ in range(CYCLES):
        for state, share in SHARES.items():
            engine.prefill(prompt)
            with busy(share):
                seconds[state].append(engine.decode(options.new_tokens))
    return {f"{state}_tok_s": options.new_tokens / statistics.median(times) for state, times in seconds.items()}


@contextmanager
def busy(share: float) -> Iterator[None]:
    """While active, another process takes `share` of a core, sixty times a second."""
    if share == 0.0:
        yield
        return
    with subprocess.Popen([sys.executable, "-c", _BUSY, str(share)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()
