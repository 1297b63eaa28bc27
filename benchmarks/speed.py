"""Load, prompt, reply and memory of each engine, and how much of the memory's bandwidth a reply uses."""

from __future__ import annotations

import resource
import sys
import time
from argparse import Namespace

from benchmarks.engines import open_engine, warm_up
from benchmarks.figures import Figures

BUFFER_BYTES = 512 << 20  # no cache of a processor holds it
READS = 9


def speed(name: str, options: Namespace) -> Figures:
    """One load, one prompt, one reply."""
    context = options.prompt_tokens + options.new_tokens + 8
    engine = open_engine(name, options, context)
    line = warm_up(engine)
    prompt = (line * options.prompt_tokens)[: options.prompt_tokens]
    prefill_s = engine.prefill(prompt)
    decode_s = engine.decode(options.new_tokens)
    figures = {
        "decode_tok_s": options.new_tokens / decode_s,
        "prefill_tok_s": options.prompt_tokens / prefill_s,
        "load_s": engine.load_s,
        "peak_mb": peak_bytes() / 1e6,
    }
    if name == "fireside":
        figures["allowed_mb"] = allowed_bytes(options, context) / 1e6
    return figures


def bandwidth(options: Namespace) -> Figures:
    """What `threads` threads read from memory: the fastest of several sums over a buffer, in two number types.

    A token needs every weight once, and the keys and values of all before it: that is the least that writing one can
    take. Counted with them, and by the weights alone.
    """
    import torch

    torch.set_num_threads(options.threads)
    best = 0.0
    for dtype in (torch.int64, torch.float32):
        numbers = torch.ones(BUFFER_BYTES // dtype.itemsize, dtype=dtype)
        for _ in range(READS):
            started = time.perf_counter()
            numbers.sum()
            best = max(best, numbers.nbytes / (time.perf_counter() - started))
    weights = options.model.stat().st_size
    return {
        "bandwidth_gb_s": best / 1e9,
        "roofline_tok_s": best / (weights + cached_bytes(options)),
        "weights_tok_s": best / weights,
    }


def cached_bytes(options: Namespace) -> float:
    """Keys and values in float16, as all but transformers keep them, of the tokens before the middle of the reply."""
    from engine.model import open_blueprint

    blueprint = open_blueprint(options.model)
    with blueprint.checkpoint:
        values = blueprint.outline("", has_chat_template=False).cache_values_per_token
    return 2.0 * values * (options.prompt_tokens + options.new_tokens / 2)


def peak_bytes() -> int:
    """The most memory that this process has had; `engine.device` knows it, but would load torch beside llama.cpp."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def allowed_bytes(options: Namespace, context: int) -> float:
    """What Fireside may use: the file and a seventh of it more, the cache, and 300 MB."""
    from engine.model import open_blueprint

    blueprint = open_blueprint(options.model)
    with blueprint.checkpoint:
        return 1.15 * blueprint.checkpoint.size_bytes + blueprint.cache_bytes_per_token * context + 300e6
