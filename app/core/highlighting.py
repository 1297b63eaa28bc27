"""Colours for code: spans computed by Pygments, in a style that suits a light or a dark ground."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.styles import get_style_by_name
from pygments.util import ClassNotFound

LONGEST_CODE = 20_000  # characters; longer code stays plain (Pygments takes 50 ms for so much)
STYLES = {False: "xcode", True: "github-dark"}


def highlighted(source: str, language: str, *, is_dark: bool) -> Iterator[tuple[int, int, str]]:
    """Start, length and colour (`#rrggbb`) of each coloured span; none for an unknown language."""
    if not language or len(source) > LONGEST_CODE:
        return
    lexer = _lexer_of(language)
    if lexer is None:
        return
    colors = _colors(STYLES[is_dark])
    for start, kind, text in lexer().get_tokens_unprocessed(source):
        while kind not in colors and kind.parent is not None:
            kind = kind.parent  # noqa: PLW2901 - a kind without a colour has its parent's
        color = colors.get(kind)
        if color and text.strip():
            yield start, len(text), color


@lru_cache(maxsize=256)
def _lexer_of(language: str) -> type[Lexer] | None:
    """None for an unknown language, for which Pygments looks through all installed packages."""
    try:
        return find_lexer_class_by_name(language)
    except ClassNotFound:
        return None


@cache
def _colors(style: str) -> dict[object, str]:
    return {kind: f"#{rule['color']}" for kind, rule in get_style_by_name(style) if rule["color"]}
