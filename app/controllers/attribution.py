"""AttributionController: leaves out each part of the prompt in turn, and tells what the reply rests on."""

from __future__ import annotations

import heapq

from PySide6.QtCore import QLocale, QObject

from app.controllers.chat import ChatController
from app.controllers.inquiries import Inquiry
from app.controllers.inspector import InspectorController
from app.core.inspected_reply import InspectedReply
from app.core.markdown import visible
from app.views.attribution_view import AttributedPart, AttributionView
from app.views.known_sentences import said
from engine.api import Event
from engine.inspection.api import Attributed, AttributeRequest, PartAttributed, Parts

LONGEST_TEXT = 200  # characters of a part that are shown
MOST_WORDS = 5  # of the reply that are named for a part


class AttributionController(QObject):
    """What was found by messages and by sentences is kept while the same reply is looked at."""

    def __init__(self, inspector: InspectorController, chat: ChatController) -> None:
        super().__init__()
        self._inspector, self._chat = inspector, chat
        self._reply: InspectedReply | None = None
        self._asking: Inquiry | None = None
        self._found: dict[str, tuple[list[AttributedPart], str]] = {}  # by what was left out; with a sentence
        self.view = AttributionView()
        inspector.add_view(self.view)
        self.view.wanted.connect(lambda _message_id, _index: self._show())
        self.view.partsChosen.connect(self._show_found)
        self.view.askRequested.connect(self._ask)
        self.view.stopRequested.connect(self._stop)

    def _show(self) -> None:
        reply = self._inspector.reply if self._inspector.tokens is not None else None
        if reply is not self._reply:
            self._stop()
            self._reply, self._found = reply, {}
            self._show_found()

    def _show_found(self) -> None:
        parts, sentence = self._found.get(self.view.by, ([], ""))
        self.view.show_parts(parts, sentence=sentence, has_reply=self._reply is not None)

    def _ask(self) -> None:
        reply, by = self._reply, Parts(self.view.by)
        if reply is None or self._asking is not None or self._chat.is_busy():
            return
        parts: list[AttributedPart] = []
        self._found[by] = (parts, "")
        self._show_found()
        inquiry = self._asking = self._inspector.inquiries.ask(
            lambda number: AttributeRequest(number, reply.asked_as(number), by)
        )
        self.view.show_asking(0, 1)

        def take(event: Event) -> None:
            if self._reply is not reply:
                return
            if isinstance(event, PartAttributed):
                part = self._part(reply, event)
                parts.insert(0, part)  # they come from the last to the first
                self.view.add_part(part)
                self.view.show_asking(event.done_parts, event.total_parts)
            elif isinstance(event, Attributed):
                nats = QLocale().toString(event.logprob, "f", 2)
                tell(self.tr("With all of them the reply's log-probability is {nats} nats.").format(nats=nats))

        def tell(sentence: str) -> None:
            if self._reply is reply:
                self._found[by] = (parts, sentence)
                self.view.tell(sentence)

        inquiry.told.connect(take)
        inquiry.failed.connect(lambda sentence: tell(said(sentence)))
        inquiry.stopped.connect(lambda: tell(self.tr("Stopped: some parts were not left out yet.")))
        inquiry.ended.connect(self._end)

    def _stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def _end(self) -> None:
        self._asking = None
        self.view.show_asking(0, 0)

    def _part(self, reply: InspectedReply, event: PartAttributed) -> AttributedPart:
        prompt = reply.request.prompt
        assert not isinstance(prompt, str)  # the engine refuses such a reply
        message = prompt[event.message]
        text = " ".join(message.content[event.start : event.end][:LONGEST_TEXT].split())
        most = heapq.nlargest(MOST_WORDS, enumerate(event.changes), key=lambda change: abs(change[1]))
        words = [(self._inspector.text_of(reply.token_ids[at]), change) for at, change in most]
        return AttributedPart(message.role, visible(text), event.change, words, event.is_emptied)
