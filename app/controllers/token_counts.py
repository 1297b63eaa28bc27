"""TokenCountsController: how much of the context the open chat takes with what is being written, and what files cost.

The engine counts beside a running reply. While the open chat's own reply is running, the stream tells its figures. Of
a remote model only its server can count, which tells the figures with each reply.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer

from app.controllers.chat import ChatController
from app.controllers.composition import AttachedItem
from app.controllers.engines import Engines
from app.controllers.writing import WritingController
from app.core.conversation import (
    CHARACTERS_PER_TOKEN,
    PartKind,
    Status,
    StoredMessage,
    newest,
    prompt_messages,
)
from app.core.file_prompt import fenced_file
from app.core.reply_facts import reply_facts
from app.views.main_window import MainWindow
from app.views.status_row import ContextState
from engine.api import CountTokensRequest, Event, ModelLoaded, TokensCounted

DEBOUNCE_MS = 250


class TokenCountsController(QObject):
    """Keeps the context meter and the chips up to date; one count is wanted at a time."""

    def __init__(self, engine: Engines, chat: ChatController, writing: WritingController, window: MainWindow) -> None:
        super().__init__()
        self._engine, self._chat, self._writing, self._window = engine, chat, writing, window
        self._asked: tuple[int, list[AttachedItem]] | None = None  # the request that is wanted, and what it counts
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(DEBOUNCE_MS)
        self._waiting.timeout.connect(self.count)
        engine.eventArrived.connect(self._handle)
        writing.changed.connect(self._waiting.start)
        chat.opened.connect(self._waiting.start)
        chat.replyEnded.connect(self._waiting.start)

    def count(self) -> None:
        """Ask the engine to count what would be sent now."""
        self._waiting.stop()
        if self._asked is not None:
            self._engine.cancel(self._asked[0])
            self._asked = None
        model = self._chat.model
        if model is None:
            return
        if model.host:
            self._show_told(model)
            return
        items = [item for item in self._writing.current.files if item.tokens is None and _text_of(item)]
        prompt = prompt_messages(
            newest([*self._chat.shown.tree.path(), *self._draft()], model.context_length * CHARACTERS_PER_TOKEN),
            system_prompt=self._chat.settings.system_prompt,
            token_ids=self._chat.shown.token_ids,
        )
        request = CountTokensRequest(
            self._engine.next_request_id(),
            prompt=prompt if any(message.role != "system" for message in prompt) else (),
            texts=tuple(map(_text_of, items)),
            max_tokens=self._chat.settings.max_tokens,
        )
        if request.prompt or request.texts:
            self._asked = (request.request_id, items)
            self._engine.submit(request)
        else:
            self._window.status.show_context(None, None)

    def close(self) -> None:
        """Count nothing any more."""
        self._waiting.timeout.disconnect(self.count)

    def _show_told(self, model: ModelLoaded) -> None:
        """What the server counted at the chat's last reply, if it is one of this model."""
        shown = self._chat.shown
        last = shown.tree.path()[-1:]
        if self._chat.is_shown_running() or not last or last[0].role != "assistant":
            self._window.status.show_context(None, None)
            return
        facts = reply_facts(shown.store.record(last[0].id))
        used = None
        if facts.prompt_tokens is not None and facts.model_path == model.info.path:
            used = facts.prompt_tokens + (facts.generated_tokens or 0)
        self._window.status.show_context(used, model.context_length, ContextState.TOLD)

    def _draft(self) -> Iterator[StoredMessage]:
        parts = self._writing.current.draft()
        if parts:
            yield StoredMessage("", None, "user", parts, Status.COMPLETE, 0.0)

    def _handle(self, event: Event) -> None:
        if isinstance(event, ModelLoaded):
            for writing in self._writing.all():
                for item in writing.files:
                    item.tokens = None
            self._waiting.start()
        elif isinstance(event, TokensCounted) and self._asked is not None and event.request_id == self._asked[0]:
            items, self._asked = self._asked[1], None
            for item, tokens in zip(items, event.text_tokens, strict=True):
                item.tokens = tokens
            if items:
                self._writing.changed.emit()
                self._waiting.stop()
            self._show(event)

    def _show(self, counted: TokensCounted) -> None:
        model = self._chat.model
        if model is None or self._chat.is_shown_running():
            return
        state = ContextState.FITS
        if counted.leaves_out:
            state = ContextState.LEAVES_OUT if counted.fits else ContextState.TOO_LONG
        self._window.status.show_context(counted.prompt_tokens, model.context_length, state)


def _text_of(item: AttachedItem) -> str:
    """What the model reads of a file."""
    if item.part is None or item.part.kind is not PartKind.FILE:
        return ""
    return fenced_file(item.part.name, item.part.text)
