"""ProofController: makes the reply that is looked at again from its record, and says where it differs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.inquiries import Inquiry
from app.controllers.inspector import InspectorController
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
        self._inspector, self._chat = inspector, chat
        self._reply: InspectedReply | None = None
        self._asking: Inquiry | None = None
        self.view = ProofView()
        inspector.add_view(self.view)
        self.view.wanted.connect(lambda _message_id, _index: self._show())
        self.view.verifyRequested.connect(self._verify)
        self.view.stopRequested.connect(self._stop)

    def _show(self) -> None:
        reply = self._inspector.reply if self._inspector.tokens is not None else None
        if reply is self._reply:
            return
        self._stop()
        self._reply = reply
        if reply is None:
            self.view.show_nothing()
        else:
            self.view.show_facts(_facts(reply.record))

    def _verify(self) -> None:
        reply = self._reply
        if reply is None or self._asking is not None or self._chat.is_busy():
            return
        made = recorded_circumstances(reply.record)
        inquiry = self._asking = self._inspector.inquiries.ask(
            lambda number: VerifyRequest(number, reply.asked_as(number), reply.alternatives, made)
        )
        self.view.show_progress(0, len(reply.token_ids))

        def take(event: Event) -> None:
            if self._reply is not reply:
                return
            if isinstance(event, VerifyProgressed):
                self.view.show_progress(event.same_tokens, event.total_tokens)
            elif isinstance(event, Verified):
                self._take(reply, event)

        def tell(sentence: str) -> None:
            if self._reply is reply:
                self.view.tell(sentence)

        inquiry.told.connect(take)
        inquiry.failed.connect(lambda sentence: tell(said(sentence)))
        inquiry.stopped.connect(lambda: tell(self.tr("Stopped before the end; nothing differed so far.")))
        inquiry.ended.connect(self._end)

    def _stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def _end(self) -> None:
        self._asking = None
        self.view.show_progress(0, 0)

    def _take(self, reply: InspectedReply, verified: Verified) -> None:
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
            if self._reply is not reply:
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
