"""MessageEditor: a message's text in a field of its own, with buttons that say what becomes of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.views.endless_words import bear_endless_words

LEAST_HEIGHT, MOST_HEIGHT = 72, 320  # pixels
PADDING = 40  # pixels around the text, with half a line to see that no more follows


class _Field(QPlainTextEdit):
    """Ctrl+Enter saves, Escape cancels."""

    saved = Signal()
    cancelled = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The two keys that leave the editor."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.saved.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep Escape from the window's own shortcut while editing."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)


class MessageEditor(QWidget):
    """Emits `saved(text)`, `continued(text)` where a reply may go on from the text, or `cancelled()`."""

    saved = Signal(str)
    continued = Signal(str)
    cancelled = Signal()

    def __init__(
        self, text: str, *, height: int, save_title: str, continue_title: str | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._field = _Field(self)
        self._field.setObjectName("messageEditor")
        self._field.setAccessibleName(self.tr("Edit the message"))
        bear_endless_words(self._field)
        self._field.setPlainText(text)
        self._field.setTabChangesFocus(True)
        self._field.setFixedHeight(min(max(height + PADDING, LEAST_HEIGHT), MOST_HEIGHT))
        self._field.saved.connect(lambda: self.saved.emit(self._field.toPlainText()))
        self._field.cancelled.connect(self.cancelled)
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.setObjectName("cancelEdit")
        cancel.clicked.connect(self.cancelled)
        save = QPushButton(save_title, self)
        save.setObjectName("saveEdit")
        save.setDefault(True)
        save.clicked.connect(lambda: self.saved.emit(self._field.toPlainText()))
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        if continue_title is not None:
            go_on = QPushButton(continue_title, self)
            go_on.setObjectName("continueEdit")
            go_on.clicked.connect(lambda: self.continued.emit(self._field.toPlainText()))
            buttons.addWidget(go_on)
        buttons.addWidget(save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._field)
        column.addLayout(buttons)

    def begin(self) -> None:
        """Put the cursor behind the text."""
        self._field.setFocus()
        self._field.moveCursor(self._field.textCursor().MoveOperation.End)
