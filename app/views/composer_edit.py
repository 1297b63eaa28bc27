"""ComposerEdit: the field in which a message is written: it grows with its lines and tells what is pasted apart."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QMimeData, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from app.views.endless_words import bear_endless_words

MOST_LINES = 8  # more than these scroll
LONG_PASTE = 4_000  # characters; more than these become a file beside the message


class ComposerEdit(QPlainTextEdit):
    """Enter is `submitted()`, Escape `stopped()`.

    Copied files that are pasted are `filesPasted(paths)`, a picture is `picturePasted(its PNG)`, a long text
    `longTextPasted(text)`; none of them is typed in. The arrows up and down in an empty field, or in one that shows
    what was `recalled` unchanged, are `recallRequested(-1 or 1)`. `take_key` has each key first.
    """

    submitted = Signal()
    stopped = Signal()
    focusChanged = Signal(bool)
    filesPasted = Signal(list)
    picturePasted = Signal(bytes)
    longTextPasted = Signal(str)
    recallRequested = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.recalled = ""
        self.take_key: Callable[[QKeyEvent], bool] = lambda _event: False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        bear_endless_words(self)
        self.document().documentLayout().documentSizeChanged.connect(self.fit_height)

    def fit_height(self) -> None:
        """As high as the text, between one line and `MOST_LINES`."""
        height, lines = 0.0, 0
        block = self.document().begin()
        while block.isValid() and lines <= MOST_LINES:
            height += self.document().documentLayout().blockBoundingRect(block).height()
            lines += block.lineCount()
            block = block.next()
        if lines > MOST_LINES:
            height *= MOST_LINES / lines
        # Letters that another font is asked for, such as Chinese ones, are higher than a line of the font.
        least = max(
            self.fontMetrics().lineSpacing(), self.fontMetrics().boundingRect(self.placeholderText()).height()
        )
        self.setFixedHeight(math.ceil(max(height, least) + 2 * self.document().documentMargin()))
        scrolls = lines > MOST_LINES
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if scrolls else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send on Enter, stop on Escape, else type."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self.take_key(event):
            return
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._is_unchanged():
            self.recallRequested.emit(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shift:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.stopped.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tab belongs to whoever takes keys, before it moves the focus."""
        is_tab = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab
        if is_tab and event.type() == QEvent.Type.KeyPress and self.take_key(event):  # type: ignore[arg-type] # a key
            return True
        return super().event(event)

    def _is_unchanged(self) -> bool:
        return self.toPlainText() in ("", self.recalled)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text and pictures; dropped files are for the window."""
        return (source.hasText() or source.hasImage()) and not source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Take what is pasted: files and a picture beside the text, a short text into it."""
        paths = [url.toLocalFile() for url in source.urls() if url.isLocalFile()]
        if paths:
            self.filesPasted.emit(paths)
        elif source.hasText():
            if len(source.text()) > LONG_PASTE:
                self.longTextPasted.emit(source.text())
            else:
                self.insertPlainText(source.text())
        elif source.hasImage():
            self.picturePasted.emit(_png(QImage(source.imageData())))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell the card to show the focus."""
        super().focusInEvent(event)
        self.focusChanged.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell the card to stop showing the focus."""
        super().focusOutEvent(event)
        self.focusChanged.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrapping may have changed the number of lines."""
        super().resizeEvent(event)
        self.fit_height()

    def changeEvent(self, event: QEvent) -> None:
        """A theme may have changed the font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit_height()


def _png(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload] # the stub wants bytes, Qt takes text
    return bytes(buffer.data().data())
