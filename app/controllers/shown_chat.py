"""ShownChat: the open chat in the window: puts its path, its title and what changes of it on the screen.

Knows nothing of engine and store; `ChatController` and `ReplyStream` share the one there is.
"""

from __future__ import annotations

from functools import partial

from app.controllers.open_chat import OpenChat, first_read
from app.controllers.shown_message import ShownPath, shown_message
from app.core.conversation import StoredMessage
from app.views.main_window import MainWindow
from app.views.transcript import TranscriptMessage


class ShownChat:
    """`chat` is what is open; `running_id` the message that is being written, in this chat or in another."""

    def __init__(self, chat: OpenChat, window: MainWindow) -> None:
        self.chat = chat
        self.running_id: str | None = None
        self._window = window
        self._transcript = window.transcript

    def name(self, title: str | None) -> None:
        """Name the chat in the window's title."""
        self._window.show_conversation_title(title, is_temporary=self.chat.is_temporary)

    def show_path(self) -> None:
        """Show the path of the tree as it is now."""
        path = self.chat.tree.path()
        show = partial(self._of_chat, self.chat)  # the transcript may ask for more when another one is on its way
        self._transcript.show_messages(ShownPath(path, show), [message.id for message in path])

    def update(self, message: StoredMessage) -> None:
        """Put a newer state of a message in its place."""
        if message.id in self.chat.tree:
            self.chat.tree.replace(message)
            self._transcript.update_message(self._shown(message))

    def stream(self, message: StoredMessage) -> None:
        """Show what a reply says by now, unless it was deleted meanwhile; called once a frame."""
        if message.id not in self.chat.tree:
            return
        self.chat.tree.replace(message)
        shown = self._shown(message)
        self._transcript.show_stream(message.id, shown.thinking, shown.text)

    def mark_first_read(self, dropped: int) -> None:
        """Draw a line above the first message that the model still reads when so many turns were left out."""
        if dropped == self.chat.dropped:
            return
        path, before = self.chat.tree.path(), self.chat.first_read_id
        self.chat.dropped, self.chat.first_read_id = dropped, first_read(path, dropped)
        for message in path:
            if message.id in (before, self.chat.first_read_id):
                self._transcript.update_message(self._shown(message))

    def _shown(self, message: StoredMessage) -> TranscriptMessage:
        return self._of_chat(self.chat, message)

    def _of_chat(self, chat: OpenChat, message: StoredMessage) -> TranscriptMessage:
        return shown_message(
            message,
            versions=chat.tree.siblings(message.id),
            is_running=message.id == self.running_id,
            is_first_read=message.id == chat.first_read_id,
            read_file=chat.store.attachment_data,
        )
