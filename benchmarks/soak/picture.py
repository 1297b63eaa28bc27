"""Figures over time as an SVG file, without a library: a panel each, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, MARGIN, TITLE = 720, 120, 64, 22  # pixels
GREY, LINE = "#7d858f", "#e0702c"


def picture(minutes: Sequence[Mapping[str, float]], panels: Mapping[str, str]) -> str:
    """`panels` are titles by the names of figures; memory in bytes is drawn in MB."""
    shown = [(name, title) for name, title in panels.items() if minutes and name in minutes[0]]
    rows = [_panel(name, title, minutes, top=at * (HEIGHT + TITLE + 18)) for at, (name, title) in enumerate(shown)]
    height = len(shown) * (HEIGHT + TITLE + 18)
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    style = f'font-family="sans-serif" font-size="11" fill="{GREY}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n' + "\n".join(rows) + "\n</svg>\n"


def _panel(name: str, title: str, minutes: Sequence[Mapping[str, float]], *, top: int) -> str:
    scale = 1e-6 if name.endswith("_bytes") else 1.0
    values = [one[name] * scale for one in minutes]
    times = [one["minute"] for one in minutes]
    low, high = min(values), max(values)
    pad = max((high - low) * 0.1, high * 0.01, 0.5)  # so that a flat line looks flat
    low, high = max(low - pad, 0.0), high + pad
    right, bottom = max(times[-1], 1.0), top + TITLE + HEIGHT

    def place(minute: float, value: float) -> str:
        x = MARGIN + (WIDTH - 2 * MARGIN) * minute / right
        return f"{x:.1f},{bottom - HEIGHT * (value - low) / (high - low):.1f}"

    points = " ".join(place(minute, value) for minute, value in zip(times, values, strict=True))
    return "\n".join(
        (
            f'<text x="{MARGIN}" y="{top + 14}" font-weight="bold">{title}</text>',
            f'<rect x="{MARGIN}" y="{top + TITLE}" width="{WIDTH - 2 * MARGIN}" height="{HEIGHT}" fill="none" '
            f'stroke="{GREY}" stroke-opacity="0.3"/>',
            *(
                f'<text x="{MARGIN - 6}" y="{y}" text-anchor="end">{value:.4g}</text>'
                for value, y in ((high, top + TITLE + 10), (low, bottom))
            ),
            f'<text x="{WIDTH - MARGIN + 6}" y="{bottom}">{right:.0f} min</text>',
            f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="1.5"/>',
        )
    )
