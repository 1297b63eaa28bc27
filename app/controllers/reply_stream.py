"""ReplyStream: takes what the engine tells of the running reply into the store and the window.

One reply runs at a time; it goes on when another chat is opened, and is kept whatever happens. `ChatController`
begins replies and decides what follows them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.engines import Engines
from app.controllers.running_reply import RunningReply
from app.controllers.shown_chat import ShownChat
from app.controllers.speed_clock import SpeedClock
from app.core.conversation import Status, StoredMessage, title_of
from app.core.reply_record import reply_record
from app.core.store import StoreError
from app.views.main_window import MainWindow
from app.worker import TokensGathered
from engine.api import (
    Event,
    ModelLoaded,
    PrefillProgressed,
    ReplyFinished,
    RequestFailed,
    StopReason,
)

FRAME_MS = 45  # least time between two; tokens of a local model come gathered, see app/worker.py
FIGURES_S = 0.45  # between two states of speed and context: who reads them needs longer
SAVE_MS = 900  # a crash loses at most the last second of a reply: timers come late
LONG_PROMPT = 200  # tokens to read; below this nobody needs to see how far it is

_STATUS_OF = {
    StopReason.END_TOKEN: Status.COMPLETE,
    StopReason.STOP_STRING: Status.COMPLETE,
    StopReason.MAX_TOKENS: Status.LENGTH,
    StopReason.CONTEXT_FULL: Status.CONTEXT_FULL,
    StopReason.CANCELLED: Status.STOPPED,
}


class ReplyStream(QObject):
    """`ended(RunningReply, Status)` comes when a reply ends in any way, `finished(id)` when the engine made its end.

    `failed(id, kind, sentence)` comes when the engine ended it with an error, after that was told.
    `titled()` comes when a chat got another name, `saveFailed(sentence)` when the store refuses.
    """

    ended = Signal(object, object)
    finished = Signal(str)
    failed = Signal(str, str, str)
    titled = Signal()
    saveFailed = Signal(str)

    def __init__(self, engine: Engines, shown: ShownChat, window: MainWindow) -> None:
        super().__init__()
        self._engine, self._shown, self._window = engine, shown, window
        self._hashed: tuple[ModelLoaded, str | None] | None = None
        self.running: RunningReply | None = None
        self._speed_clock = SpeedClock()
        self._shown_at = self._figures_at = 0.0
        self._frame = self._timer(FRAME_MS, self._show_new_text)
        self._saving = self._timer(SAVE_MS, self._save_progress)
        engine.eventArrived.connect(self._handle)

    @property
    def model(self) -> ModelLoaded | None:
        """The model that replies."""
        return self._engine.model

    def know_hash(self, loaded: ModelLoaded, sha256: str | None) -> None:
        """Say by this hash in records to come which model makes replies, while it is this one."""
        self._hashed = (loaded, sha256)

    def begin(self, reply: RunningReply) -> None:
        """Ask the engine for a reply whose message is stored and shown."""
        self.running, self._shown.running_id = reply, reply.message.id
        self._speed_clock = SpeedClock()
        self._window.composer.set_replying(True)
        self._window.status.show_speed(None)
        if self.model is None or self._engine.is_model_awaited:
            self._window.status.show_text(self.tr("Waiting for the model…"))
        elif self.model.host:
            self._window.status.show_text(self.tr("Waiting for {host}…").format(host=self.model.host))
        self._saving.start()
        self._engine.submit(reply.request)

    def stop(self) -> None:
        """Ask the engine to end the running reply; what is there stays."""
        if self.running is not None:
            self._engine.cancel(self.running.request.request_id)

    def keep(self) -> None:
        """Save what there is of a running reply, as when the window closes in its middle."""
        if self.running is not None:
            self._end(self.running.ended(Status.STOPPED), record=None)

    def take_into_shown(self) -> None:
        """Bring the tree of a chat that was just opened up to what the running reply says by now."""
        running = self.running
        if running is not None and self._is_shown(running) and running.message.id in self._shown.chat.tree:
            self._shown.chat.tree.replace(running.now())

    def _is_shown(self, running: RunningReply) -> bool:
        chat = self._shown.chat
        return running.store is chat.store and running.conversation_id == chat.conversation_id

    def _handle(self, event: Event) -> None:
        running = self.running
        if running is not None and running.settle is not None and isinstance(event, ModelLoaded):
            settled = replace(running.request, sampler=running.settle())
            if self._engine.renew(settled):
                running.request = settled
        if running is None or event.request_id != running.request.request_id:
            return
        match event:
            case PrefillProgressed():
                self._show_prefill(event, running)
            case TokensGathered(tokens=tokens):
                running.add(event.text, tokens=len(tokens))
                self._speed_clock.tick(len(tokens))
                if not self._frame.isActive():  # what came with this token is shown with it
                    self._frame.start(max(round((self._shown_at - time.monotonic()) * 1000) + FRAME_MS, 0))
            case ReplyFinished():
                self._finish(event, running)
            case RequestFailed(message=sentence, kind=kind):
                self._end(running.ended(Status.FAILED, error=sentence), record=self._record(None, running))
                self._window.message_bar.show_error(sentence)
                self.failed.emit(running.message.id, kind, sentence)

    def _show_prefill(self, event: PrefillProgressed, running: RunningReply) -> None:
        running.prompt_tokens = event.prompt_tokens
        if not self._is_shown(running):
            return
        self._shown.mark_first_read(event.dropped_messages)
        if event.dropped_messages:
            self._window.message_bar.show_notice(
                self.tr(
                    "The context is full: the oldest %n message(s) are left out of what the model reads.",
                    "",
                    event.dropped_messages,
                )
            )
        new = event.prompt_tokens - event.reused_tokens
        if event.done_tokens >= event.prompt_tokens or new < LONG_PROMPT:
            self._window.status.show_text("")
        else:
            percent = 100 * (event.done_tokens - event.reused_tokens) // new
            self._window.status.show_text(self.tr("Reading the conversation… {percent}%").format(percent=percent))
        self._show_context(running)

    def _show_new_text(self) -> None:
        running, now = self.running, time.monotonic()
        self._shown_at = now
        if running is not None and self._is_shown(running):
            self._shown.stream(running.now())
            if now - self._figures_at >= FIGURES_S:
                self._figures_at = now
                self._window.status.show_speed(self._speed_clock.tok_s)
                self._show_context(running)

    def _show_context(self, running: RunningReply) -> None:
        model = self._engine.model_of(running.request.request_id)
        length = None if model is None or model.host else model.context_length  # a server tells only at the end
        self._window.status.show_context(running.prompt_tokens + running.tokens, length)

    def _save_progress(self) -> None:
        running = self.running
        if running is None:
            return
        self._saving.start()
        parts = running.unfinished_parts()
        self._try(lambda: running.store.save_reply(running.message.id, running.text, Status.STREAMING, parts=parts))

    def _finish(self, event: ReplyFinished, running: RunningReply) -> None:
        whole = running.whole(event)
        record = self._record(whole, running)
        if self._is_shown(running) and self._shown.chat.token_ids is not None:
            self._shown.chat.token_ids[running.message.id] = whole.token_ids
        message = running.ended(_STATUS_OF[event.stop_reason], new_text=event.text)
        self._end(message, record=record, alternatives=whole.alternatives)
        self._window.status.show_speed(event.timings.decode_tok_s or None)
        if self._is_shown(running):
            self._show_context(running)
        self._title(running)
        self.finished.emit(running.message.id)

    def _record(self, finished: ReplyFinished | None, running: RunningReply) -> dict[str, object]:
        model = self._engine.model_of(running.request.request_id)
        sha256 = self._hashed[1] if self._hashed is not None and self._hashed[0] is model else None
        return reply_record(finished, running.request, model, model_sha256=sha256)

    def _end(self, message: StoredMessage, *, record: dict[str, object] | None, alternatives: bytes = b"") -> None:
        """Put a reply's last state into store, tree and transcript."""
        running, self.running, self._shown.running_id = self.running, None, None
        assert running is not None
        self._frame.stop()
        self._saving.stop()
        save = running.store.save_reply
        self._try(
            lambda: save(
                message.id,
                message.text,
                message.status,
                parts=message.parts,
                error=message.error,
                record=record,
                alternatives=alternatives,
            )
        )
        self._window.composer.set_replying(False)
        self._window.status.show_text("")
        if self._is_shown(running):
            self._shown.update(message)
        self.ended.emit(running, message.status)

    def _title(self, running: RunningReply) -> None:
        """Name a conversation by its first exchange, unless a person named it."""
        store, conversation_id = running.store, running.conversation_id
        try:
            tree = self._shown.chat.tree if self._is_shown(running) else store.tree(conversation_id)
            path = tree.path()
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
            self._shown.name(new)
        self.titled.emit()

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except StoreError as error:
            self.saveFailed.emit(str(error))

    def _timer(self, interval_ms: int, on_timeout: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(on_timeout)
        return timer
