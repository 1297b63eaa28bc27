"""The results of `make bench` as a picture: results.svg and results.png.

Text is grey and the background transparent, so that it can be read on light and dark pages. A panel whose part was
not measured is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.chat_turns import TURNS
from benchmarks.report import Record, number

GREY = "#7d858f"  # 3.8 : 1 on white, 4.7 : 1 on GitHub's dark page
COLOURS = {
    "fireside": "#e0702c",
    "fireside q8_0": "#f0a878",
    "llama.cpp": "#3f83d6",
    "llama.cpp q8_0": "#8fb5e8",
    "transformers": "#9b7fd1",
}
Axes = Any  # matplotlib has types only where it is installed
Results = dict[str, Record]
STYLE: dict[Any, Any] = {  # matplotlib types every key, but only where it is installed
    "font.size": 10,
    "svg.fonttype": "none",  # text stays text
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY),
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot(results: Results, folder: Path) -> None:
    """Draw what there is into `folder`."""
    panels = [draw for part, draw in _PANELS if _figures(results, part)]
    if not panels:
        return
    with mpl.rc_context(STYLE):
        columns = min(len(panels), 3)
        rows = -(-len(panels) // columns)
        figure = Figure(figsize=(4.2 * columns, 3.1 * rows), layout="constrained")
        for place, draw in enumerate(panels, start=1):
            draw(figure.add_subplot(rows, columns, place), results)
        facts = next(iter(results.values()))["facts"]
        figure.suptitle(f"{facts['model']}, {facts['threads']} threads, {facts['processor']}", fontsize=10)
        for ending in ("svg", "png"):
            figure.savefig(folder / f"results.{ending}", transparent=True, dpi=150)


def _figures(results: Results, part: str) -> dict[str, dict[str, dict[str, float]]]:
    return results.get(part, {}).get("figures", {})


def _bars(key: str, title: str, *, leave_out: str = "") -> Callable[[Axes, Results], None]:
    """Medians of one figure of the first part, with lines from the least to the greatest."""

    def draw(axes: Axes, results: Results) -> None:
        figures = _figures(results, "speed")
        names = [name for name in COLOURS if key in figures.get(name, {}) and name != leave_out]
        found = [figures[name][key] for name in names]
        errors = [[one["median"] - one["min"] for one in found], [one["max"] - one["median"] for one in found]]
        colours = [COLOURS[name] for name in names]
        axes.bar(
            names, [one["median"] for one in found], color=colours, width=0.6, yerr=errors, ecolor=GREY, capsize=4
        )
        for place, one in enumerate(found):
            at = (place, one["max"])
            axes.annotate(number(one["median"]), at, (0, 4), textcoords="offset points", ha="center")
        axes.margins(y=0.12)
        axes.set_title(title, fontsize=10)

    return draw


def _decode(axes: Axes, results: Results) -> None:
    _bars("decode_tok_s", "Decode, tokens/s")(axes, results)
    roofline = _figures(results, "speed").get("bandwidth", {}).get("roofline_tok_s")
    if roofline:
        axes.axhline(roofline["median"], color=GREY, linestyle="--", linewidth=1)
        axes.set_title("Decode, tokens/s (dashed: what memory allows)", fontsize=10)


def _depth(axes: Axes, results: Results) -> None:
    figures = _figures(results, "context")
    for name, colour in COLOURS.items():
        ends = [figures.get(name, {}).get(key) for key in ("decode_0_tok_s", "decode_8k_tok_s")]
        speeds = [end["median"] for end in ends if end]
        if len(speeds) == 2:
            axes.plot(["at 0", "at 8k"], speeds, color=colour, marker="o", label=name)
    axes.set_ylim(bottom=0)
    axes.set_title("Decode behind a long text, tokens/s", fontsize=10)
    axes.legend(frameon=False, fontsize=8)


def _turns(axes: Axes, results: Results) -> None:
    figures = _figures(results, "turns")
    turns = range(2, TURNS + 1)
    for name, colour in COLOURS.items():
        if name in figures:
            times_ms = [figures[name][f"turn_{turn}_s"]["median"] * 1000 for turn in turns]
            axes.plot(list(turns), times_ms, color=colour, marker="o", markersize=3, label=name)
    axes.set_ylim(bottom=0)
    axes.set_xticks([2, 5, 10, 15, 20])
    axes.set_title("First token of each turn of a chat, ms", fontsize=10)
    axes.legend(frameon=False, fontsize=8)


_PANELS: tuple[tuple[str, Callable[[Axes, Results], None]], ...] = (
    ("speed", _decode),
    ("speed", _bars("prefill_tok_s", "Prefill, tokens/s")),
    ("speed", _bars("load_s", "Load, s", leave_out="transformers")),  # 13 s would flatten the others
    ("speed", _bars("peak_mb", "Peak memory, MB")),
    ("context", _depth),
    ("turns", _turns),
)
