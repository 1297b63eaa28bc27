"""ChatController: opens chats, sends what is typed, and asks for replies: the first, another, or one that goes on.

What a reply does while it runs is `ReplyStream`'s part; one runs at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.controllers.engines import Engines
from app.controllers.open_chat import OpenChat, reply_token_ids
from app.controllers.reply_stream import ReplyStream
from app.controllers.running_reply import RunningReply
from app.controllers.shown_chat import ShownChat
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
from app.core.inspected_reply import InspectedReply, inspected_reply
from app.core.reply_caches import ReplyCaches
from app.core.reply_record import score_record
from app.core.reply_settings import ReplySettings
from app.core.store import MEMORY, Store, StoreError
from app.views.main_window import MainWindow
from engine.alternatives import branched
from engine.api import GenerateRequest, ModelLoaded, SamplerSettings


class ChatController(QObject):
    """`conversationsChanged()` after anything the sidebar shows, `opened(str or None)` when another is shown.

    `replyBegan()` comes before every reply and `replyEnded(Store, conversation id, Status)` after it,
    `replyFinished(message id)` after those that the engine ended and `replyFailed(message id, kind, sentence)` after
    those that an error ended. `saveFailed(sentence)` comes when the store refuses: what was said is still here and
    can be exported.
    """

    conversationsChanged = Signal()
    opened = Signal(object)
    replyBegan = Signal()
    replyEnded = Signal(object, str, object)
    replyFinished = Signal(str)
    replyFailed = Signal(str, str, str)
    saveFailed = Signal(str)

    def __init__(self, engine: Engines, store: Store, caches: ReplyCaches, window: MainWindow) -> None:
        super().__init__()
        self._engine, self._store, self._caches, self._window = engine, store, caches, window
        self.settings = ReplySettings()
        self.settle: Callable[[], SamplerSettings] | None = None  # of the shown chat, for the model in use by then
        self._shown = ShownChat(OpenChat(store), window)
        self._stream = ReplyStream(engine, self._shown, window)
        self._temporary: OpenChat | None = None  # the last one; it can be shown again until the window closes
        self._stream.ended.connect(self._reply_ended)
        self._stream.titled.connect(self.conversationsChanged)
        self._stream.finished.connect(self.replyFinished)
        self._stream.failed.connect(self.replyFailed)
        self._stream.saveFailed.connect(self.saveFailed)
        window.composer.stopRequested.connect(self.stop)
        window.action.stop.triggered.connect(self.stop)
        window.action.regenerate.triggered.connect(self.regenerate_last)
        window.transcript.regenerateRequested.connect(self.regenerate)
        window.transcript.continueRequested.connect(self.continue_reply)

    @property
    def store(self) -> Store:
        """Where chats are kept that are not temporary."""
        return self._store

    @property
    def shown(self) -> OpenChat:
        """The chat that the window shows."""
        return self._shown.chat

    @property
    def model(self) -> ModelLoaded | None:
        """The model that replies."""
        return self._stream.model

    @property
    def conversation_id(self) -> str | None:
        """The conversation that is shown; None before its first message."""
        return self.shown.conversation_id

    @property
    def is_replying(self) -> bool:
        """Whether a reply is running."""
        return self._stream.running is not None

    def chat_of(self, store: Store, conversation_id: str | None) -> OpenChat:
        """A chat that need not be the one that is shown. Raises `StoreError`."""
        if store is self.shown.store and conversation_id == self.shown.conversation_id:
            return self.shown
        tree = MessageTree() if conversation_id is None else store.tree(conversation_id)
        return OpenChat(store, conversation_id, tree, is_temporary=store is not self._store)

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
        if self._stream.running is not None and self._stream.running.store is not self._store:
            self._stream.stop()
            self._stream.keep()
        self._forget_temporary()
        self._temporary = OpenChat(Store(MEMORY), is_temporary=True)
        self._show(self._temporary, self.tr("Temporary chat"))

    def close(self) -> None:
        """Keep a running reply and let go of the temporary chat."""
        self._stream.keep()
        self._forget_temporary()

    def send(
        self, parts: tuple[Part, ...], *, chat: OpenChat | None = None, settings: ReplySettings | None = None
    ) -> bool:
        """Store a message, then let the model answer it; whether it was stored.

        By default in the chat that is shown and with its settings. A chat that was not begun has an id afterwards.
        """
        if not parts or self.is_busy():
            return False
        chat = chat or self.shown
        is_new = chat.conversation_id is None
        try:
            if chat.conversation_id is None:
                made = chat.store.create_conversation(_title(parts))
                chat.conversation_id, chat.tree = made.id, MessageTree()
                if chat is self.shown:
                    self._shown.name(made.title)
            chat.add(
                chat.store.add_message(chat.conversation_id, parent_id=chat.tree.leaf_id, role="user", parts=parts)
            )
        except StoreError as error:
            self.saveFailed.emit(str(error))
            return False
        if is_new and chat is self.shown:
            self.opened.emit(None if chat.is_temporary else chat.conversation_id)
        self.answer(chat=chat, settings=settings)
        return True

    def know_hash(self, loaded: ModelLoaded, sha256: str | None) -> None:
        """Say in the records of replies to come by its hash which model makes them, if it still does."""
        self._stream.know_hash(loaded, sha256)

    def draft_request(self, draft: StoredMessage) -> GenerateRequest:
        """What would be asked if a message were sent now in the chat that is shown; `token_ids` of it are known."""
        chat, conversation_id = self.shown, self.conversation_id
        is_kept = conversation_id is not None and not chat.is_temporary
        cache_path = str(self._caches.place_of(conversation_id)) if conversation_id and is_kept else None
        request = _request([*chat.tree.path(), draft], self.settings, chat.token_ids or {})
        return replace(request, cache_path=cache_path)

    def stop(self) -> None:
        """End the running reply; what is there stays."""
        self._stream.stop()

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

    def answer(
        self,
        *,
        continued: StoredMessage | None = None,
        chat: OpenChat | None = None,
        settings: ReplySettings | None = None,
    ) -> None:
        """Add a reply behind the path of a chat, or beside the one that is `continued`, and ask for its text.

        By default in the chat that is shown and with its settings.
        """
        settle = self.settle if settings is None else None
        chat, settings = chat or self.shown, settings or self.settings
        assert chat.conversation_id is not None
        leaf_id = chat.tree.leaf_id if continued is None else continued.parent_id
        path = chat.tree.path(leaf_id) if leaf_id is not None else []
        parts = _begun_parts(continued)
        begun = [] if continued is None else [replace(continued, parts=parts)]
        try:
            request = _request([*path, *begun], settings, _known_token_ids(chat))
        except StoreError as error:
            self.show_path()
            self.saveFailed.emit(str(error))
            return
        edited_from = None if continued is None else continued.id
        request = replace(request, continue_last=continued is not None)
        self._begin(request, chat, leaf_id, parts, edited_from=edited_from, settle=settle)

    def branch(self, reply: InspectedReply, *, index: int, token_id: int, text: str) -> bool:
        """Another version of a reply with another token at a place, which goes on by itself; whether it began.

        `text` is what it says up to that token. The reply must have alternatives, and this one among them.
        """
        chat = self.shown
        if reply.message.id not in chat.tree or self.is_busy():
            return False
        request = replace(reply.request, begun_ids=(*reply.token_ids[:index], token_id))
        self._begin(
            *(request, chat, reply.message.parent_id, text_parts(text)),
            edited_from=reply.message.id,
            begun_alternatives=branched(reply.alternatives, index, token_id),
        )
        return True

    def _begin(
        self,
        request: GenerateRequest,
        chat: OpenChat,
        parent_id: str | None,
        parts: tuple[Part, ...],
        *,
        edited_from: str | None,
        begun_alternatives: bytes = b"",
        settle: Callable[[], SamplerSettings] | None = None,
    ) -> None:
        """Store the reply that a request will make, with the parts that it begins with, and ask for the rest."""
        assert chat.conversation_id is not None
        cache_path = None if chat.is_temporary else str(self._caches.path_of(chat.conversation_id))
        request = replace(request, request_id=self._engine.next_request_id(), cache_path=cache_path)
        try:
            reply = chat.store.add_message(
                chat.conversation_id,
                parent_id=parent_id,
                role="assistant",
                parts=parts,
                status=Status.STREAMING,
                edited_from=edited_from,
            )
        except StoreError as error:
            self.show_path()
            self.saveFailed.emit(str(error))
            return
        chat.add(reply)
        self.replyBegan.emit()
        running = RunningReply(request, chat.store, chat.conversation_id, reply, begun_alternatives, settle=settle)
        self._stream.begin(running)
        if chat is self.shown:
            self.show_path()
        self.conversationsChanged.emit()

    def inspected(self, message_id: str) -> InspectedReply | None:
        """A reply of the chat that is shown with what it was made of; None where there is none."""
        chat = self.shown
        if message_id not in chat.tree or chat.tree.get(message_id).role != "assistant":
            return None
        try:
            return inspected_reply(
                chat.tree,
                message_id,
                record=chat.store.record(message_id),
                alternatives=chat.store.alternatives(message_id),
                settings=self.settings,
                token_ids=_known_token_ids(chat),
            )
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return None

    def keep_scores(self, message_id: str, token_ids: tuple[int, ...], alternatives: bytes) -> None:
        """Keep what the model in use said of a reply that it read, unless more is known of it."""
        chat, model = self.shown, self.model
        if model is not None and message_id in chat.tree:
            scores = score_record(token_ids, model.info)
            self.keep(lambda: chat.store.save_scores(message_id, scores, alternatives))

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
        if self.is_replying:
            self._window.composer.set_hint(self.tr("A reply is being written; stop it first (Esc)."))
        return self.is_replying

    def is_shown_running(self) -> bool:
        """Whether the running reply is one of the chat that is shown."""
        running = self._stream.running
        return running is not None and running.message.id in self.shown.tree

    def is_running_in(self, message_ids: list[str]) -> bool:
        """Whether the running reply is one of these messages."""
        return self._shown.running_id in message_ids

    def show_path(self) -> None:
        """Show the path of the tree as it is now."""
        self._shown.show_path()

    def _show(self, chat: OpenChat, title: str | None) -> None:
        self._shown.chat = chat
        self._stream.take_into_shown()
        self._shown.name(title)
        self._window.status.show_text("")
        self._window.status.show_speed(None)  # that of another chat's reply says nothing here
        self._window.status.show_context(None, None)
        self.show_path()
        self.opened.emit(None if chat.is_temporary else chat.conversation_id)

    def _return_to(self, temporary: OpenChat) -> None:
        if temporary is self._temporary:
            self._show(temporary, self.tr("Temporary chat"))

    def _forget_temporary(self) -> None:
        if self._temporary is not None:
            self._temporary.store.close()
            self._temporary = None

    def _reply_ended(self, running: RunningReply, status: Status) -> None:
        self.conversationsChanged.emit()
        self.replyEnded.emit(running.store, running.conversation_id, status)


def _known_token_ids(chat: OpenChat) -> dict[str, tuple[int, ...]]:
    """The tokens of a chat's replies, read from its store once."""
    if chat.token_ids is None and chat.conversation_id is not None:
        chat.token_ids = reply_token_ids(chat.store, chat.conversation_id)
    return chat.token_ids or {}


def _request(
    path: list[StoredMessage], settings: ReplySettings, token_ids: Mapping[str, tuple[int, ...]]
) -> GenerateRequest:
    """What the engine is asked for a reply behind a path."""
    return GenerateRequest(
        0,
        prompt=prompt_messages(path, system_prompt=settings.system_prompt, token_ids=token_ids),
        sampler=settings.sampler,
        max_tokens=settings.max_tokens,
        stop=settings.stop,
        json_schema=settings.json_schema,
    )


def _begun_parts(continued: StoredMessage | None) -> tuple[Part, ...]:
    """What a reply begins with that continues another: its parts, or of a thinking without an end its text."""
    if continued is None or continued.text.strip():
        return () if continued is None else continued.parts
    thinking = "\n\n".join(part.text for part in continued.parts if part.kind is PartKind.THINKING)
    return text_parts(f"<think>\n{thinking}")


def _title(parts: tuple[Part, ...]) -> str:
    """A title made of a first message: of its text, else of the name of its file."""
    texts = [part.text for part in parts if part.kind is PartKind.TEXT]
    return title_of("\n\n".join(texts)) or next((part.name for part in parts if part.name), "")
