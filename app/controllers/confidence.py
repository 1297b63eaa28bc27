"""ConfidenceController: tints a reply by how sure the model was, names the least sure words, scores text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.inquiries import Inquiry
from app.controllers.inspector import InspectorController
from app.core.confidence import UnsureWord, least_sure, levels
from app.views.confidence_view import GROUNDS, LINES, ConfidenceView
from engine.alternatives import Certainty, DamagedRecordError, certainties
from engine.api import Event
from engine.inspection.api import ScoreProgressed, ScoreRequest, TextScored


class ConfidenceController(QObject):
    """The colours stay while other views of the panel are looked at, and follow to other replies."""

    def __init__(self, inspector: InspectorController, chat: ChatController) -> None:
        super().__init__()
        self._inspector, self._chat = inspector, chat
        self._scoring: Inquiry | None = None
        self.view = ConfidenceView()
        inspector.add_view(self.view)
        inspector.replyChosen.connect(lambda _reply: self._show())
        self.view.measureChosen.connect(lambda _measure: self._tint())
        self.view.wordChosen.connect(inspector.choose)
        self.view.scoreRequested.connect(self._score)
        self.view.stopRequested.connect(self._stop)

    def _show(self) -> None:
        """Another reply is looked at, or nothing."""
        reply = self._inspector.reply
        words: Sequence[UnsureWord] = ()
        mean, sentence = None, ""
        known = self._known()
        if known:
            words = least_sure(known, self._inspector.texts)
            mean = sum(math.exp(one.logprob) for one in known) / len(known)
        elif reply is not None:
            sentence = self.tr(
                "How sure the model was of this text is not known. The model in use can read it and say how likely "
                "it finds each word."
            )
        model = self._chat.model
        can_score = reply is not None and not known and model is not None and not model.host
        self.view.show_words(words, mean=mean, sentence=sentence, can_score=can_score)
        self._tint()

    def _known(self) -> Sequence[Certainty]:
        reply, inspector = self._inspector.reply, self._inspector
        if reply is None or inspector.tokens is None or not reply.alternatives:
            return ()
        try:
            return certainties(reply.alternatives)
        except DamagedRecordError:
            return ()  # the view of alternatives says so

    def _tint(self) -> None:
        measure = self.view.measure
        found = [] if measure is None else levels(self._known(), measure)
        self._inspector.tint(
            [(index, GROUNDS[level], LINES[level]) for index, level in enumerate(found) if level > 0]
        )

    def _score(self) -> None:
        reply = self._inspector.reply
        if reply is None or self._scoring is not None or self._chat.is_busy():
            return
        of, text = reply.request, ""
        if self._inspector.asked_about is None:  # its tokens are not known, or not those of the model in use
            of, text = replace(of, begun_ids=()), reply.message.text
        ids: list[int] = []
        records: list[bytes] = []

        def take(event: Event) -> None:
            if isinstance(event, ScoreProgressed):
                ids.extend(event.token_ids)
                records.append(event.alternatives)
                self.view.show_scoring(event.done_tokens, event.total_tokens)
            elif isinstance(event, TextScored):
                self._inspector.take_scores(reply, tuple(ids), b"".join(records))

        self._scoring = self._inspector.inquiries.ask(
            lambda number: ScoreRequest(number, replace(of, request_id=number), text)
        )
        self.view.show_scoring(0, 1)
        self._scoring.told.connect(take)
        self._scoring.failed.connect(self._inspector.tell)
        self._scoring.ended.connect(self._end_scoring)

    def _stop(self) -> None:
        if self._scoring is not None:
            self._scoring.cancel()

    def _end_scoring(self) -> None:
        self._scoring = None
        self.view.show_scoring(0, 0)
