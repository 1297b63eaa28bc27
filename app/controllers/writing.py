"""WritingController: what a person writes, chat by chat: kept as a draft while it is written, sent when it is wanted.

Each chat has its own `Composition`; the composer shows that of the open one.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.chat import ChatController
from app.controllers.composition import Composition, QueuedMessage
from app.core.conversation import PartKind
from app.core.store import Store, StoreError
from app.views.main_window import MainWindow

SAVE_MS = 700  # after the last key; a crash loses no more of a draft


class WritingController(QObject):
    """`changed()` comes whenever the open chat's composition is another or holds something else."""

    changed = Signal()

    def __init__(self, chat: ChatController, window: MainWindow) -> None:
        super().__init__()
        self._chat, self._window = chat, window
        self._compositions: dict[tuple[Store, str | None], Composition] = {}
        self._unsaved: list[Composition] = []
        self._recalled: int | None = None  # the number of the sent message that stands in the composer
        self._run_command: Callable[[str], bool] = lambda _text: False
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVE_MS)
        self._saving.timeout.connect(self.save)
        self.current = self.of(chat.shown.store, chat.shown.conversation_id)
        window.composer.textChanged.connect(self._typed)
        window.composer.submitted.connect(self.submit)
        window.composer.recallRequested.connect(self.recall)
        chat.opened.connect(self.show_open)
        self.show_open()

    def take_commands(self, run: Callable[[str], bool]) -> None:
        """Let `run` have what is sent first; it says whether that was a command."""
        self._run_command = run

    def recall(self, step: int) -> None:
        """Write an earlier message of this chat anew: -1 for the one before, 1 for the one after."""
        sent = [message.text for message in self._chat.shown.tree.path() if message.role == "user" and message.text]
        text = self._window.composer.text()
        at = len(sent) if self._recalled is None or not text else self._recalled
        self._recalled = max(0, min(at + step, len(sent)))
        self._window.composer.show_recalled(sent[self._recalled] if self._recalled < len(sent) else "")

    def of(self, store: Store, conversation_id: str | None) -> Composition:
        """The composition of a chat, with what was kept of it."""
        key = (store, conversation_id)
        if key not in self._compositions:
            made = Composition(store, conversation_id)
            try:
                _restore(made)
            except StoreError as error:
                self._window.message_bar.show_error(str(error))
            self._compositions[key] = made
        return self._compositions[key]

    def all(self) -> tuple[Composition, ...]:
        """The compositions of the chats that were open since the start."""
        return tuple(self._compositions.values())

    def show_open(self) -> None:
        """Show what is written for the chat that is open."""
        chat = self._chat.shown
        if chat.is_temporary:  # an earlier one is gone
            self._compositions = {
                key: one for key, one in self._compositions.items() if one.store in (self._chat.store, chat.store)
            }
        self.current = self.of(chat.store, chat.conversation_id)
        if self._window.composer.text() != self.current.text:
            self._window.composer.set_text(self.current.text)
        self.changed.emit()

    def tell_changed(self, composition: Composition | None = None) -> None:
        """Keep and show a composition that was changed; by default the open chat's."""
        changed = composition or self.current
        if not changed.queued:
            changed.is_paused = False
        if changed.store is self._chat.store:  # of a temporary chat nothing is kept
            if all(one is not changed for one in self._unsaved):
                self._unsaved.append(changed)
            self._saving.start()
        if changed is self.current:
            self.changed.emit()

    def submit(self) -> None:
        """Send what is written, or let it wait for its turn while a reply is running."""
        writing = self.current
        if self._run_command(writing.text):
            return
        hint = self._objection(writing)
        if hint is not None:
            self._window.composer.set_hint(hint)
            return
        if writing.text.startswith("//"):
            writing.text = writing.text[1:]
        draft = writing.draft()
        if draft and self._chat.is_replying:
            writing.queued.append(QueuedMessage(draft, self._chat.settings))
            self.empty(writing)
        elif self._chat.send(draft):
            self.empty(writing)

    def empty(self, composition: Composition) -> None:
        """What was written is sent or waits: begin anew."""
        composition.clear()
        self.tell_changed(composition)
        self.show_open()

    def save(self) -> None:
        """Keep what was changed."""
        self._saving.stop()
        unsaved, self._unsaved = self._unsaved, []
        for one in unsaved:
            self._chat.keep(lambda one=one: _keep(one))  # type: ignore[misc] # mypy: a lambda with a default

    def _typed(self) -> None:
        text = self._window.composer.text()
        if text != self.current.text:
            self.current.text = text
            self.tell_changed()

    def _objection(self, writing: Composition) -> str | None:
        """Why it cannot be sent as it is."""
        if any(item.problem is not None for item in writing.files):
            return self.tr("A file cannot be read; remove it, then send.")
        if any(item.part is None for item in writing.files):
            return self.tr("A file is still being read; send in a moment.")
        draft = writing.draft()
        if draft and all(part.kind is PartKind.IMAGE for part in draft):
            return self.tr("The model sees no pictures; write something, too.")
        return None


def _restore(composition: Composition) -> None:
    drafts = composition.store.drafts(composition.conversation_id)
    if drafts:
        hashes = {part.sha256 for part in drafts[0] if part.sha256 is not None}
        sizes = {sha256: composition.store.attachment(sha256).size_bytes for sha256 in hashes}
        composition.take(drafts[0], sizes)
    composition.queued = [QueuedMessage(parts) for parts in drafts[1:]]
    composition.is_paused = bool(composition.queued)


def _keep(composition: Composition) -> None:
    waiting = [message.parts for message in composition.queued]
    composition.store.keep_drafts(composition.conversation_id, [composition.draft(), *waiting])
