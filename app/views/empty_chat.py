"""EmptyChat: what stands where messages will be: a flame, and a sentence that says where they go."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.theme import Theme, tinted_icon
from app.views.language import in_every_language

FLAME_LINES = 12  # of the window's font: in a lower view the sentences stand alone
FLAME_SIZE = 44  # pixels


class EmptyChat(QWidget):
    """Fills the transcript of a chat without messages."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("placeholder")
        self._remote_host = ""
        self._flame = QLabel(self)
        self._title = QLabel(self)
        self._title.setObjectName("placeholderTitle")
        self._sentence = QLabel(self)
        self._sentence.setObjectName("placeholderSentence")
        column = QVBoxLayout(self)
        column.addStretch(1)
        for label in (self._flame, self._title, self._sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            column.addWidget(label)
        column.addStretch(1)
        in_every_language(self, self._say_texts)

    def show_remote_host(self, host: str) -> None:
        """Say to which host messages go; an empty one: they stay here."""
        self._remote_host = host
        self._say_texts()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        icon = tinted_icon("flame", theme.colors["accent"], size=FLAME_SIZE)
        self._flame.setPixmap(icon.pixmap(FLAME_SIZE, FLAME_SIZE))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The flame goes first where there is little room."""
        super().resizeEvent(event)
        self._flame.setVisible(self.height() > FLAME_LINES * self.fontMetrics().lineSpacing())

    def _say_texts(self) -> None:
        self._title.setText(self.tr("What is on your mind?"))
        here = self.tr("The model runs on this machine. Nothing you write leaves it.")
        there = self.tr("The model runs on another machine. What you write goes to {host}.")
        self._sentence.setText(there.format(host=self._remote_host) if self._remote_host else here)
