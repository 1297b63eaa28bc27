"""ReadingAheadController: lets the engine read a message while it is written, so that its reply begins at once.

It asks for what sending would ask for, while the chat's model is one of this machine and nobody waits for a reply.
The engine ends it for whatever else is asked.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from app.controllers.background import Background
from app.controllers.chat import ChatController
from app.controllers.engines import Engines
from app.controllers.open_chat import OpenChat, reply_token_ids
from app.controllers.preferences import PreferencesController
from app.controllers.writing import WritingController
from app.core.conversation import CHARACTERS_PER_TOKEN, Status, StoredMessage, newest
from engine.api import Event, GenerateRequest, ModelLoaded, ReadAheadRequest

DEBOUNCE_MS = 250
FEW_CHARACTERS = 12  # two or three words; fewer are read with the reply as quickly


class ReadingAheadController(QObject):
    """Follows the open chat's composition; one reading is wanted at a time."""

    def __init__(
        self,
        engine: Engines,
        chat: ChatController,
        writing: WritingController,
        preferences: PreferencesController,
        background: Background,
    ) -> None:
        super().__init__()
        self._engine, self._chat, self._writing = engine, chat, writing
        self._preferences, self._background = preferences, background
        self._asked: tuple[ModelLoaded, ReadAheadRequest] | None = None
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(DEBOUNCE_MS)
        self._waiting.timeout.connect(self.ask)
        writing.changed.connect(self._waiting.start)
        chat.replyEnded.connect(self._waiting.start)
        preferences.changed.connect(self._waiting.start)
        engine.eventArrived.connect(self._handle)

    def ask(self) -> None:
        """Ask the engine to read what would be sent now, unless it was asked for nearly the same."""
        chat, model, draft = self._chat.shown, self._engine.model, self._draft()
        is_wanted = self._preferences.settings.read_ahead and not self._engine.is_model_awaited
        if draft is None or model is None or model.host or not is_wanted:
            self._give_up()
            return
        if self._chat.is_replying:
            return
        if chat.token_ids is None and chat.conversation_id is not None and not chat.is_temporary:
            self._learn_tokens(chat, chat.conversation_id)
            return
        path, most = [*chat.tree.path(), draft], model.context_length * CHARACTERS_PER_TOKEN
        if len(newest(path, most)) < len(path) or len(draft.prompt_text) > most:
            return  # it cannot fit, and to find that out would take this thread and the engine's long
        wanted = self._chat.draft_request(draft)
        if self._asked is None or self._asked[0] is not model or _is_news(wanted, self._asked[1].of):
            request = ReadAheadRequest(self._engine.next_request_id(), wanted)
            self._asked = (model, request)
            self._engine.submit(request)

    def close(self) -> None:
        """Ask for nothing any more."""
        self._waiting.timeout.disconnect(self.ask)

    def _draft(self) -> StoredMessage | None:
        """The message that would be sent; None for a command, or where it cannot be sent as it is."""
        writing = self._writing.current
        if writing.text.startswith("/") or any(item.part is None for item in writing.files):
            return None
        draft = StoredMessage("", None, "user", writing.draft(), Status.COMPLETE, 0.0)
        return draft if draft.prompt_text.strip() else None

    def _learn_tokens(self, chat: OpenChat, conversation_id: str) -> None:
        """Read beside the window of which tokens the replies of a chat that was just opened are, then ask."""
        job = self._background.start_on_store(
            lambda store, _control: reply_token_ids(store, conversation_id), name="tokens of replies"
        )

        def take(found: dict[str, tuple[int, ...]]) -> None:
            if chat.token_ids is None and not self._chat.is_replying:
                chat.token_ids = found
            self._waiting.start()

        job.succeeded.connect(take)

    def _give_up(self) -> None:
        if self._asked is not None:
            self._engine.cancel(self._asked[1].request_id)
            self._asked = None

    def _handle(self, event: Event) -> None:
        if isinstance(event, ModelLoaded):
            self._waiting.start()


def _is_news(wanted: GenerateRequest, asked: GenerateRequest) -> bool:
    """Whether what is wanted differs from what was asked by more than the draft's last words."""
    new, old = wanted.prompt[-1], asked.prompt[-1]
    if isinstance(new, str) or isinstance(old, str) or wanted != replace(asked, prompt=(*asked.prompt[:-1], new)):
        return True
    return not old.content.startswith(new.content[: max(len(new.content) - FEW_CHARACTERS + 1, 0)])
