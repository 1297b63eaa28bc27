"""SamplerLabController: cuts the stored alternatives again as the sliders move, one request at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from PySide6.QtCore import QObject

from app.controllers.alternatives import removed_by
from app.controllers.inquiries import Inquiry
from app.controllers.inspector import InspectorController
from app.core.inspected_reply import InspectedReply
from app.views.known_sentences import said
from app.views.sampler_lab_view import LabRow, SamplerLabView
from app.views.sampler_names import sampler_name
from engine.alternatives import DamagedRecordError, TokenRecord, record_at
from engine.api import Event, SamplerSettings
from engine.inspection.api import Recut, RecutRequest, RecutToken, Traced, TraceRequest

NAMED = 5  # tokens that would have been others, which the sentence about the whole reply names


class SamplerLabController(QObject):
    """The settings of the lab begin as those of the reply, and stay while its other tokens are looked at."""

    def __init__(self, inspector: InspectorController) -> None:
        super().__init__()
        self._inspector = inspector
        self._reply: InspectedReply | None = None
        self._settings = SamplerSettings()
        self._running: Inquiry | None = None
        self._is_due = False  # whether the sliders moved while the engine was at work
        self.view = SamplerLabView()
        inspector.add_view(self.view)
        self.view.wanted.connect(lambda _message_id, _index: self._show())
        self.view.changed.connect(self._try)
        self.view.resetRequested.connect(self._reset)
        self.view.wholeReplyRequested.connect(self._try_whole)

    def _show(self) -> None:
        reply, index = self._inspector.asked_about, self._inspector.index
        if reply is None:
            self.view.show_nothing("")
        elif not reply.alternatives or reply.request.sampler.seed is None:
            self.view.show_nothing(
                self.tr("What this reply was drawn from was not kept, so other settings cannot be tried on it.")
            )
        elif index is None:
            self.view.show_nothing(self.tr("Click a word of the reply to try other settings on it."))
        else:
            if reply is not self._reply:
                self._reply, self._settings = reply, reply.request.sampler
                self.view.show_values(asdict(self._settings))
                self.view.show_whole("")
            self._ask()

    def _try(self, values: Mapping[str, Any]) -> None:
        self._settings = replace(self._settings, **values)
        self._ask()

    def _reset(self) -> None:
        if self._reply is not None:
            self._settings = self._reply.request.sampler
            self.view.show_values(asdict(self._settings))
            self.view.show_whole("")
            self._ask()

    def _ask(self) -> None:
        """Try the settings on the token that is looked at, now or when what is asked has been answered."""
        reply, index = self._reply, self._inspector.index
        if reply is None or index is None or reply is not self._inspector.reply:
            return
        self._is_due = self._running is not None
        if self._is_due:
            return
        try:
            record = record_at(reply.alternatives, index)
        except DamagedRecordError as error:
            self.view.show_nothing(said(str(error)))
            return
        self._running = self._recut(reply, first=index, count=1)
        self._running.told.connect(lambda event: self._take(reply, index, record, event))
        tracing = self._inspector.inquiries.ask(
            lambda number: TraceRequest(
                *(number, reply.asked_as(number), reply.alternatives, self._seeded(reply)),
                position=index,
            )
        )
        tracing.told.connect(lambda event: self._name_samplers(reply, index, event))

    def _recut(self, reply: InspectedReply, *, first: int, count: int | None) -> Inquiry:
        settings = self._seeded(reply)
        inquiry = self._inspector.inquiries.ask(
            lambda number: RecutRequest(
                *(number, reply.asked_as(number), reply.alternatives, settings),
                first=first,
                count=count,
            )
        )
        inquiry.failed.connect(self.view.show_nothing)
        inquiry.ended.connect(self._go_on)
        return inquiry

    def _seeded(self, reply: InspectedReply) -> SamplerSettings:
        return replace(self._settings, seed=reply.request.sampler.seed)

    def _go_on(self) -> None:
        self._running = None
        if self._is_due:
            self._ask()

    def _take(self, reply: InspectedReply, index: int, record: TokenRecord, event: Event) -> None:
        if isinstance(event, Recut) and reply is self._inspector.reply and index == self._inspector.index:
            (again,) = event.tokens
            self._inspector.spell([one.token_id for one in record.top], lambda: self._show_rows(record, again))

    def _show_rows(self, record: TokenRecord, again: RecutToken) -> None:
        rows = [
            LabRow(
                one.token_id,
                self._inspector.text_of(one.token_id),
                one.share,
                share,
                came=one.token_id == record.token_id,
                would_come=one.token_id == again.token_id,
            )
            for one, share in zip(record.top, again.shares, strict=True)
        ]
        self.view.show_rows(rows, is_certain=again.is_certain)

    def _name_samplers(self, reply: InspectedReply, index: int, event: Event) -> None:
        if isinstance(event, Traced) and reply is self._inspector.reply and index == self._inspector.index:
            self.view.name_samplers({token: sampler_name(step) for token, step in removed_by(event).items()})

    def _try_whole(self) -> None:
        reply = self._reply
        if reply is None or self._running is not None:
            return
        self.view.show_whole(self.tr("Trying…"))
        self._running = self._recut(reply, first=0, count=None)
        self._running.told.connect(lambda event: self._take_whole(reply, event))
        self._running.stopped.connect(lambda: self.view.show_whole(""))

    def _take_whole(self, reply: InspectedReply, event: Event) -> None:
        if not isinstance(event, Recut) or reply is not self._inspector.reply:
            return
        pairs = [*zip(reply.token_ids, event.tokens, strict=True)]
        others = [at for at, (came, again) in enumerate(pairs) if again.is_certain and again.token_id != came]
        unknown = sum(not again.is_certain for _, again in pairs)
        if not others and not unknown:
            self.view.show_whole(self.tr("Every token would have been the same."))
            return

        def told() -> None:
            named = [
                self.tr("{number}: {old} → {new}").format(
                    number=at + 1,
                    old=self._inspector.text_of(pairs[at][0]),
                    new=self._inspector.text_of(pairs[at][1].token_id),
                )
                for at in others[:NAMED]
            ]
            sentence = self.tr("%Ln token(s) would have been others", "", len(others))
            if unknown:
                sentence += "; " + self.tr("%Ln are not certain", "", unknown)
            self.view.show_whole("\n".join([sentence, *named]))

        self._inspector.spell([pairs[at][1].token_id for at in others[:NAMED]], told)
