"""The parts of `make bench`: who runs in each, and what is made of the figures, beside its goal."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.accuracy import accuracy
from benchmarks.chat_turns import TURNS, chat_turns
from benchmarks.deep_context import deep_context
from benchmarks.disturbance import disturbance
from benchmarks.engines import LLAMA_CPP
from benchmarks.fidelity import fidelity
from benchmarks.figures import Figures, Round, Row, ratio, value, with_best
from benchmarks.grouped_model import grouped_context
from benchmarks.server import server
from benchmarks.speed import bandwidth, speed
from benchmarks.stopping import stopping
from benchmarks.window import headless, window

Measure = Callable[[Namespace], Figures]
LAST, LAST_TYPED = f"turn_{TURNS}_s", f"turn_{TURNS}_typed_s"


@dataclass(frozen=True, slots=True)
class Part:
    """`contestants` take turns, each in a process of its own, in at most `most_rounds` rounds."""

    title: str
    contestants: dict[str, Measure]
    rows: tuple[Row, ...]
    most_rounds: int = 1000
    shown: tuple[str, ...] | None = None  # the figures that the table shows; None: all

    def compared(self, rounds: Sequence[Round]) -> list[Round]:
        """The rounds as the rows want them: with the better of llama.cpp's settings as llama.cpp."""
        return with_best(rounds, "llama.cpp", LLAMA_CPP)


def _each(measure: Callable[[str, Namespace], Figures], *names: str) -> dict[str, Measure]:
    return {name: partial(measure, name) for name in names}


def _beside(other: str, key: str, title: str, goal: float | None = None, *, is_at_most: bool = False) -> Row:
    return Row(f"{title}, Fireside / {other}", ratio(("fireside", key), (other, key)), goal, is_at_most)


def _within(contestant: str, over: str, under: str, title: str, goal: float | None = None) -> Row:
    """A speed as a share of another of the same contestant, in percent."""
    return Row(title, ratio((contestant, over), (contestant, under)), goal, unit="%")


def _roofline(contestant: str, title: str, goal: float | None = None) -> Row:
    share = ratio((contestant, "decode_tok_s"), ("bandwidth", "roofline_tok_s"))
    return Row(f"decode of what memory allows, {title}", share, goal, unit="%")


def _by_weights(contestant: str, title: str) -> Row:
    share = ratio((contestant, "decode_tok_s"), ("bandwidth", "weights_tok_s"))
    return Row(f"the same by the weights alone, {title}", share, unit="%")


