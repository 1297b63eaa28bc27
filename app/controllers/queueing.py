"""QueueingController: messages that were written while a reply was running are sent by themselves, in their order.

A reply that was stopped or failed pauses those of its chat: they stay, and the person is asked.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.controllers.chat import ChatController
from app.controllers.composition import Composition, QueuedMessage
from app.controllers.open_chat import OpenChat
from app.controllers.writing import WritingController
from app.core.conversation import PartKind, Status
from app.core.store import Store, StoreError
from app.views.main_window import MainWindow
from app.views.queue_view import WaitingMessage

_PAUSING = frozenset([Status.STOPPED, Status.FAILED])


class QueueingController(QObject):
    """Sends the oldest message that waits, in whichever chat, whenever no reply is running."""

    def __init__(self, chat: ChatController, writing: WritingController, window: MainWindow) -> None:
        super().__init__()
        self._chat, self._writing, self._window = chat, writing, window
        self._wanted: QueuedMessage | None = None  # before all others, as soon as the running reply has ended
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.setInterval(0)
        self._next.timeout.connect(self._send_next)
        view = window.composer.queue
        view.sendRequested.connect(self.send_now)
        view.editRequested.connect(self.edit)
        view.removeRequested.connect(self.remove)
        view.sendAllRequested.connect(self.go_on)
        chat.replyEnded.connect(self._reply_ended)
        writing.changed.connect(self._show)
        self._show()

    def send_now(self, identifier: str) -> None:
        """Send one before the others; a reply that is running is stopped for it."""
        message = self._find(identifier)
        if message is not None:
            self._wanted = message
            if self._chat.is_replying:
                self._chat.stop()
            else:
                self._send_next()

    def go_on(self) -> None:
        """Send what waits in the open chat after all."""
        self._writing.current.is_paused = False
        self._writing.tell_changed()
        self._send_next()

    def edit(self, identifier: str) -> None:
        """Take one back to be written on; what stands in the composer already follows it."""
        message = self._find(identifier)
        writing = self._writing.current
        if message is None:
            return
        writing.queued.remove(message)
        text, files = writing.text, writing.files
        writing.take(message.parts, {})
        writing.text = "\n\n".join(filter(None, (writing.text, text)))
        writing.files += files
        self._writing.tell_changed()
        self._writing.show_open()
        self._window.composer.setFocus()

    def remove(self, identifier: str) -> None:
        """Throw one away, and offer to take it back."""
        message = self._find(identifier)
        writing = self._writing.current
        if message is None:
            return
        place = writing.queued.index(message)
        writing.queued.remove(message)
        self._writing.tell_changed()

        def undo() -> None:
            writing.queued.insert(place, message)
            self._writing.tell_changed(writing)
            self._send_next()

        self._window.message_bar.show_notice(
            self.tr("The message is not sent."), action=self.tr("Undo"), on_action=undo
        )

    def close(self) -> None:
        """Send nothing any more; what waits is kept as a draft."""
        self._next.timeout.disconnect(self._send_next)

    def _find(self, identifier: str) -> QueuedMessage | None:
        return next((one for one in self._writing.current.queued if one.id == identifier), None)

    def _reply_ended(self, store: Store, conversation_id: str, status: Status) -> None:
        writing = self._writing.of(store, conversation_id)
        if status in _PAUSING and self._wanted is None and writing.queued:
            writing.is_paused = True
        if writing is self._writing.current:
            self._show()
        self._next.start()

    def _send_next(self) -> None:
        if self._chat.is_replying:
            return
        waiting = [
            (message.number, message, writing)
            for writing in self._writing.all()
            for message in writing.queued
            if message is self._wanted or not writing.is_paused
        ]
        wanted, self._wanted = self._wanted, None
        if not waiting:
            return
        _, message, writing = min(waiting, key=lambda one: (one[1] is not wanted, one[0]))
        self._send(message, writing)

    def _send(self, message: QueuedMessage, writing: Composition) -> None:
        is_open = writing is self._writing.current
        chat = self._chat_for(writing)
        settings = None if is_open else message.settings
        if chat is not None and self._chat.send(message.parts, chat=chat, settings=settings):
            writing.queued.remove(message)
            if writing.conversation_id is None and chat.conversation_id is not None:
                self._move(writing, chat.conversation_id, is_open=is_open)
        else:
            writing.is_paused = True
            self._next.start()  # other chats go on
        self._writing.tell_changed(writing)

    def _chat_for(self, writing: Composition) -> OpenChat | None:
        """The chat that a composition belongs to; None when it was deleted: what waits there goes on waiting."""
        store, conversation_id = writing.store, writing.conversation_id
        try:
            if conversation_id is not None and store.conversation(conversation_id).deleted_at is not None:
                return None
            return self._chat.chat_of(store, conversation_id)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return None

    def _move(self, writing: Composition, conversation_id: str, *, is_open: bool) -> None:
        """What waits for a chat that has begun just now belongs to it, and what is being written if it is open."""
        begun = self._writing.of(writing.store, conversation_id)
        begun.queued, writing.queued = writing.queued, []
        if is_open:
            begun.text, begun.files = writing.text, writing.files
            writing.clear()
        self._writing.tell_changed(begun)
        self._writing.show_open()

    def _show(self) -> None:
        writing = self._writing.current
        messages = tuple(map(_shown, writing.queued))
        self._window.composer.queue.show_messages(messages, is_paused=writing.is_paused)


def _shown(message: QueuedMessage) -> WaitingMessage:
    texts = [part.text for part in message.parts if part.kind is PartKind.TEXT]
    return WaitingMessage(message.id, "\n".join(texts), len(message.parts) - len(texts))
