"""PersonView: what the person wrote, as plain text in a bubble."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import Theme
from app.views.blocks import PlainBlock
from app.views.message_editor import MessageEditor
from app.views.message_view import MessageView, TranscriptMessage
from app.views.text_block import Bubble

LONGEST_BUBBLE = 8_000  # characters shown as a bubble; longer messages scroll
WIDEST_BUBBLE = 0.8  # of the column


class PersonView(MessageView):
    """An edit makes another version, which the model answers."""

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(message, theme, parent)
        self.setObjectName("personView")
        self._line = QVBoxLayout()
        self._bubble = self._make_bubble(message.text)
        self._text = message.text
        self.body.addLayout(self._line)
        self.action_row.insertStretch(0, 1)
        for button in (self.edit_button, self.branch_button, self.delete_button, self.more_button):
            self.action_row.addWidget(button)
        self.finish_layout()
        self.show_text_widgets(True)

    def say_texts(self) -> None:
        """Name the parts in the language of now."""
        super().say_texts()
        self.setAccessibleName(self.tr("You"))

    def show_message(self, message: TranscriptMessage) -> None:
        """Show a newer state, or another message."""
        self.show_state(message)
        if message.text != self._text:
            self._text = message.text
            self._show_text(message.text)
        self.show_text_widgets(not self.is_edited)

    def fit(self, width: int) -> None:
        """A short bubble is as wide as its longest line."""
        if isinstance(self._bubble, Bubble):
            size = self._bubble.fitted(round(width * WIDEST_BUBBLE))
            if size != self._bubble.size() or size != self._bubble.maximumSize():
                self._bubble.setFixedSize(size)
                self._line.invalidate()  # as a layout in a layout it would not know before the event loop comes round
        else:
            self._bubble.height_for(width)

    @property
    def surface_count(self) -> int:
        """The bubble."""
        return 1

    def surface(self, number: int) -> Bubble | PlainBlock:
        """The bubble."""
        return self._bubble

    def surface_near(self, point: QPoint) -> int | None:
        """The bubble."""
        return 0

    def line_of_surface(self, number: int) -> int:
        """Where the bubble begins."""
        return self._bubble.y()

    def make_editor(self) -> MessageEditor:
        """An edited message is sent."""
        return MessageEditor(
            self.message.text,
            height=self._bubble.height(),
            save_title=self.tr("Send"),
            continue_title=None,
            parent=self,
        )

    def show_text_widgets(self, is_shown: bool) -> None:
        """Hide or show the bubble; files alone need none."""
        self._bubble.setVisible(is_shown and bool(self._text))

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        super().apply_theme(theme)
        self._bubble.apply_theme(theme)

    def _show_text(self, text: str) -> None:
        if isinstance(self._bubble, Bubble) and len(text) <= LONGEST_BUBBLE:
            self._bubble.show_text(text)
            return
        self._line.removeWidget(self._bubble)
        self._bubble.hide()
        self._bubble.deleteLater()
        self._bubble = self._make_bubble(text)

    def _make_bubble(self, text: str) -> Bubble | PlainBlock:
        bubble: Bubble | PlainBlock
        if len(text) > LONGEST_BUBBLE:
            bubble = PlainBlock(text, self.theme, self)
            bubble.setObjectName("personBubble")
            self._line.addWidget(bubble)
        else:
            bubble = Bubble(text, self.theme, self)
            self._line.addWidget(bubble, 0, Qt.AlignmentFlag.AlignTrailing)
        return bubble
