"""ProofController: makes the reply that is looked at again from its record, and says where it differs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.inspector import InspectorController
from app.controllers.reply_inquiry import ReplyInquiry
from app.core.inspected_reply import InspectedReply
from app.core.reply_record import recorded_circumstances
from app.views.known_sentences import said
from app.views.proof_view import ProofFact, ProofOutcome, ProofToken, ProofView
from engine.alternatives import DamagedRecordError, TokenRecord, unpack
from engine.api import Circumstances, Event
from engine.inspection.api import Verified, VerifyProgressed, VerifyRequest

_OF_THE_RECORD = ("seed", "model_name", "quantisation", "model_sha256")


class ProofController(QObject):
    """What was found of a reply is forgotten when another one is looked at."""

    def __init__(self, inspector: InspectorController, chat: ChatController) -> None:
        super().__init__()
        self._inspector = inspector
        self._about = ReplyInquiry(inspector, chat)
        self.view = ProofView()
        inspector.add_view(self.view)
        self.view.wanted.connect(lambda _message_id, _index: self._show())
        self.view.verifyRequested.connect(self._verify)
        self.view.stopRequested.connect(self._about.stop)
        self._about.told.connect(self._take)
        self._about.failed.connect(self.view.tell)
        self._about.stopped.connect(self.view.tell_stopped)
        self._about.ended.connect(lambda: self.view.show_progress(0, 0))

    def _show(self) -> None:
        if not self._about.follow():
            return
        if self._about.reply is None:
            self.view.show_nothing()
        else:
            self.view.show_facts(_facts(self._about.reply.record))

    def _verify(self) -> None:
        reply = self._about.reply
        if reply is None:
            return
        made = recorded_circumstances(reply.record)
        if self._about.ask(lambda number, of: VerifyRequest(number, of, reply.alternatives, made)):
            self.view.show_progress(0, len(reply.token_ids))

    def _take(self, event: Event) -> None:
        if isinstance(event, VerifyProgressed):
            self.view.show_progress(event.same_tokens, event.total_tokens)
        elif isinstance(event, Verified) and self._about.reply is not None:
            self._take_outcome(self._about.reply, event)

    def _take_outcome(self, reply: InspectedReply, verified: Verified) -> None:
        found = {one.name: one.found for one in verified.differences}
        facts = [replace(fact, found=found.get(fact.name, "")) for fact in _facts(reply.record)]
        total, at = len(reply.token_ids), verified.differs_at
        if at is None:
            self.view.show_outcome(facts, ProofOutcome(total, total))
            return
        try:
            recorded, comes = _record(verified.recorded), _record(verified.found)
        except DamagedRecordError as error:
            self.view.tell(said(str(error)))
            return
        chances = _chances(recorded), _chances(comes)
        ids = [*dict.fromkeys((*chances[0], *chances[1]))]
        came_id = reply.token_ids[at]

        def show() -> None:
            if self._about.reply is not reply:
                return
            text_of = self._inspector.text_of
            outcome = ProofOutcome(
                at,
                total,
                text_of(came_id),
                "" if comes is None else text_of(comes.token_id),
                was_chosen=at == reply.branched_at,
                tokens=[ProofToken(text_of(one), chances[0].get(one), chances[1].get(one)) for one in ids],
            )
            self.view.show_outcome(facts, outcome)

        self._inspector.spell((came_id, *ids), show)


def _facts(record: Mapping[str, Any]) -> Sequence[ProofFact]:
    """What the record says that can be told in a line."""
    made = recorded_circumstances(record)
    told = [(name, record.get(name)) for name in _OF_THE_RECORD]
    told += [(field.name, getattr(made, field.name)) for field in fields(Circumstances)]
    return [ProofFact(name, str(value)) for name, value in told if value is not None and value != ""]


def _record(packed: bytes) -> TokenRecord | None:
    return unpack(packed)[0] if packed else None


def _chances(record: TokenRecord | None) -> dict[int, float]:
    """The tokens of a record with their chances, the one that came among them."""
    if record is None:
        return {}
    return {one.token_id: math.exp(one.logprob) for one in record.top} | {record.token_id: math.exp(record.logprob)}
