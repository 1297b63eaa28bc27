"""AttributionController: leaves out each part of the prompt in turn, and tells what the reply rests on."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.inspector import InspectorController
from app.controllers.reply_inquiry import ReplyInquiry
from app.core.confidence import change_levels
from app.core.inspected_reply import InspectedReply
from app.core.markdown import visible
from app.views.attribution_view import AttributedPart, AttributionOutcome, AttributionView, change_tint
from engine.api import Event
from engine.inspection.api import Attributed, AttributeRequest, PartAttributed, Parts

LONGEST_TEXT = 200  # characters of a part that are shown
MOST_WORDS = 5  # of the reply that are named for a part


@dataclass
class _Found:
    """What was found so far; `changes` are those of the reply's tokens without each of the parts."""

    parts: list[AttributedPart] = field(default_factory=list)
    changes: list[tuple[float, ...]] = field(default_factory=list)
    outcome: AttributionOutcome = field(default_factory=AttributionOutcome)


class AttributionController(QObject):
    """What was found by messages and by sentences is kept while the same reply is looked at.

    While a part is chosen, the words of the reply are tinted by how they change without it.
    """

    def __init__(self, inspector: InspectorController, chat: ChatController) -> None:
        super().__init__()
        self._inspector = inspector
        self._about = ReplyInquiry(inspector, chat)
        self._found: dict[str, _Found] = {}  # by what was left out
        self._asked = ""  # what is left out now
        self.view = AttributionView()
        inspector.add_view(self.view)
        self.view.wanted.connect(lambda _message_id, _index: self._show())
        self.view.partsChosen.connect(self._show_found)
        self.view.partChosen.connect(self._tint)
        self.view.askRequested.connect(self._ask)
        self.view.stopRequested.connect(self._about.stop)
        self._about.told.connect(self._take)
        self._about.failed.connect(lambda sentence: self._conclude(AttributionOutcome(problem=sentence)))
        self._about.stopped.connect(lambda: self._conclude(AttributionOutcome(is_stopped=True)))
        self._about.ended.connect(lambda: self.view.show_asking(0, 0))

    def _show(self) -> None:
        if self._about.follow():
            self._found = {}
            self._show_found()

    def _show_found(self) -> None:
        found = self._found.get(self.view.by, _Found())
        self.view.show_parts(found.parts, found.outcome, has_reply=self._about.reply is not None)

    def _ask(self) -> None:
        by = Parts(self.view.by)
        if self._about.ask(lambda number, of: AttributeRequest(number, of, by)):
            self._asked = by
            self._found[by] = _Found()
            self._show_found()
            self.view.show_asking(0, 1)

    def _take(self, event: Event) -> None:
        reply = self._about.reply
        assert reply is not None
        if isinstance(event, PartAttributed):
            found, part = self._found[self._asked], self._part(reply, event)
            found.parts.insert(0, part)  # they come from the last to the first
            found.changes.insert(0, event.changes)
            self.view.add_part(part)
            self.view.show_asking(event.done_parts, event.total_parts)
        elif isinstance(event, Attributed):
            self._conclude(AttributionOutcome(logprob=event.logprob))

    def _conclude(self, outcome: AttributionOutcome) -> None:
        self._found[self._asked].outcome = outcome
        self.view.show_outcome(outcome)

    def _tint(self, at: int | None) -> None:
        found = self._found.get(self.view.by)
        if at is None or found is None or at >= len(found.changes):
            self._inspector.tint_over(None)
            return
        levels = enumerate(change_levels(found.changes[at]))
        self._inspector.tint_over([(index, *tint) for index, level in levels if (tint := change_tint(level))])

    def _part(self, reply: InspectedReply, event: PartAttributed) -> AttributedPart:
        prompt = reply.request.prompt
        assert not isinstance(prompt, str)  # the engine refuses such a reply
        message = prompt[event.message]
        text = " ".join(message.content[event.start : event.end][:LONGEST_TEXT].split())
        most = heapq.nlargest(MOST_WORDS, enumerate(event.changes), key=lambda change: abs(change[1]))
        words = [(self._inspector.text_of(reply.token_ids[at]), change) for at, change in most]
        return AttributedPart(message.role, visible(text), event.change, words, event.is_emptied)
