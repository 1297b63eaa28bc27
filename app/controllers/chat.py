"""ChatController: sends what is typed, streams the reply into store and transcript, stops, regenerates, continues.

One reply runs at a time; it goes on when another conversation is opened, and is kept whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.open_chat import OpenChat, first_read
from app.controllers.running_reply import RunningReply
from app.controllers.shown_message import ShownPath, shown_message
from app.controllers.speed_clock import SpeedClock
from app.core.conversation import (
    MessageTree,
    Part,
    PartKind,
    Status,
    StoredMessage,
    prompt_messages,
    text_parts,
    title_of,
)
from app.core.reply_caches import ReplyCaches
from app.core.reply_record import recorded_token_ids, reply_record
from app.core.settings import ReplySettings
from app.core.store import MEMORY, Store, StoreError
from app.views.main_window import MainWindow
from app.views.transcript import TranscriptMessage
from app.worker import EngineThread
from engine.api import (
    Event,
    GenerateRequest,
    ModelLoaded,
    PrefillProgressed,
    ReplyFinished,
    RequestFailed,
    StopReason,
    TokenGenerated,
)

FRAME_MS = 33  # tokens are gathered for so long: 60 repaints a second took a quarter of a core from the model
SAVE_MS = 1000  # a crash loses at most the last second of a reply

_STATUS_OF = {
    StopReason.END_TOKEN: Status.COMPLETE,
    StopReason.STOP_STRING: Status.COMPLETE,
    StopReason.MAX_TOKENS: Status.LENGTH,
    StopReason.CONTEXT_FULL: Status.CONTEXT_FULL,
    StopReason.CANCELLED: Status.STOPPED,
}


class ChatController(QObject):
    """`conversationsChanged()` after anything the sidebar shows, `opened(str or None)` when another is shown.

    `saveFailed(sentence)` comes when the store refuses: what was said is still here and can be exported.
    """

    conversationsChanged = Signal()
    opened = Signal(object)
    replyFinished = Signal(str)
    saveFailed = Signal(str)

    def __init__(self, engine: EngineThread, store: Store, caches: ReplyCaches, window: MainWindow) -> None:
        super().__init__()
        self._engine, self._store, self._caches, self._window = engine, store, caches, window
        self._transcript = window.transcript
        self.settings = ReplySettings()
        self.model: ModelLoaded | None = None
        self.model_sha256: str | None = None
        self.shown = OpenChat(store)
        self._temporary: OpenChat | None = None  # the last one; it can be shown again until the window closes
        self._running: RunningReply | None = None
        self._speed_clock = SpeedClock()
        self._frame = self._timer(FRAME_MS, self._show_new_text)
        self._saving = self._timer(SAVE_MS, self._save_progress)
        engine.eventArrived.connect(self._handle)
        window.composer.submitted.connect(self.send)
        window.composer.stopRequested.connect(self.stop)
        window.action.stop.triggered.connect(self.stop)
        window.action.regenerate.triggered.connect(self.regenerate_last)
        self._transcript.regenerateRequested.connect(self.regenerate)
        self._transcript.continueRequested.connect(self.continue_reply)

    @property
    def conversation_id(self) -> str | None:
        """The conversation that is shown; None before its first message."""
        return self.shown.conversation_id

    @property
    def is_replying(self) -> bool:
        """Whether a reply is running."""
        return self._running is not None

    def open(self, conversation_id: str | None) -> None:
        """Show a conversation of the store; None begins a new one."""
        try:
            tree = MessageTree() if conversation_id is None else self._store.tree(conversation_id)
            title = None if conversation_id is None else self._store.conversation(conversation_id).title
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        was_temporary = self.shown if self.shown.is_temporary and len(self.shown.tree) else None
        self._show(OpenChat(self._store, conversation_id, tree), title)
        if was_temporary is not None:
            self._window.message_bar.show_notice(
                self.tr("The temporary chat is gone when Fireside closes, or when you begin another."),
                action=self.tr("Back to it"),
                on_action=lambda: self._return_to(was_temporary),
            )

    def open_temporary(self) -> None:
        """Begin a chat that is kept nowhere: in the memory until the window closes or another one begins."""
        if self.shown.is_temporary and not len(self.shown.tree):
            return
        if self._running is not None and self._running.store is not self._store:
            self.stop()
            self.keep_running_reply()
        self._forget_temporary()
        self._temporary = OpenChat(Store(MEMORY), is_temporary=True)
        self._show(self._temporary, self.tr("Temporary chat"))

    def close(self) -> None:
        """Keep a running reply and let go of the temporary chat."""
        self.keep_running_reply()
        self._forget_temporary()

    def send(self, text: str) -> None:
        """Store a message, then let the model answer it. The text stays in the composer unless it is stored."""
        if self.is_busy():
            return
        chat = self.shown
        try:
            if chat.conversation_id is None:
                made = chat.store.create_conversation(title_of(text))
                chat.conversation_id, chat.tree = made.id, MessageTree()
                self._name_window(chat, made.title)
                self.opened.emit(None if chat.is_temporary else made.id)
            self.add_to_tree(
                chat.store.add_message(chat.conversation_id, parent_id=chat.tree.leaf_id, role="user", text=text)
            )
        except StoreError as error:
            self.saveFailed.emit(str(error))
            return
        self._window.composer.set_text("")
        self.answer()

    def stop(self) -> None:
        """End the running reply; what is there stays."""
        if self._running is not None:
            self._engine.cancel(self._running.request.request_id)

    def regenerate(self, message_id: str) -> None:
        """Another reply beside this one."""
        if message_id in self.shown.tree and not self.is_busy():
            self.shown.tree.leaf_id = self.shown.tree.get(message_id).parent_id
            self.answer()

    def regenerate_last(self) -> None:
        """Another reply to the last message."""
        path = self.shown.tree.path()
        if path and path[-1].role == "assistant":
            self.regenerate(path[-1].id)
        elif path and not self.is_busy():
            self.answer()

    def continue_reply(self, message_id: str, text: str | None = None) -> None:
        """Another version of a reply that begins with its text, or with `text`, and goes on from there."""
        if message_id in self.shown.tree and not self.is_busy():
            old = self.shown.tree.get(message_id)
            self.answer(continued=old if text is None else old.with_text(text))

    def last_reply(self) -> str:
        """The text of the last reply that is shown."""
        replies = [message.text for message in self.shown.tree.path() if message.role == "assistant"]
        return replies[-1] if replies else ""

    def keep_running_reply(self) -> None:
        """Save what there is of a running reply, as when the window closes in its middle."""
        if self._running is not None:
            self._end(self._running.ended(Status.STOPPED), record=None)

    def add_to_tree(self, message: StoredMessage) -> None:
        """Show the path that ends with a message that was just stored."""
        self.shown.tree.add(message)
        self.shown.tree.leaf_id = message.id

    def answer(self, *, continued: StoredMessage | None = None) -> None:
        """Add a reply behind the shown path, or beside the one that is `continued`, and ask for its text."""
        chat = self.shown
        assert chat.conversation_id is not None
        leaf_id = chat.tree.leaf_id if continued is None else continued.parent_id
        path = chat.tree.path(leaf_id) if leaf_id is not None else []
        parts = _begun_parts(continued)
        begun = [] if continued is None else [replace(continued, parts=parts)]
        try:
            request = GenerateRequest(
                self._engine.next_request_id(),
                prompt=prompt_messages(
                    [*path, *begun], system_prompt=self.settings.system_prompt, token_ids=self._known_token_ids()
                ),
                sampler=self.settings.sampler,
                max_tokens=self.settings.max_tokens,
                continue_last=continued is not None,
                cache_path=None if chat.is_temporary else str(self._caches.path_of(chat.conversation_id)),
            )
            reply = chat.store.add_message(
                chat.conversation_id,
                parent_id=leaf_id,
                role="assistant",
                parts=parts,
                status=Status.STREAMING,
                edited_from=None if continued is None else continued.id,
            )
        except StoreError as error:
            self.show_path()
            self.saveFailed.emit(str(error))
            return
        self.add_to_tree(reply)
        self._running = RunningReply(request, chat.store, chat.conversation_id, reply)
        self._speed_clock = SpeedClock()
        self._window.composer.set_replying(True)
        self._window.status.show_speed(None)
        if self.model is None:
            self._window.status.show_text(self.tr("Waiting for the model…"))
        self.show_path()
        self._saving.start()
        self._engine.submit(request)
        self.conversationsChanged.emit()

    def keep(self, write: Callable[[], None]) -> bool:
        """Run a write to the store; tell when it fails."""
        try:
            write()
        except StoreError as error:
            self.saveFailed.emit(str(error))
            return False
        return True

    def is_busy(self) -> bool:
        """Whether a reply is running; says so below the composer."""
        if self._running is not None:
            self._window.composer.set_hint(self.tr("A reply is being written; stop it first (Esc)."))
        return self._running is not None

    def is_running_in(self, message_ids: list[str]) -> bool:
        """Whether the running reply is one of these messages."""
        return self._running is not None and self._running.message.id in message_ids

    def show_path(self) -> None:
        """Show the path of the tree as it is now."""
        self._transcript.show_messages(ShownPath(self.shown.tree.path(), self._shown))

    def _show(self, chat: OpenChat, title: str | None) -> None:
        self.shown = chat
        running = self._running
        if running is not None and self._is_shown(running) and running.message.id in chat.tree:
            chat.tree.replace(running.now())
        self._name_window(chat, title)
        self._window.status.show_text("")
        self._window.status.show_context(None, None)
        self.show_path()
        self.opened.emit(None if chat.is_temporary else chat.conversation_id)

    def _return_to(self, temporary: OpenChat) -> None:
        if temporary is self._temporary:
            self._show(temporary, self.tr("Temporary chat"))

    def _name_window(self, chat: OpenChat, title: str | None) -> None:
        self._window.show_conversation_title(title, is_temporary=chat.is_temporary)

    def _forget_temporary(self) -> None:
        if self._temporary is not None:
            self._temporary.store.close()
            self._temporary = None

    def _is_shown(self, running: RunningReply) -> bool:
        return running.store is self.shown.store and running.conversation_id == self.shown.conversation_id

    def _known_token_ids(self) -> dict[str, tuple[int, ...]]:
        chat = self.shown
        if chat.token_ids is None and chat.conversation_id is not None:
            records = chat.store.records(chat.conversation_id)
            chat.token_ids = {message_id: recorded_token_ids(record) for message_id, record in records.items()}
        return chat.token_ids or {}

    def _handle(self, event: Event) -> None:
        running = self._running
        if isinstance(event, ModelLoaded):
            self.model, self.model_sha256 = event, None
        if running is None or event.request_id != running.request.request_id:
            return
        match event:
            case PrefillProgressed():
                self._show_prefill(event, running)
            case TokenGenerated(text=text):
                running.add(text)
                self._speed_clock.tick()
                if not self._frame.isActive():
                    self._frame.start()
            case ReplyFinished():
                record = reply_record(event, running.request, self.model, model_sha256=self.model_sha256)
                if self._is_shown(running) and self.shown.token_ids is not None:
                    self.shown.token_ids[running.message.id] = event.token_ids
                self._end(running.ended(_STATUS_OF[event.stop_reason], new_text=event.text), record=record)
                self._window.status.show_speed(event.timings.decode_tok_s or None)
                self._title(running)
                self.replyFinished.emit(running.message.id)
            case RequestFailed(message=sentence):
                self._end(running.ended(Status.FAILED, error=sentence), record=None)
                self._window.message_bar.show_error(sentence)

    def _show_prefill(self, event: PrefillProgressed, running: RunningReply) -> None:
        running.prompt_tokens = event.prompt_tokens
        if not self._is_shown(running):
            return
        self._mark_first_read(event.dropped_messages)
        if event.dropped_messages:
            self._window.message_bar.show_notice(
                self.tr(
                    "The context is full: the oldest {count} messages are left out of what the model reads."
                ).format(count=event.dropped_messages)
            )
        new = event.prompt_tokens - event.reused_tokens
        if event.done_tokens >= event.prompt_tokens or new < 200:
            self._window.status.show_text("")
        else:
            percent = 100 * (event.done_tokens - event.reused_tokens) // new
            self._window.status.show_text(self.tr("Reading the conversation… {percent}%").format(percent=percent))
        self._show_context(running)

    def _mark_first_read(self, dropped: int) -> None:
        """Draw a line above the first message that the model still reads."""
        chat = self.shown
        if dropped == chat.dropped:
            return
        path = chat.tree.path()
        chat.dropped, chat.first_read_id = dropped, first_read(path, dropped)
        for message in path:
            self._transcript.update_message(self._shown(message))

    def _show_new_text(self) -> None:
        running = self._running
        if running is None or not self._is_shown(running):
            return
        message = running.now()
        self.shown.tree.replace(message)
        shown = self._shown(message)
        self._transcript.show_stream(message.id, shown.thinking, shown.text)
        self._window.status.show_speed(self._speed_clock.tok_s)
        self._show_context(running)

    def _show_context(self, running: RunningReply) -> None:
        length = None if self.model is None else self.model.context_length
        self._window.status.show_context(running.prompt_tokens + running.tokens, length)

    def _save_progress(self) -> None:
        running = self._running
        if running is None:
            return
        self._saving.start()
        parts = running.unfinished_parts()
        self.keep(lambda: running.store.save_reply(running.message.id, running.text, Status.STREAMING, parts=parts))

    def _end(self, message: StoredMessage, *, record: dict[str, object] | None) -> None:
        """Put a reply's last state into store, tree and transcript."""
        running, self._running = self._running, None
        assert running is not None
        self._frame.stop()
        self._saving.stop()
        save = running.store.save_reply
        self.keep(
            lambda: save(
                message.id, message.text, message.status, parts=message.parts, error=message.error, record=record
            )
        )
        self._window.composer.set_replying(False)
        self._window.status.show_text("")
        if self._is_shown(running) and message.id in self.shown.tree:
            self.shown.tree.replace(message)
            self._transcript.update_message(self._shown(message))
        self.conversationsChanged.emit()

    def _title(self, running: RunningReply) -> None:
        """Name a conversation by its first exchange, unless a person named it."""
        store, conversation_id = running.store, running.conversation_id
        try:
            path = store.tree(conversation_id).path()
            old = store.conversation(conversation_id).title
            if len(path) != 2 or old != title_of(path[0].text):
                return
            new = title_of(path[0].text, path[1].text)
            if new == old:
                return
            store.rename(conversation_id, new)
        except StoreError as error:
            self.saveFailed.emit(str(error))
            return
        if self._is_shown(running):
            self._name_window(self.shown, new)
        self.conversationsChanged.emit()

    def _shown(self, message: StoredMessage) -> TranscriptMessage:
        return shown_message(
            message,
            versions=self.shown.tree.siblings(message.id),
            is_running=self._running is not None and self._running.message.id == message.id,
            is_first_read=message.id == self.shown.first_read_id,
        )

    def _timer(self, interval_ms: int, on_timeout: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(on_timeout)
        return timer


def _begun_parts(continued: StoredMessage | None) -> tuple[Part, ...]:
    """What a reply begins with that continues another: its parts, or of a thinking without an end its text."""
    if continued is None or continued.text.strip():
        return () if continued is None else continued.parts
    thinking = "\n\n".join(part.text for part in continued.parts if part.kind is PartKind.THINKING)
    return text_parts(f"<think>\n{thinking}")
