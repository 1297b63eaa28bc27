"""WaitingText: a text that may be too long to be laid out in one go; the window stays responsive meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal


class WaitingText(QObject):
    """Gives what waits to `lay_out`, which takes a part from its beginning and returns the rest.

    The first part is laid out at once, each other one when the event loop comes round; `grew()` tells of those.
    """

    grew = Signal()

    def __init__(self, lay_out: Callable[[str], str], parent: QObject) -> None:
        super().__init__(parent)
        self._lay_out = lay_out
        self._rest = ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._lay_out_part)
        self._later.timeout.connect(self.grew)

    @property
    def is_empty(self) -> bool:
        """Whether everything is laid out."""
        return not self._rest

    def add(self, text: str) -> None:
        """Lay out more at the end."""
        self._rest += text
        if self._rest and not self._later.isActive():
            self._lay_out_part()

    def finish(self) -> None:
        """Lay out everything now."""
        while self._rest:
            self._lay_out_part()
        self._later.stop()

    def clear(self) -> None:
        """Forget what waits."""
        self._rest = ""
        self._later.stop()

    def _lay_out_part(self) -> None:
        self._rest = self._lay_out(self._rest)
        if self._rest:
            self._later.start()
