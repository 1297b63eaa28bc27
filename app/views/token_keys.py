"""The keys that lead from token to token in a strip: arrows in the direction of the language, pages, and the ends."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

PAGE = 20  # tokens that Page Up and Page Down go over


def token_step(event: QKeyEvent, direction: Qt.LayoutDirection, count: int) -> int | None:
    """How many of `count` tokens a key goes on; None where it is another key, or there are no tokens."""
    ahead = -1 if direction == Qt.LayoutDirection.RightToLeft else 1
    steps = {
        Qt.Key.Key_Right: ahead,
        Qt.Key.Key_Left: -ahead,
        Qt.Key.Key_PageDown: PAGE,
        Qt.Key.Key_PageUp: -PAGE,
        Qt.Key.Key_Home: -count,
        Qt.Key.Key_End: count,
    }
    return steps.get(Qt.Key(event.key())) if count else None
