"""CodeColors: the colours of code, found beside the window's thread where that takes longer than a frame may.

The first code of a language takes 5 to 25 ms, since Pygments compiles its expressions then, one that it does not know
35 ms, and 20,000 letters 50 ms.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache

from PySide6.QtCore import QObject, Signal

from app.core.highlighting import highlighted
from app.views.side_thread import SideThread

logger = logging.getLogger(__name__)

AT_ONCE = 2_000  # letters that the window's own thread colours, in 6 ms, in a language that was met before

Colored = tuple[int, int, str]  # where it starts, how long it is, its colour
Wanted = tuple[str, str, bool]  # code, its language, and whether the ground is dark


class CodeColors(QObject):
    """Asking for colours that take longer starts looking for them; `found(Wanted, list of Colored)` tells them."""

    found = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._met: set[str] = set()
        self._side = SideThread("code colours")
        self._side.done.connect(self._take)

    def get(self, wanted: Wanted) -> Sequence[Colored] | None:
        """The colours; None when they will be told."""
        source, language, is_dark = wanted
        if not language or (language in self._met and len(source) <= AT_ONCE):
            return list(highlighted(source, language, is_dark=is_dark))
        self._side.ask(wanted, lambda: _colors(wanted))
        return None

    def _take(self, wanted: Wanted, colors: Sequence[Colored]) -> None:
        self._met.add(wanted[1])
        self.found.emit(wanted, colors)


def _colors(wanted: Wanted) -> Sequence[Colored]:
    """On the side's thread; none where a lexer fails."""
    source, language, is_dark = wanted
    try:
        return list(highlighted(source, language, is_dark=is_dark))
    except Exception:
        logger.exception("code in %r is not coloured", language)
        return []


@cache
def code_colors() -> CodeColors:
    """The one place where colours are looked for."""
    return CodeColors()
