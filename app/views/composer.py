"""Composer: the card in which a message is written, with the send and stop buttons inside.

Enter sends, Shift+Enter starts a line, Escape stops. It never refuses typing and never clears itself: the
controller does once the message is safely stored.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme, tinted_icon
from app.views.language import in_every_language

MOST_LINES = 8  # more than these scroll
BUTTON_SIZE = 32


class _MessageEdit(QPlainTextEdit):
    """Plain text that grows with its lines and tells Enter from Shift+Enter."""

    submitted = Signal()
    stopped = Signal()
    focusChanged = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(self.fit_height)

    def fit_height(self) -> None:
        """As high as the text, between one line and `MOST_LINES`."""
        lines = round(self.document().size().height())  # QPlainTextDocumentLayout counts lines, not pixels
        shown = min(max(lines, 1), MOST_LINES)
        margins = round(2 * self.document().documentMargin())
        self.setFixedHeight(shown * self.fontMetrics().lineSpacing() + margins)
        scrolls = lines > MOST_LINES
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if scrolls else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send on Enter, stop on Escape, else type."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shift:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.stopped.emit()
        else:
            super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text only; dropped files are for the window."""
        return source.hasText() and not source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste text; copied files paste as their names would."""
        if source.hasText():
            self.insertPlainText(source.text())

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


class Composer(QFrame):
    """Emits what the person wants: `submitted(text)` or `stopRequested()`."""

    submitted = Signal(str)
    stopRequested = Signal()
    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composerCard")
        self._edit = _MessageEdit(self)
        self._edit.setObjectName("composer")
        self._edit.submitted.connect(self._submit)
        self._edit.stopped.connect(self.stopRequested)
        self._edit.focusChanged.connect(self._show_focus)
        self._edit.textChanged.connect(self._text_changed)
        self._hint = QLabel(self)
        self._hint.setObjectName("composerHint")
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._send = self._button("sendButton")
        self._send.clicked.connect(self._submit)
        self._stop = self._button("stopButton")
        self._stop.clicked.connect(self.stopRequested)
        buttons = QWidget(self)
        buttons.setFixedSize(BUTTON_SIZE, BUTTON_SIZE)
        self._buttons = QStackedLayout(buttons)
        self._buttons.addWidget(self._send)
        self._buttons.addWidget(self._stop)
        bottom = QHBoxLayout()
        bottom.addWidget(self._hint, 1)
        bottom.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 10, 10)
        column.setSpacing(4)
        column.addWidget(self._edit)
        column.addLayout(bottom)
        self.setFocusProxy(self._edit)
        in_every_language(self, self._say_texts)
        self._text_changed()

    def text(self) -> str:
        """What is written so far."""
        return self._edit.toPlainText()

    def set_text(self, text: str) -> None:
        """Replace what is written, as when a draft comes back, and put the cursor behind it."""
        self._edit.setPlainText(text)
        self._edit.moveCursor(self._edit.textCursor().MoveOperation.End)

    def set_replying(self, is_replying: bool) -> None:
        """Show the stop button instead of the send button."""
        had_focus = self._send.hasFocus() or self._stop.hasFocus()
        self._buttons.setCurrentWidget(self._stop if is_replying else self._send)
        if had_focus:
            self._edit.setFocus()

    def is_replying(self) -> bool:
        """Whether the stop button is the one that is shown."""
        return self._buttons.currentWidget() is self._stop

    def set_hint(self, sentence: str | None) -> None:
        """Say something below the text; None brings the usual hint back. Typing does, too."""
        self._hint.setText(sentence or self._default_hint)

    def apply_theme(self, theme: Theme) -> None:
        """Tint the buttons."""
        muted = theme.colors["text_muted"]
        self._send.setIcon(tinted_icon("send", theme.colors["on_accent"], disabled=muted))
        self._stop.setIcon(tinted_icon("stop", theme.colors["on_accent"]))
        self._edit.fit_height()

    def _say_texts(self) -> None:
        self._edit.setPlaceholderText(self.tr("Write a message…"))
        self._edit.setAccessibleName(self.tr("Message"))
        self._edit.setAccessibleDescription(self.tr("Enter sends, Shift+Enter starts a new line."))
        self._send.setAccessibleName(self.tr("Send"))
        self._send.setToolTip(self.tr("Send (Enter)"))
        self._stop.setAccessibleName(self.tr("Stop"))
        self._stop.setToolTip(self.tr("Stop the reply (Esc)"))
        self._default_hint = self.tr("Enter to send, Shift+Enter for a new line")
        self.set_hint(None)

    def _button(self, object_name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(object_name)
        button.setFixedSize(BUTTON_SIZE, BUTTON_SIZE)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _submit(self) -> None:
        if self.text().strip():
            self.submitted.emit(self.text())

    def _text_changed(self) -> None:
        self.edited.emit()
        self._send.setEnabled(not self._edit.document().isEmpty())
        self.set_hint(None)

    def _show_focus(self, is_active: bool) -> None:
        self.setProperty("active", is_active)
        self.style().unpolish(self)
        self.style().polish(self)
