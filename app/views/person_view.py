"""PersonView: what the person wrote, as plain text in a bubble."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.theme import Theme
from app.views.blocks import Bubble, PlainBlock
from app.views.message_editor import MessageEditor
from app.views.message_view import MessageView, TranscriptMessage

LONGEST_BUBBLE = 8_000  # characters shown as a bubble; longer messages scroll


class PersonView(MessageView):
    """An edit makes another version, which the model answers."""

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(message, theme, parent)
        self.setObjectName("personView")
        self._bubble = self._make_bubble(message.text)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self._bubble, 4)
        self.body.addLayout(line)
        self.action_row.insertStretch(0, 1)
        for button in (self.edit_button, self.branch_button, self.delete_button):
            self.action_row.addWidget(button)
        self.finish_layout()

    def show_message(self, message: TranscriptMessage) -> None:
        """Show a newer state; the text of a person's message does not change."""
        self.show_state(message)

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
        """Hide or show the bubble."""
        self._bubble.setVisible(is_shown)

    def _make_bubble(self, text: str) -> QWidget:
        if len(text) > LONGEST_BUBBLE:
            block = PlainBlock(text, self)
            block.setObjectName("personBubble")
            return block
        return Bubble(text, self)
