"""QueueView: the messages that wait for their turn, above the one that is being written."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, load_theme, tinted_icon
from app.views.language import in_every_language

SPACING = 4  # pixels between rows
LONGEST_LINE = 400  # characters of a message; more never fit into a row


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """What is shown of one: its beginning, and how many files are beside it."""

    id: str
    text: str
    files: int = 0


class QueueView(QWidget):
    """Emits the id of a message and what is wanted with it, or `sendAllRequested()`."""

    sendRequested = Signal(str)
    editRequested = Signal(str)
    removeRequested = Signal(str)
    sendAllRequested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("queueView")
        self._theme = load_theme("light")
        self._rows: list[_Row] = []
        self._is_paused = False
        self._head = QLabel(self)
        self._head.setObjectName("queueHead")
        self._head.setWordWrap(True)
        self._send_all = QPushButton(self)
        self._send_all.setObjectName("sendQueue")
        self._send_all.clicked.connect(self.sendAllRequested)
        head = QHBoxLayout()
        head.addWidget(self._head, 1)
        head.addWidget(self._send_all)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, SPACING)
        self._column.setSpacing(SPACING)
        self._column.addLayout(head)
        in_every_language(self, self._say_texts)
        self.hide()

    def show_messages(self, messages: tuple[WaitingMessage, ...], *, is_paused: bool) -> None:
        """Show these in their order; a queue that `is_paused` asks whether to go on. Hidden without any."""
        self._is_paused = is_paused
        for row in self._rows[len(messages) :]:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        del self._rows[len(messages) :]
        while len(self._rows) < len(messages):
            row = _Row(self)
            row.sendRequested.connect(self.sendRequested)
            row.editRequested.connect(self.editRequested)
            row.removeRequested.connect(self.removeRequested)
            row.apply_theme(self._theme)
            self._rows.append(row)
            self._column.addWidget(row)
        for row, message in zip(self._rows, messages, strict=True):
            row.show_message(message)
        self._send_all.setVisible(is_paused)
        self._say_texts()
        self.setVisible(bool(messages))

    def shown(self) -> tuple[WaitingMessage, ...]:
        """The messages that are shown."""
        return tuple(row.message for row in self._rows)

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons."""
        self._theme = theme
        for row in self._rows:
            row.apply_theme(theme)

    def _say_texts(self) -> None:
        self.setAccessibleName(self.tr("Messages that wait"))
        self._head.setText(
            self.tr("Not sent yet. Send now?") if self._is_paused else self.tr("Sent when the reply ends:")
        )
        self._send_all.setText(self.tr("Send"))
        self._send_all.setAccessibleName(self.tr("Send the messages that wait"))


class _Row(QFrame):
    """One message."""

    sendRequested = Signal(str)
    editRequested = Signal(str)
    removeRequested = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("queueRow")
        self.message = WaitingMessage("", "")
        self._text = QLabel(self)
        self._text.setObjectName("queueText")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 2, 2)
        row.setSpacing(2)
        row.addWidget(self._text, 1)
        self._buttons: dict[QToolButton, str] = {}
        self._send = self._button("sendQueued", "send")
        self._send.clicked.connect(lambda: self.sendRequested.emit(self.message.id))
        self._edit = self._button("editQueued", "edit")
        self._edit.clicked.connect(lambda: self.editRequested.emit(self.message.id))
        self._remove = self._button("removeQueued", "close")
        self._remove.clicked.connect(lambda: self.removeRequested.emit(self.message.id))
        for button in self._buttons:
            row.addWidget(button)
        in_every_language(self, self._say_texts)

    def show_message(self, message: WaitingMessage) -> None:
        """Show another message."""
        self.message = message
        self._say_texts()

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons."""
        for button, icon in self._buttons.items():
            button.setIcon(tinted_icon(icon, theme.colors["text_muted"], size=14))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the text into the new width."""
        super().resizeEvent(event)
        self._say_texts()

    def _button(self, object_name: str, icon: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(object_name)
        button.setIconSize(QSize(14, 14))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._buttons[button] = icon
        return button

    def _say_texts(self) -> None:
        line = " ".join(self.message.text[:LONGEST_LINE].split())
        if self.message.files:
            files = self.tr("%Ln file(s)", "", self.message.files)
            line = f"{line} · {files}" if line else files
        width = max(self._text.width(), 80)
        self._text.setText(self._text.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, width))
        self._text.setAccessibleName(line)
        for button, name in (
            (self._send, self.tr("Send now")),
            (self._edit, self.tr("Edit")),
            (self._remove, self.tr("Remove")),
        ):
            button.setAccessibleName(name)
            button.setToolTip(name)
