"""TranscriptMouse: what the mouse does in the transcript's text: it selects, and opens links."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.views.text_surface import Span
from app.views.transcript_selection import END, Place, TranscriptSelection

SCROLL_MS = 30  # between two steps while the mouse is held above or below the transcript
SCROLL_PART = 3  # of the distance outside that one step scrolls


class TranscriptMouse(QObject):
    """Keeps `selection` as the mouse moves. `place_at` and `word_around` know the text at a point of the viewport."""

    selected = Signal()
    linkClicked = Signal(str, QPoint)
    scrollAsked = Signal(int)
    clicked = Signal(QPoint)

    def __init__(
        self,
        selection: TranscriptSelection,
        place_at: Callable[[QPoint], Place],
        word_around: Callable[[Place], Span],
        link_at: Callable[[QPoint], str],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._selection, self._place_at, self._word_around, self._link_at = selection, place_at, word_around, link_at
        self.is_pressed = False
        self._pressed_at = self._last = QPoint()
        self._doubled_s = 0.0
        self._scroll = QTimer(self)
        self._scroll.setInterval(SCROLL_MS)
        self._scroll.timeout.connect(self._scroll_on)
        self._height = 0

    def press(self, event: QMouseEvent, point: QPoint) -> None:
        """Begin a selection, or carry it on with Shift; a third press in a row selects the whole block."""
        self.is_pressed, self._pressed_at, self._last = True, point, point
        place = self._place_at(point)
        if time.monotonic() - self._doubled_s < QApplication.doubleClickInterval() / 1000:
            self._select(Place(place.message, place.block, 0), Place(place.message, place.block, END))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._select(self._selection.anchor, place)
        else:
            self._select(place, place)

    def double_click(self, point: QPoint) -> None:
        """Select the word."""
        self._doubled_s = time.monotonic()
        place = self._place_at(point)
        start, end = self._word_around(place)
        self._select(Place(place.message, place.block, start), Place(place.message, place.block, end))

    def move(self, point: QPoint, *, height: int) -> None:
        """Select up to a point; outside of the viewport, scroll on."""
        self._last, self._height = point, height
        if 0 <= point.y() <= height:
            self._scroll.stop()
        elif not self._scroll.isActive():
            self._scroll.start()
        if (point - self._pressed_at).manhattanLength() >= QApplication.startDragDistance() // 2:
            self._select(self._selection.anchor, self._place_at(point))

    def release(self, point: QPoint) -> None:
        """A press that did not move opens the link under it, or tells where it was."""
        self.is_pressed = False
        self._scroll.stop()
        link = self._link_at(point)
        if link and self._selection.is_empty and self._link_at(self._pressed_at) == link:
            self.linkClicked.emit(link, point)
        elif self._selection.is_empty:
            self.clicked.emit(point)

    def _scroll_on(self) -> None:
        outside = self._last.y() - max(min(self._last.y(), self._height), 0)
        self.scrollAsked.emit(outside // SCROLL_PART or (1 if outside > 0 else -1))
        self._select(self._selection.anchor, self._place_at(self._last))

    def _select(self, anchor: Place, head: Place) -> None:
        if (anchor, head) != (self._selection.anchor, self._selection.head):
            self._selection.anchor, self._selection.head = anchor, head
            self.selected.emit()
