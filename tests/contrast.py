"""How well two colours stand apart, as the Web Content Accessibility Guidelines count it (WCAG 2.2, 1.4.3)."""

from __future__ import annotations


def contrast(one: str, other: str) -> float:
    """1 for the same colour, 21 for black and white; colours as `#rrggbb`."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
