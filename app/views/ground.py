"""Ground: a widget that covers what lies below it with its colour of the style sheet.

A caret, a figure or a scroll bar in it is painted many times a second, and what may show through is painted with it.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget


class Ground(QWidget):
    """Opaque."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The style sheet's background is that of the palette's window."""
        QPainter(self).fillRect(event.rect(), self.palette().window())
