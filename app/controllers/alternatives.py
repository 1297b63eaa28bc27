"""AlternativesController: fills the view of what else could have come, and lets a reply go on from another token."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.inspector import InspectorController
from app.core.inspected_reply import InspectedReply
from app.views.alternatives_view import AlternativeRow, AlternativesView, TokenFacts
from app.views.known_sentences import said
from app.views.sampler_names import sampler_name
from engine.alternatives import DamagedRecordError, TokenRecord, record_at
from engine.api import Event
from engine.inspection.api import EndRequest, EndScored, Traced, TraceRequest


class AlternativesController(QObject):
    """The rows come at once, from what is stored; which sampler removed what comes when the engine told it."""

    def __init__(self, inspector: InspectorController, chat: ChatController) -> None:
        super().__init__()
        self._inspector, self._chat = inspector, chat
        self.view = AlternativesView()
        inspector.add_view(self.view)
        self._end = b""  # the record of the reply's end, while that is looked at
        self.view.wanted.connect(self._show)
        self.view.branchRequested.connect(self._branch)
        self.view.endRequested.connect(self._ask_end)

    def _show(self, _message_id: str, index: int | None) -> None:
        reply, self._end = self._inspector.reply, b""
        self.view.offer_end(is_possible=False)
        if reply is None or self._inspector.tokens is None:
            self.view.show_nothing("")
        elif not reply.alternatives:
            self.view.show_nothing(
                self.tr("What else could have come was not kept of this reply; “Score” finds out what can be known.")
            )
        elif index is None:
            self.view.show_nothing(self.tr("Click a word of the reply to see what else could have come."))
        else:
            try:
                record = record_at(reply.alternatives, index)
            except DamagedRecordError as error:
                self.view.show_nothing(said(str(error)))
                return
            is_last = index + 1 == len(reply.token_ids)
            self.view.offer_end(is_possible=is_last and reply.ended_by_itself and not reply.is_remote)
            self._spell(reply, index, record)

    def _spell(self, reply: InspectedReply, index: int, record: TokenRecord) -> None:
        if reply.is_remote:
            self._show_rows(reply, index, record)
            return
        ids = [one.token_id for one in record.top]
        self._inspector.spell((*ids, record.token_id), lambda: self._show_rows(reply, index, record))

    def _ask_end(self) -> None:
        reply, index = self._inspector.reply, self._inspector.index
        if reply is None or index is None:
            return

        def take(event: Event) -> None:
            if isinstance(event, EndScored) and self._is_looked_at(reply, index):
                self._end = event.record
                self.view.offer_end(is_possible=False)
                self._spell(reply, index, record_at(event.record, 0))

        inquiry = self._inspector.inquiries.ask(lambda number: EndRequest(number, reply.asked_as(number)))
        inquiry.told.connect(take)
        inquiry.failed.connect(self._inspector.tell)

    def _show_rows(self, reply: InspectedReply, index: int, record: TokenRecord) -> None:
        if not self._is_looked_at(reply, index):
            return
        seed = reply.request.sampler.seed if record.survivors else None
        text_of = reply.text_of if reply.is_remote else self._inspector.text_of
        end_ids = () if reply.is_remote else self._inspector.end_ids
        facts = TokenFacts(
            *(record.rank, record.entropy, math.exp(record.logprob), record.survivors, seed, index),
            is_told=reply.is_remote,
        )
        rows = [
            AlternativeRow(
                one.token_id,
                text_of(one.token_id),
                math.exp(one.logprob),
                one.share,
                came=one.token_id == record.token_id,
                ends_reply=one.token_id in end_ids,
            )
            for one in record.top
        ]
        if all(not row.came for row in rows):
            came = text_of(record.token_id)
            chance = math.exp(record.logprob)
            is_end = record.token_id in end_ids
            rows.append(AlternativeRow(record.token_id, came, chance, record.share, came=True, ends_reply=is_end))
        self.view.show_rows(facts, rows)
        if seed is None or all(row.share > 0.0 for row in rows):
            return

        def name_samplers(event: Event) -> None:
            if isinstance(event, Traced) and self._is_looked_at(reply, index):
                removed = removed_by(event)
                self.view.show_rows(
                    facts, [replace(row, removed_by=sampler_name(removed.get(row.token_id, ""))) for row in rows]
                )

        inquiry = self._inspector.inquiries.ask(
            lambda number: TraceRequest(
                *(number, reply.asked_as(number), reply.alternatives, reply.request.sampler),
                position=index,
            )
        )
        inquiry.told.connect(name_samplers)  # where it fails the rows only say that the samplers removed them

    def _is_looked_at(self, reply: InspectedReply, index: int) -> bool:
        return self._inspector.reply is reply and self._inspector.index == index

    def _branch(self, token_id: int) -> None:
        self._inspector.branch(token_id, instead_of_end=self._end)


def removed_by(traced: Traced) -> dict[int, str]:
    """The step that removed each token, by its id."""
    return {token_id: step.name for step in reversed(traced.steps) for token_id in step.removed}
