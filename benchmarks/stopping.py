"""How long Fireside goes on after it was asked to stop: while it reads a long prompt, and while it replies."""

from __future__ import annotations

import random
import statistics
import threading
import time
from argparse import Namespace

from benchmarks.engines import Fireside, open_engine, warm_up
from benchmarks.figures import Figures

SAMPLES = 30
CONTEXT = 4096
PROMPT_TOKENS = 3500
LONGEST_WAIT_S = 1.0  # before the stop; reading the prompt takes longer, and most replies do


def stopping(options: Namespace) -> Figures:
    """The 50th and 95th percentile of stops at random moments, in milliseconds."""
    engine = open_engine("fireside", options, CONTEXT)
    assert isinstance(engine, Fireside)
    line_tokens = len(warm_up(engine))
    long_text = "The quick brown fox jumps over the lazy dog. " * (PROMPT_TOKENS // line_tokens)
    chance = random.Random(1)
    figures: Figures = {}
    for state, text in (("prefill", long_text), ("decode", "Once upon a time")):
        times_ms: list[float] = []
        while len(times_ms) < SAMPLES:
            time_ms = _stop(engine, f"{chance.randrange(1000)}. {text}", chance.uniform(0.05, LONGEST_WAIT_S))
            if time_ms is not None:
                times_ms.append(time_ms)
        figures[f"{state}_p50_ms"] = statistics.median(times_ms)
        figures[f"{state}_p95_ms"] = statistics.quantiles(times_ms, n=20, method="inclusive")[-1]
    return figures


def _stop(engine: Fireside, prompt: str, wait_s: float) -> float | None:
    """Milliseconds from asking, after `wait_s`, to the end of the reply; None when it ended by itself before."""
    from engine.api import GenerateRequest, ReplyFinished, SamplerSettings

    flag = threading.Event()
    asked_at = 0.0

    def ask() -> None:
        nonlocal asked_at
        asked_at = time.perf_counter()
        flag.set()

    timer = threading.Timer(wait_s, ask)
    timer.start()
    for event in engine.engine.run(GenerateRequest(1, prompt, sampler=SamplerSettings(seed=1)), flag.is_set):
        if isinstance(event, ReplyFinished):
            ended_at = time.perf_counter()
            timer.cancel()
            return (ended_at - asked_at) * 1000 if flag.is_set() else None
    raise RuntimeError("the engine ended without a reply")
