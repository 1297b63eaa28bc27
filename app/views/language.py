"""Texts that follow the language: a widget says them in one method, now and again after each switch.

Used by every widget that lives on while the language changes; a dialog that is built anew each time needs it not.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class _Follower(QObject):
    def __init__(self, widget: QWidget, say: Callable[[], None]) -> None:
        super().__init__(widget)
        self._say = weakref.WeakMethod(say)

    def event(self, event: QEvent) -> bool:
        """Say the texts anew when another translation is installed: a widget passes that on to its children."""
        say = self._say()
        if event.type() == QEvent.Type.LanguageChange and say is not None:
            say()
        return super().event(event)


def in_every_language(widget: QWidget, say: Callable[[], None]) -> None:
    """Call the bound method `say`, which sets the texts of `widget`, now and after each change of the language."""
    say()
    _Follower(widget, say)
