"""The results of `make bench`: as a record for JSON, and as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.figures import Round, over_rounds, spreads
from benchmarks.parts import Part

Record = dict[str, Any]  # what JSON can hold


def record(part: Part, rounds: Sequence[Round], missing: dict[str, str], facts: dict[str, object]) -> Record:
    """One part's results: every round, the spread of every figure, every row with its goal."""
    compared = part.compared(rounds)
    rows = []
    for row in part.rows:
        found = over_rounds(row, compared)
        if found is not None:
            rows.append(
                {
                    "title": row.title,
                    **asdict(found),
                    "unit": row.unit,
                    "goal": row.goal,
                    "is_at_most": row.is_at_most,
                    "is_met": row.is_met(found.median),
                }
            )
    figures = {
        contestant: {key: asdict(one) for key, one in keys.items()} for contestant, keys in spreads(compared).items()
    }
    return {
        "title": part.title,
        "facts": facts,
        "rounds": list(rounds),
        "missing": missing,
        "figures": figures,
        "rows": rows,
    }


def table(part: Part, results: Record) -> str:
    """A part's figures, one column a contestant, and below them what has a goal."""
    figures = {name: keys for name, keys in results["figures"].items() if name in part.contestants}
    keys = list(dict.fromkeys(key for columns in figures.values() for key in columns))
    lines = ["", results["title"], "=" * len(results["title"]), f"{'':28}" + "".join(f"{n:>28}" for n in figures)]
    for key in keys:
        if part.shown is None or key in part.shown:
            cells = (_spread(columns[key]) if key in columns else "" for columns in figures.values())
            lines.append(f"{key:28}" + "".join(f"{cell:>28}" for cell in cells))
    lines += [f"{name} was not measured: {why}" for name, why in results["missing"].items()]
    lines.append("")
    return "\n".join(lines + [_row(row) for row in results["rows"]])


def number(value: float, unit: str = "") -> str:
    """Three digits, or all before the point, with the unit; shares in percent, very small ones with more digits."""
    if unit == "%":
        return f"{value:.1%}" if value >= 0.1 else f"{value:.3%}"
    digits = f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()


def _row(row: Record) -> str:
    unit = row["unit"]
    median, least, most = (number(row[key], unit) for key in ("median", "min", "max"))
    goal = verdict = ""
    if row["goal"] is not None:
        goal = f"{'≤' if row['is_at_most'] else '≥'} {number(row['goal'], unit)}"
        verdict = "ok" if row["is_met"] else "SHORT"
    return f"{row['title']:52}{median:>10} {f'({least} to {most})':26}{goal:12}{verdict}".rstrip()


def _spread(one: dict[str, float]) -> str:
    median, least, most = (number(one[key]) for key in ("median", "min", "max"))
    return f"{median} ({least} to {most})"
