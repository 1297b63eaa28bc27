"""TokenStrip: a line of tokens around the chosen one; the arrow keys and the mouse choose another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

from app.theme import Theme, load_theme
from app.views.language import in_every_language
from app.views.token_keys import token_step

PADDING = 5  # pixels at each side of a token
GAP = 2  # pixels between two


class TokenStrip(QWidget):
    """`chosen(index)` when a person goes to another token."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tokenStrip")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._theme = load_theme("light")
        self._texts: Sequence[str] = ()
        self._index: int | None = None
        in_every_language(self, self._say_texts)

    def show_tokens(self, texts: Sequence[str]) -> None:
        """The tokens of a reply, as they are written alone; none is chosen."""
        self._texts, self._index = texts, None
        self._say_texts()
        self.update()

    def show_chosen(self, index: int | None) -> None:
        """Put this token in the middle."""
        self._index = index
        self._say_texts()
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(120, self.fontMetrics().height() + 14)

    def minimumSizeHint(self) -> QSize:
        """As narrow as one token."""
        return QSize(60, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from token to token, in the direction of the language."""
        step = token_step(event, self.layoutDirection(), len(self._texts))
        if step is None:
            super().keyPressEvent(event)
            return
        self._choose((self._index or 0) + step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the token under the mouse."""
        point = event.position().toPoint()
        for index, place in self._places():
            if place.contains(point):
                self._choose(index)
                return

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the tokens that fit, the chosen one on its ground."""
        painter = QPainter(self)
        colors = self._theme.colors
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, place in self._places():
            is_chosen = index == self._index
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors["token_chosen"] if is_chosen else colors["surface_raised"]))
            painter.drawRoundedRect(place, 4, 4)
            painter.setPen(QColor(colors["text"] if is_chosen else colors["text_muted"]))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._texts[index])
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colors["accent"]))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)

    def _choose(self, index: int) -> None:
        wanted = min(max(index, 0), len(self._texts) - 1)
        if wanted != self._index:
            self.chosen.emit(wanted)

    def _places(self) -> Iterator[tuple[int, QRect]]:
        """The tokens that can be seen and where they stand."""
        if not self._texts:
            return
        middle = self._index or 0
        width = self._width(middle)
        left = 4 if self._index is None else max((self.width() - width) // 2, 0)
        yield self._place(middle, left, width)
        at = left + width + GAP
        for index in range(middle + 1, len(self._texts)):
            if at >= self.width():
                break
            width = self._width(index)
            yield self._place(index, at, width)
            at += width + GAP
        at = left - GAP
        for index in range(middle - 1, -1, -1):
            if at <= 0:
                break
            width = self._width(index)
            yield self._place(index, at - width, width)
            at -= width + GAP

    def _place(self, index: int, left: int, width: int) -> tuple[int, QRect]:
        rect = QRect(left, 4, width, self.height() - 8)
        return index, QStyle.visualRect(self.layoutDirection(), self.rect(), rect)

    def _width(self, index: int) -> int:
        return self.fontMetrics().horizontalAdvance(self._texts[index]) + 2 * PADDING

    def _say_texts(self) -> None:
        name = self.tr("Tokens of the reply")
        self.setAccessibleName(name)
        self.setToolTip(self.tr("Go from token to token (arrow keys)"))
        if self._index is None:
            self.setAccessibleDescription("")
            return
        self.setAccessibleDescription(
            self.tr("Token {number} of {count}: {text}").format(
                number=self._index + 1, count=len(self._texts), text=self._texts[self._index]
            )
        )
