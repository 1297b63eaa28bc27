"""DivergenceStrip: a bar for each token of a reply, as high as two models differ there; arrow keys choose one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QToolTip, QWidget

from app.theme import Theme
from app.views.plain_tips import plain_tip
from app.views.token_keys import token_step

MARGIN = 4  # pixels around the bars
HEIGHT = 44  # pixels
LEAST_WIDTH = 2  # pixels of a bar; where there are more tokens, the highest of several is drawn
WIDEST = 14  # pixels of a bar


class DivergenceStrip(QWidget):
    """`chosen(index)` when a person goes to another token; `describe` says one in a sentence."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, describe: Callable[[int], str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._theme, self._describe = theme, describe
        self._values: Sequence[float | None] = ()
        self._most = 1.0
        self._index: int | None = None

    def show_values(self, values: Sequence[float | None]) -> None:
        """One for each token; None where there is none. No token is chosen."""
        self._values, self._index = values, None
        self._most = max((value for value in values if value is not None), default=0.0) or 1.0
        self.setAccessibleDescription("")
        self.update()

    def show_chosen(self, index: int | None) -> None:
        """Mark this token."""
        self._index = index
        self.setAccessibleDescription("" if index is None else self._describe(index))
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Low, and as wide as there is room."""
        return QSize(160, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Some bars."""
        return QSize(60, HEIGHT)

    def event(self, event: QEvent) -> bool:
        """Say the token under the mouse."""
        if isinstance(event, QHelpEvent):
            index = self._index_at(event.x())
            QToolTip.showText(
                event.globalPos(), self.toolTip() if index is None else plain_tip(self._describe(index)), self
            )
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from token to token, in the direction of the language."""
        step = token_step(event, self.layoutDirection(), len(self._values))
        if step is None:
            super().keyPressEvent(event)
            return
        at = -1 if self._index is None and step == 1 else self._index or 0
        self.chosen.emit(min(max(at + step, 0), len(self._values) - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the token under the mouse."""
        index = self._index_at(event.position().toPoint().x())
        if index is not None:
            self.chosen.emit(index)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bars on their line, the chosen token on its ground."""
        painter = QPainter(self)
        colors = self._theme.colors
        if self._index is not None:
            painter.fillRect(self._column(self._index, self._index + 1), QColor(colors["token_chosen"]))
        bottom = self.height() - MARGIN
        room = bottom - MARGIN
        at_once = max(-(-len(self._values) * LEAST_WIDTH // max(self.width() - 2 * MARGIN, 1)), 1)
        for first in range(0, len(self._values), at_once):
            told = [value for value in self._values[first : first + at_once] if value is not None]
            if told:
                place = self._column(first, min(first + at_once, len(self._values)))
                place.setTop(bottom - max(round(room * (max(told) / self._most) ** 0.5), 1))
                place.setBottom(bottom)
                painter.fillRect(place.adjusted(0, 0, -1 if place.width() > LEAST_WIDTH else 0, 0), self._ink(first))
        painter.setPen(QColor(colors["control_border"]))
        painter.drawLine(MARGIN, bottom, self.width() - MARGIN, bottom)
        if self.hasFocus():
            painter.setPen(QColor(colors["accent"]))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _ink(self, index: int) -> QColor:
        return QColor(self._theme.colors["text" if index == self._index else "text_muted"])

    def _width(self) -> float:
        """Pixels of one token."""
        return min((self.width() - 2 * MARGIN) / max(len(self._values), 1), WIDEST)

    def _column(self, first: int, behind: int) -> QRect:
        """Where tokens stand, as high as the strip."""
        left, right = (MARGIN + round(at * self._width()) for at in (first, behind))
        rect = QRect(left, MARGIN, max(right - left, 1), self.height() - 2 * MARGIN)
        return QStyle.visualRect(self.layoutDirection(), self.rect(), rect)

    def _index_at(self, x: int) -> int | None:
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            x = self.width() - 1 - x
        index = int((x - MARGIN) / self._width()) if self._values else 0
        return index if 0 <= index < len(self._values) and x >= MARGIN else None