PARTS = {
    "speed": Part(
        "Load, prompt, reply, memory",
        {**_each(speed, "fireside", *LLAMA_CPP, "transformers"), "bandwidth": bandwidth},
        (
            _beside("llama.cpp", "decode_tok_s", "decode", 1.5),
            _roofline("fireside", "Fireside", 0.7),
            _by_weights("fireside", "Fireside"),
            _roofline("llama.cpp", "llama.cpp"),
            _beside("llama.cpp", "prefill_tok_s", "prefill", 3.0),
            _beside("llama.cpp", "load_s", "load", 1.0, is_at_most=True),
            Row(
                "peak memory / (1.15 file + cache + 300 MB)",
                ratio(("fireside", "peak_mb"), ("fireside", "allowed_mb")),
                1.0,
                is_at_most=True,
            ),
            _beside("llama.cpp", "peak_mb", "peak memory"),
            _beside("transformers", "decode_tok_s", "decode"),
            _beside("transformers", "prefill_tok_s", "prefill"),
        ),
    ),
    "context": Part(
        "Decode behind a long text",
        {
            **_each(deep_context, "fireside", "fireside q8_0", *LLAMA_CPP, "llama.cpp q8_0"),
            **_each(grouped_context, "fireside grouped", "fireside grouped q8_0"),
        },
        (
            _within(
                "fireside grouped", "decode_8k_tok_s", "decode_0_tok_s", "decode at 8k / at 0, 14 heads on 2", 0.6
            ),
            _within(
                "fireside grouped q8_0",
                "decode_8k_tok_s",
                "decode_0_tok_s",
                "decode at 8k / at 0, 14 heads on 2, q8_0",
            ),
            _within("fireside", "decode_8k_tok_s", "decode_0_tok_s", "decode at 8k / at 0, Fireside"),
            _within("fireside q8_0", "decode_8k_tok_s", "decode_0_tok_s", "decode at 8k / at 0, Fireside q8_0"),
            _within("llama.cpp", "decode_8k_tok_s", "decode_0_tok_s", "decode at 8k / at 0, llama.cpp"),
            _within("llama.cpp q8_0", "decode_8k_tok_s", "decode_0_tok_s", "decode at 8k / at 0, llama.cpp q8_0"),
            _beside("llama.cpp", "decode_8k_tok_s", "decode at 8k"),
            _beside("llama.cpp", "prefill_8k_tok_s", "prefill of 8k"),
        ),
        most_rounds=3,
    ),
    "turns": Part(
        "Time to first token in a chat",
        _each(chat_turns, "fireside", *LLAMA_CPP),
        (
            Row(
                f"first token, turn {TURNS} / turn 2, Fireside",
                ratio(("fireside", LAST), ("fireside", "turn_2_s")),
                1.2,
                is_at_most=True,
            ),
            Row(
                f"first token, turn {TURNS} / turn 2, llama.cpp",
                ratio(("llama.cpp", LAST), ("llama.cpp", "turn_2_s")),
            ),
            _beside("llama.cpp", LAST, f"first token of turn {TURNS}"),
            Row(
                f"first token, turn {TURNS} / turn 2, typed",
                ratio(("fireside", LAST_TYPED), ("fireside", "turn_2_typed_s")),
            ),
            Row(
                f"first token of turn {TURNS}, typed / given whole",
                ratio(("fireside", LAST_TYPED), ("fireside", LAST)),
            ),
        ),
        shown=("turn_1_s", "turn_2_s", LAST, "turn_1_typed_s", "turn_2_typed_s", LAST_TYPED),
    ),
    "server": Part(
        "A hundred requests at the server",
        {"fireside": server},
        (
            _within("fireside", "window_beside_tok_s", "window_alone_tok_s", "the window's reply beside them", 0.4),
            _within("fireside", "answered", "requests", "requests that were answered", 1.0),
            Row("a program's lead over another", value("fireside", "most_ahead"), 1.0, True, ""),
        ),
        most_rounds=3,
    ),
    "window": Part(
        "The window",
        {"window": window, "headless": headless},
        (
            Row(
                "decode, window / headless",
                ratio(("window", "decode_tok_s"), ("headless", "decode_tok_s")),
                0.95,
                unit="%",
            ),
            _within("window", "decode_tok_s", "unseen_tok_s", "decode, shown / told to nobody", 0.95),
            Row("a core's share that the window's thread takes", value("window", "window_thread_share"), unit="%"),
            Row("longest stall while a reply streams", value("window", "stall_while_streaming_s"), 0.1, True, "s"),
        ),
    ),
    "disturbed": Part(
        "Decode while others use the processor",
        _each(disturbance, "fireside", *LLAMA_CPP),
        (
            _within("fireside", "repaint_tok_s", "alone_tok_s", "beside a repainting window, Fireside", 0.85),
            _within("llama.cpp", "repaint_tok_s", "alone_tok_s", "beside a repainting window, llama.cpp"),
            _within("fireside", "core_tok_s", "alone_tok_s", "beside a program that takes a core, Fireside"),
            _within("llama.cpp", "core_tok_s", "alone_tok_s", "beside a program that takes a core, llama.cpp"),
        ),
        most_rounds=3,
    ),
    "stopping": Part(
        "From the request to stop to the end",
        {"fireside": stopping},
        (
            Row("stop while reading a prompt, 95th percentile", value("fireside", "prefill_p95_ms"), 500, True, "ms"),
            Row("stop while replying, 95th percentile", value("fireside", "decode_p95_ms"), 500, True, "ms"),
        ),
        most_rounds=2,
    ),
    "accuracy": Part(
        "Compiled kernels against float32",
        {"fireside": accuracy},
        (
            Row("change of perplexity, many tokens at once", value("fireside", "matrix_change"), 0.005, True, "%"),
            Row("change of perplexity, few tokens at once", value("fireside", "rows_change"), 0.005, True, "%"),
            Row("logits with 1, 2 and 3 threads: difference", value("fireside", "threads_difference"), 0.0, True),
        ),
        most_rounds=1,
    ),
    "fidelity": Part(
        "What is said of each next token, against float32",
        _each(fidelity, "fireside", *LLAMA_CPP),
        (
            Row("mean divergence from float32, Fireside", value("fireside", "divergence")),
            Row("mean divergence from float32, llama.cpp", value("llama.cpp", "divergence")),
            _beside("llama.cpp", "divergence", "mean divergence from float32"),
            Row("tokens with another likeliest one, Fireside", value("fireside", "other_likeliest"), unit="%"),
            Row("tokens with another likeliest one, llama.cpp", value("llama.cpp", "other_likeliest"), unit="%"),
        ),
        most_rounds=1,
    ),
}
