"""Fireside beside llama.cpp and transformers on the same file, prompt and threads: `make bench`.

The three take turns, each in a process of its own, so that what disturbs the machine disturbs all. Prints
medians with their spread, ratios, and decode as a share of what memory bandwidth allows; `--output` keeps
them as JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from engine.starter import starter_model_path

Figures = dict[str, float]
TEXT = "The quick brown fox jumps over the lazy dog. "


def fireside(options: Namespace) -> Figures:
    """Through the engine, as the window runs it."""
    from engine.api import LoadRequest
    from engine.engine import Engine

    context = options.prompt_tokens + options.new_tokens + 8
    engine = Engine()
    started = time.perf_counter()
    list(engine.run(LoadRequest(0, str(options.model), "cpu", threads=options.threads, context_length=context)))
    loaded = time.perf_counter() - started
    assert engine.model is not None
    ids = (engine.model.tokenizer.encode(TEXT) * options.prompt_tokens)[: options.prompt_tokens]
    engine.measure(ids[:64], 4)
    timings = engine.measure(ids, options.new_tokens)
    return _figures(options, loaded, prefill_s=timings.prefill_s, decode_s=timings.decode_s)


def _figures(options: Namespace, loaded: float, *, prefill_s: float, decode_s: float) -> Figures:
    from engine.device import peak_rss_bytes

    return {
        "load_s": loaded,
        "prefill_tok_s": options.prompt_tokens / prefill_s,
        "decode_tok_s": (options.new_tokens - 1) / decode_s,
        "peak_rss_mb": peak_rss_bytes() / 1e6,
    }


def forget_our_environment() -> None:
    """The OpenMP policy that Fireside sets for itself would slow the others: 35 tokens a second instead of 90."""
    os.environ.pop("OMP_WAIT_POLICY", None)


def llama_cpp(options: Namespace) -> Figures:
    """llama-cpp-python, with its own defaults but for threads and context."""
    forget_our_environment()
    from llama_cpp import Llama

    context = options.prompt_tokens + options.new_tokens + 8
    started = time.perf_counter()
    model = Llama(
        str(options.model),
        n_ctx=context,
        n_batch=512,
        n_threads=options.threads,
        n_threads_batch=options.threads,
        verbose=False,
    )
    loaded = time.perf_counter() - started
    ids = model.tokenize(TEXT.encode(), add_bos=False) * options.prompt_tokens
    evaluate: Callable[[list[int]], None] = model.eval
    evaluate(ids[:64])
    model.reset()
    started = time.perf_counter()
    evaluate(ids[: options.prompt_tokens])
    prefilled = time.perf_counter()
    for i in range(options.new_tokens - 1):
        evaluate([ids[i]])
    ended = time.perf_counter()
    return _figures(options, loaded, prefill_s=prefilled - started, decode_s=ended - prefilled)


def transformers(options: Namespace) -> Figures:
    """transformers in float32, from the same file."""
    forget_our_environment()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(options.threads)
    folder, name = str(options.model.parent), options.model.name
    started = time.perf_counter()
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()  # type: ignore[no-untyped-call]
    loaded = time.perf_counter() - started
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    ids = (tokenizer(TEXT)["input_ids"] * options.prompt_tokens)[: options.prompt_tokens]
    with torch.inference_mode():
        model(torch.tensor([ids[:64]]))
        started = time.perf_counter()
        out = model(torch.tensor([ids]), use_cache=True, logits_to_keep=1)
        prefilled = time.perf_counter()
        for i in range(options.new_tokens - 1):
            out = model(torch.tensor([[ids[i]]]), past_key_values=out.past_key_values, use_cache=True)
        ended = time.perf_counter()
    return _figures(options, loaded, prefill_s=prefilled - started, decode_s=ended - prefilled)


def memory_bandwidth(options: Namespace) -> Figures:
    """Bytes a second that `threads` threads read from memory: the largest sum over 512 MiB in seven tries."""
    import torch

    torch.set_num_threads(options.threads)
    numbers = torch.ones(1 << 26, dtype=torch.int64)
    best = 0.0
    for _ in range(7):
        started = time.perf_counter()
        numbers.sum()
        best = max(best, numbers.nbytes / (time.perf_counter() - started))
    return {"bytes_per_s": best}


CONTESTANTS: dict[str, Callable[[Namespace], Figures]] = {
    "fireside": fireside,
    "llama.cpp": llama_cpp,
    "transformers": transformers,
}
MEASUREMENTS = {**CONTESTANTS, "bandwidth": memory_bandwidth}


def main() -> int:
    """Take turns and print the comparison."""
    options = _parser().parse_args()
    options.model = Path(options.model) if options.model else starter_model_path()
    if options.one is not None:
        print(json.dumps(MEASUREMENTS[options.one](options)))
        return 0
    runs: dict[str, list[Figures]] = {name: [] for name in MEASUREMENTS}
    for number in range(options.rounds):
        for name in (*options.only, "bandwidth"):
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
            runs[name].append(_measure(name))
    results = {name: _spread(figures) for name, figures in runs.items() if figures}
    _print(results, options.model.stat().st_size)
    if options.output:
        Path(options.output).write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description="Fireside beside llama.cpp and transformers.")
    parser.add_argument("model", nargs="?", help="a GGUF file; the starter model without")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt-tokens", type=int, default=512)
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--output", metavar="FILE", help="keep the figures as JSON")
    parser.add_argument("--one", choices=MEASUREMENTS, help="measure one of them once, in this process")
    return parser


def _measure(name: str) -> Figures:
    """One measurement with the same arguments, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.compare", *sys.argv[1:], "--one", name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _spread(figures: list[Figures]) -> dict[str, Figures]:
    columns = {key: [one[key] for one in figures] for key in figures[0]}
    return {
        key: {"median": statistics.median(values), "min": min(values), "max": max(values)}
        for key, values in columns.items()
    }


def _print(results: dict[str, dict[str, Figures]], size_bytes: int) -> None:
    keys = ("load_s", "prefill_tok_s", "decode_tok_s", "peak_rss_mb")
    print(f"{'':14}" + "".join(f"{key:>30}" for key in keys))
    for name in CONTESTANTS:
        if name in results:
            cells = [results[name][key] for key in keys]
            print(f"{name:14}" + "".join(_cell(cell) for cell in cells))
    ours = results.get("fireside")
    for name in CONTESTANTS:
        if ours and name != "fireside" and name in results:
            ratios = [ours[key]["median"] / results[name][key]["median"] for key in keys]
            print(f"fireside / {name:14}" + "  ".join(f"{key} {r:.2f}" for key, r in zip(keys, ratios, strict=True)))
    bandwidth = results["bandwidth"]["bytes_per_s"]["median"]
    print(f"memory bandwidth {bandwidth / 1e9:.1f} GB/s: at most {bandwidth / size_bytes:.0f} tokens a second")
    for name in CONTESTANTS:
        if name in results:
            share = results[name]["decode_tok_s"]["median"] * size_bytes / bandwidth
            print(f"{name} decodes at {share:.0%} of it")


def _cell(spread: Figures) -> str:
    return f"{spread['median']:>12.4g} ({spread['min']:.4g} to {spread['max']:.4g})".rjust(30)


if __name__ == "__main__":
    raise SystemExit(main())
