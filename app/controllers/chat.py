"""ChatController: sends what is typed, streams the reply into store and transcript, stops, regenerates, edits.

One reply runs at a time; it goes on when another conversation is opened, and is kept whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.speed_clock import SpeedClock
from app.core.conversation import MessageTree, Status, StoredMessage, prompt_messages, title_of
from app.core.reply_caches import ReplyCaches
from app.core.reply_record import recorded_token_ids, reply_record
from app.core.settings import ReplySettings
from app.core.store import Store, StoreError
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

FRAME_MS = 16  # tokens are gathered for so long before the view is told: at most 60 repaints a second
SAVE_MS = 1000  # a crash loses at most the last second of a reply

_STATUS_OF = {
    StopReason.END_TOKEN: Status.COMPLETE,
    StopReason.STOP_STRING: Status.COMPLETE,
    StopReason.MAX_TOKENS: Status.LENGTH,
    StopReason.CONTEXT_FULL: Status.CONTEXT_FULL,
    StopReason.CANCELLED: Status.STOPPED,
}


@dataclass
class _Running:
    """The reply in the making; `text` is all of it, `unshown` what the view has not seen yet."""

    request: GenerateRequest
    conversation_id: str
    message: StoredMessage
    text: str = ""
    unshown: list[str] = field(default_factory=list)
    tokens: int = 0
    prompt_tokens: int = 0


class ChatController(QObject):
    """`conversationsChanged()` after anything the sidebar shows, `opened(str or None)` when another is shown."""

    conversationsChanged = Signal()
    opened = Signal(object)
    replyFinished = Signal(str)

    def __init__(self, engine: EngineThread, store: Store, caches: ReplyCaches, window: MainWindow) -> None:
        super().__init__()
        self._engine, self._store, self._caches, self._window = engine, store, caches, window
        self._transcript = window.transcript
        self.settings = ReplySettings()
        self.model: ModelLoaded | None = None
        self.conversation_id: str | None = None
        self._tree = MessageTree()
        self._token_ids: dict[str, tuple[int, ...]] | None = None  # of the open conversation's replies, once needed
        self._running: _Running | None = None
        self._speed_clock = SpeedClock()
        self._frame = self._timer(FRAME_MS, self._show_new_text)
        self._saving = self._timer(SAVE_MS, self._save_progress)
        engine.eventArrived.connect(self._handle)
        window.composer.submitted.connect(self.send)
        window.composer.stopRequested.connect(self.stop)
        window.stop_action.triggered.connect(self.stop)
        window.regenerate_action.triggered.connect(self.regenerate_last)
        self._transcript.regenerateRequested.connect(self.regenerate)
        self._transcript.editRequested.connect(self.edit)
        self._transcript.deleteRequested.connect(self.delete_message)
        self._transcript.versionRequested.connect(self.show_version)

    @property
    def is_replying(self) -> bool:
        """Whether a reply is running."""
        return self._running is not None

    def open(self, conversation_id: str | None) -> None:
        """Show a conversation; None begins a new one."""
        try:
            tree = MessageTree() if conversation_id is None else self._store.tree(conversation_id)
            title = None if conversation_id is None else self._store.conversation(conversation_id).title
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        self.conversation_id, self._tree, self._token_ids = conversation_id, tree, None
        if self._running is not None and self._running.conversation_id == conversation_id:
            self._tree.replace(_with_text(self._running.message, self._running.text))
            self._running.unshown.clear()
        self._window.show_conversation_title(title)
        self._window.status.show_text("")
        self._window.status.show_context(None, None)
        self._show_path()
        self.opened.emit(conversation_id)

    def send(self, text: str) -> None:
        """Store a message, then let the model answer it. The text stays in the composer unless it is stored."""
        if self._is_busy():
            return
        try:
            if self.conversation_id is None:
                made = self._store.create_conversation(title_of(text))
                self.conversation_id, self._tree, self._token_ids = made.id, MessageTree(), None
                self._window.show_conversation_title(made.title)
                self.opened.emit(made.id)
            self._add(text, parent_id=self._tree.leaf_id)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        self._window.composer.set_text("")
        self._reply()

    def stop(self) -> None:
        """End the running reply; what is there stays."""
        if self._running is not None:
            self._engine.cancel(self._running.request.request_id)

    def regenerate(self, message_id: str) -> None:
        """Another reply beside this one."""
        if message_id in self._tree and not self._is_busy():
            self._tree.leaf_id = self._tree.get(message_id).parent_id
            self._reply()

    def regenerate_last(self) -> None:
        """Another reply to the last message."""
        path = self._tree.path()
        if path and path[-1].role == "assistant":
            self.regenerate(path[-1].id)
        elif path and not self._is_busy():
            self._reply()

    def edit(self, message_id: str, text: str) -> None:
        """Another version of a person's message, with a reply of its own; the old branch stays."""
        if message_id not in self._tree or self._is_busy():
            return
        try:
            self._add(text, parent_id=self._tree.get(message_id).parent_id)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        self._reply()

    def show_version(self, message_id: str, number: int) -> None:
        """Show another version of a message and the newest branch below it."""
        if message_id not in self._tree or self.conversation_id is None:
            return
        versions = self._tree.siblings(message_id)
        if 1 <= number <= len(versions):
            self._tree.leaf_id = self._tree.newest_leaf(versions[number - 1])
            conversation_id = self.conversation_id
            self._keep(lambda: self._store.set_leaf(conversation_id, self._tree.leaf_id))
            self._show_path()

    def delete_message(self, message_id: str) -> None:
        """Hide a message and what follows it; the message bar offers to undo that."""
        if message_id not in self._tree or self.conversation_id is None:
            return
        gone, old_leaf, conversation_id = (
            self._tree.subtree(message_id),
            self._tree.leaf_id,
            self.conversation_id,
        )
        if self._running is not None and self._running.message.id in gone:
            self.stop()
        self._tree.remove(message_id)
        if not self._keep(lambda: self._store.delete_messages(gone)):
            self.open(conversation_id)
            return
        self._keep(lambda: self._store.set_leaf(conversation_id, self._tree.leaf_id))
        self._show_path()

        def undo() -> None:
            self._keep(lambda: self._store.restore_messages(gone))
            self._keep(lambda: self._store.set_leaf(conversation_id, old_leaf))
            self.open(conversation_id)

        self._window.message_bar.show_notice(self.tr("Message deleted."), action=self.tr("Undo"), on_action=undo)

    def last_reply(self) -> str:
        """The text of the last reply that is shown."""
        if self._running is not None and self._running.conversation_id == self.conversation_id:
            return self._running.text
        replies = [message.text for message in self._tree.path() if message.role == "assistant"]
        return replies[-1] if replies else ""

    def keep_running_reply(self) -> None:
        """Save what there is of a running reply, as when the window closes in its middle."""
        running = self._running
        if running is not None:
            self._end(_with_text(running.message, running.text, Status.STOPPED), record=None)

    def _add(self, text: str, *, parent_id: str | None) -> None:
        assert self.conversation_id is not None
        added = self._store.add_message(self.conversation_id, parent_id=parent_id, role="user", text=text)
        self._tree.add(added)
        self._tree.leaf_id = added.id

    def _reply(self) -> None:
        """Add an empty reply behind the shown path and ask the engine for its text."""
        assert self.conversation_id is not None
        try:
            prompt = prompt_messages(
                self._tree.path(), system_prompt=self.settings.system_prompt, token_ids=self._known_token_ids()
            )
            reply = self._store.add_message(
                self.conversation_id,
                parent_id=self._tree.leaf_id,
                role="assistant",
                text="",
                status=Status.STREAMING,
            )
        except StoreError as error:
            self._show_path()
            self._window.message_bar.show_error(str(error))
            return
        self._tree.add(reply)
        self._tree.leaf_id = reply.id
        request = GenerateRequest(
            self._engine.next_request_id(),
            prompt=prompt,
            sampler=self.settings.sampler,
            max_tokens=self.settings.max_tokens,
            cache_path=str(self._caches.path_of(self.conversation_id)),
        )
        self._running = _Running(request, self.conversation_id, reply)
        self._speed_clock = SpeedClock()
        self._window.composer.set_replying(True)
        self._window.status.show_speed(None)
        if self.model is None:
            self._window.status.show_text(self.tr("Waiting for the model…"))
        self._show_path()
        self._saving.start()
        self._engine.submit(request)
        self.conversationsChanged.emit()

    def _known_token_ids(self) -> dict[str, tuple[int, ...]]:
        if self._token_ids is None:
            assert self.conversation_id is not None
            records = self._store.records(self.conversation_id)
            self._token_ids = {message_id: recorded_token_ids(record) for message_id, record in records.items()}
        return self._token_ids

    def _handle(self, event: Event) -> None:
        running = self._running
        if isinstance(event, ModelLoaded):
            self.model = event
        if running is None or event.request_id != running.request.request_id:
            return
        match event:
            case PrefillProgressed():
                self._show_prefill(event, running)
            case TokenGenerated(text=text):
                running.text += text
                running.tokens += 1
                self._speed_clock.tick()
                if text:
                    running.unshown.append(text)
                if not self._frame.isActive():
                    self._frame.start()
            case ReplyFinished():
                status = _STATUS_OF[event.stop_reason]
                record = reply_record(event, running.request, self.model)
                if self._token_ids is not None and running.conversation_id == self.conversation_id:
                    self._token_ids[running.message.id] = event.token_ids
                self._end(_with_text(running.message, event.text, status), record=record)
                self._window.status.show_speed(event.timings.decode_tok_s or None)
                self.replyFinished.emit(running.message.id)
            case RequestFailed(message=sentence):
                self._end(_with_text(running.message, running.text, Status.FAILED, sentence), record=None)
                self._window.message_bar.show_error(sentence)

    def _show_prefill(self, event: PrefillProgressed, running: _Running) -> None:
        running.prompt_tokens = event.prompt_tokens
        if running.conversation_id != self.conversation_id:
            return
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

    def _show_new_text(self) -> None:
        running = self._running
        if running is None or running.conversation_id != self.conversation_id:
            return
        if running.unshown:
            self._transcript.append_text(running.message.id, "".join(running.unshown))
            running.unshown.clear()
        self._window.status.show_speed(self._speed_clock.tok_s)
        self._show_context(running)

    def _show_context(self, running: _Running) -> None:
        length = None if self.model is None else self.model.context_length
        self._window.status.show_context(running.prompt_tokens + running.tokens, length)

    def _save_progress(self) -> None:
        running = self._running
        if running is None:
            return
        self._saving.start()
        self._keep(lambda: self._store.save_reply(running.message.id, running.text, Status.STREAMING))

    def _end(self, message: StoredMessage, *, record: dict[str, object] | None) -> None:
        """Put a reply's last state into store, tree and transcript."""
        running, self._running = self._running, None
        assert running is not None
        self._frame.stop()
        self._saving.stop()
        save = self._store.save_reply
        self._keep(lambda: save(message.id, message.text, message.status, error=message.error, record=record))
        self._window.composer.set_replying(False)
        self._window.status.show_text("")
        if running.conversation_id == self.conversation_id and message.id in self._tree:
            self._tree.replace(message)
            self._transcript.update_message(self._shown(message))
        self.conversationsChanged.emit()

    def _keep(self, write: Callable[[], None]) -> bool:
        """Run a write to the store; tell when it fails."""
        try:
            write()
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return False
        return True

    def _is_busy(self) -> bool:
        if self._running is not None:
            self._window.composer.set_hint(self.tr("A reply is being written; stop it first (Esc)."))
        return self._running is not None

    def _show_path(self) -> None:
        self._transcript.show_messages([self._shown(message) for message in self._tree.path()])

    def _shown(self, message: StoredMessage) -> TranscriptMessage:
        versions = self._tree.siblings(message.id)
        is_running = self._running is not None and self._running.message.id == message.id
        return TranscriptMessage(
            id=message.id,
            role=message.role,
            text=message.text,
            note=None if is_running else self._note(message),
            version=versions.index(message.id) + 1,
            versions=len(versions),
            is_streaming=is_running,
        )

    def _note(self, message: StoredMessage) -> str | None:
        match message.status:
            case Status.STOPPED:
                return self.tr("Stopped")
            case Status.LENGTH:
                return self.tr("Cut off at the longest reply that the settings allow")
            case Status.CONTEXT_FULL:
                return self.tr("Cut off: the model's context is full")
            case Status.INTERRUPTED:
                return self.tr("Interrupted when Fireside ended")
            case Status.FAILED:
                return message.error
        return None

    def _timer(self, interval_ms: int, on_timeout: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(on_timeout)
        return timer


def _with_text(
    message: StoredMessage, text: str, status: Status = Status.STREAMING, error: str | None = None
) -> StoredMessage:
    return replace(message.with_text(text), status=status, error=error)
