"""PromptController: asks what the model read for the reply that is looked at, and counts it by message."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.inspector import InspectorController
from app.core.inspected_reply import InspectedReply
from app.core.token_text import running_texts, token_text
from app.views.prompt_view import PromptPart, PromptToken, PromptView
from engine.api import Event
from engine.inspection.api import PromptRequest, PromptSeen, SeenToken


class PromptController(QObject):
    """Asks when the view is looked at, once for each reply."""

    def __init__(self, inspector: InspectorController, chat: ChatController) -> None:
        super().__init__()
        self._inspector, self._chat = inspector, chat
        self._asked: InspectedReply | None = None
        self.view = PromptView()
        inspector.add_view(self.view)
        self.view.wanted.connect(lambda _message_id, _index: self._show())

    def _show(self) -> None:
        reply = self._inspector.reply
        if reply is None or self._chat.model is None:
            self._asked = None
            self.view.show_nothing("")
            return
        if reply is self._asked:
            return
        self._asked = reply
        self.view.show_nothing(self.tr("Reading the prompt…"))
        inquiry = self._inspector.inquiries.ask(lambda number: PromptRequest(number, reply.asked_as(number)))
        inquiry.told.connect(lambda event: self._take(reply, event))
        inquiry.failed.connect(self.view.show_nothing)
        inquiry.stopped.connect(self._forget)

    def _forget(self) -> None:
        """A reply came first; the view asks again when it is looked at again."""
        self._asked = None
        self.view.show_nothing(self.tr("A reply is being written; the prompt is shown when it is done."))

    def _take(self, reply: InspectedReply, event: Event) -> None:
        if reply is self._asked and isinstance(event, PromptSeen):
            self.view.show_prompt(
                [*_tokens(event.tokens)],
                [*_parts(reply, event)],
                cache_type=event.cache_type,
                context_length=event.context_length,
            )


def _tokens(seen: tuple[SeenToken, ...]) -> Iterator[PromptToken]:
    for token, text in zip(seen, running_texts(token.piece for token in seen), strict=True):
        yield PromptToken(
            token.token_id, text, token_text(token.piece), str(token.kind), token.message, token.is_cached
        )


def _parts(reply: InspectedReply, seen: PromptSeen) -> Iterator[PromptPart]:
    prompt = reply.request.prompt
    tokens: dict[int, int] = {}
    cached: dict[int, int] = {}
    for token in seen.tokens:
        if token.message is not None:
            tokens[token.message] = tokens.get(token.message, 0) + 1
            cached[token.message] = cached.get(token.message, 0) + token.is_cached
    for number, message in enumerate(() if isinstance(prompt, str) else prompt):
        yield PromptPart(number, message.role, tokens.get(number, 0), cached.get(number, 0), number in seen.dropped)
