"""LookingController: asks how a token came about, and fills the views of its layers and of what they read."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject

from app.controllers.background import Background, Job
from app.controllers.inquiries import Inquiry
from app.controllers.inspector import InspectorController
from app.core.attention_shares import levels, shares
from app.core.inspected_reply import InspectedReply
from app.core.token_text import running_texts
from app.views.attention_view import AttentionView
from app.views.lens_view import LayerRow, LensView
from engine.api import Event
from engine.inspection.api import Looked, LookRequest


class LookingController(QObject):
    """Both views show the same step of the model, so it is asked once a token, for the one that is looked at."""

    def __init__(self, inspector: InspectorController, background: Background) -> None:
        super().__init__()
        self._inspector, self._background = inspector, background
        self._asked: tuple[InspectedReply, int] | None = None
        self._asking: Inquiry | None = None
        self._looked: Looked | None = None  # what was asked
        self._rolling: Job | None = None
        self.lens, self.attention = LensView(), AttentionView()
        self._view: LensView | AttentionView = self.lens  # the one that is looked at
        inspector.add_view(self.lens)
        inspector.add_view(self.attention)
        self.lens.wanted.connect(lambda _message_id, index: self._show(self.lens, index))
        self.attention.wanted.connect(lambda _message_id, index: self._show(self.attention, index))
        self.attention.headsChosen.connect(self._roll_up)

    def _show(self, view: LensView | AttentionView, index: int | None) -> None:
        self._view = view
        reply = self._inspector.asked_about
        if reply is None:
            self._forget("")
        elif index is None:
            self._forget(self.tr("Click a word of the reply to see how the model came to it."))
        elif self._asked is None or self._asked[0] is not reply or self._asked[1] != index:
            self._ask(reply, index)
        elif self._looked is not None:
            self._fill(self._looked)
        else:
            view.show_nothing(self.tr("Looking…"))

    def _ask(self, reply: InspectedReply, index: int) -> None:
        self._forget(self.tr("Looking…"))
        self._asked = (reply, index)
        inquiry = self._asking = self._inspector.inquiries.ask(
            lambda number: LookRequest(number, reply.asked_as(number), index)
        )

        def take(event: Event) -> None:
            if isinstance(event, Looked) and self._asking is inquiry:
                ids = {one for guess in event.guesses for one in guess.token_ids}
                self._inspector.spell((*ids, *event.token_ids, reply.token_ids[index]), lambda: keep(event))

        def keep(looked: Looked) -> None:
            if self._asking is inquiry:
                self._looked = looked
                self._fill(looked)

        def give_up(sentence: str) -> None:
            if self._asking is inquiry:
                self._forget(sentence)

        inquiry.told.connect(take)
        inquiry.failed.connect(give_up)
        inquiry.stopped.connect(
            lambda: give_up(self.tr("A reply is being written; choose the word again when it is done."))
        )

    def _forget(self, sentence: str) -> None:
        if self._asking is not None:
            self._asking.cancel()
        self._asked = self._asking = self._looked = None
        self._view.show_nothing(sentence)

    def _fill(self, looked: Looked) -> None:
        assert self._asked is not None
        reply, index = self._asked
        text_of = self._inspector.text_of
        if self._view is self.lens:
            rows = [
                LayerRow(
                    [
                        (text_of(one), math.exp(chance))
                        for one, chance in zip(guess.token_ids, guess.logprobs, strict=True)
                    ],
                    guess.rank,
                    math.exp(guess.logprob),
                )
                for guess in looked.guesses
            ]
            self.lens.show_rows(text_of(reply.token_ids[index]), rows)
            return
        seen = looked.attention
        if not seen.layers:
            self.attention.show_nothing(
                self.tr("The layers of this model keep a state instead of looking back at earlier words.")
            )
            return
        texts = running_texts(map(self._inspector.bytes_of, looked.token_ids))
        drawn = [text_of(one) for one in looked.token_ids]
        self.attention.show_text(texts, drawn, layers=seen.layers, heads=seen.heads)
        self._roll_up()

    def _roll_up(self) -> None:
        """Make one number a token of the chosen heads: of a long text and all heads that is work."""
        looked = self._looked
        if looked is None:
            return
        layer, head = self.attention.layer, self.attention.head
        job = self._rolling = self._background.start(
            lambda _control: shares(looked.attention, layer=layer, head=head), name="attention"
        )

        def show(found: list[float]) -> None:
            if self._rolling is job and self._looked is looked:
                self.attention.show_shares(found, levels(found))

        job.succeeded.connect(show)
