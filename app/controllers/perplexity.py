"""PerplexityController: has the model read a document, shows how likely it finds each word, and saves that."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.background import Background, Job
from app.controllers.chat import ChatController
from app.controllers.inquiries import Inquiry
from app.controllers.inspector import InspectorController
from app.core.attached_files import AttachedFile, read_attached
from app.core.confidence import Measure, levels
from app.core.files import safe_file_name, write_atomically
from app.core.perplexity_table import perplexity_table
from app.core.token_text import running_texts
from app.views.dialogs import ask_new_file, ask_text_file, confirm_replacing
from app.views.known_sentences import said
from app.views.main_window import MainWindow
from app.views.perplexity_view import PerplexityView
from engine.alternatives import Certainty
from engine.api import Event
from engine.inspection.api import ScoreProgressed, ScoreTextRequest


class PerplexityController(QObject):
    """A document that was stopped in the middle is shown as far as it was read."""

    def __init__(
        self, inspector: InspectorController, chat: ChatController, background: Background, window: MainWindow
    ) -> None:
        super().__init__()
        self._inspector, self._chat, self._background, self._window = inspector, chat, background, window
        self._reading: Job | None = None
        self._asking: Inquiry | None = None
        self._name, self._document = "", ""
        self._ids, self._scores = list[int](), list[Certainty]()
        self._drawn: list[str] = []  # the tokens as they are written alone
        self.view = PerplexityView()
        inspector.add_view(self.view)
        self.view.openRequested.connect(self._open)
        self.view.stopRequested.connect(self._stop)
        self.view.saveRequested.connect(self._save)

    def _open(self) -> None:
        if self._reading is not None or self._asking is not None or self._chat.is_busy():
            return
        path = ask_text_file(self._window)
        if path is not None:
            job = self._reading = self._background.start(
                lambda control: read_attached(path, cancelled=control.is_cancelled), name="document"
            )
            job.succeeded.connect(self._score)
            job.failed.connect(lambda sentence: self.view.tell(said(sentence)))
            job.ended.connect(self._forget_job)

    def _forget_job(self) -> None:
        self._reading = None

    def _score(self, file: AttachedFile) -> None:
        if not file.text.strip():
            self.view.tell(self.tr("“{name}” holds no text.").format(name=file.name))
            return
        self._name, self._document, self._ids, self._scores = file.name, file.text, [], []
        inquiry = self._asking = self._inspector.inquiries.ask(lambda number: ScoreTextRequest(number, file.text))
        self.view.tell("")
        self.view.show_scoring(0, 1)
        inquiry.told.connect(self._take)
        inquiry.failed.connect(self.view.tell)
        inquiry.ended.connect(self._end)

    def _take(self, event: Event) -> None:
        if isinstance(event, ScoreProgressed):
            self._ids += event.token_ids
            self._scores += map(Certainty, event.logprobs, event.ranks, event.entropies)
            self.view.show_scoring(event.done_tokens, event.total_tokens)

    def _stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def _end(self) -> None:
        self._asking = None
        self.view.show_scoring(0, 0)
        if self._ids:
            self._inspector.spell(self._ids, self._show)

    def _show(self) -> None:
        self._drawn = [self._inspector.text_of(one) for one in self._ids]
        texts = running_texts(map(self._inspector.bytes_of, self._ids))
        nats = -math.fsum(one.logprob for one in self._scores) / len(self._scores)
        self.view.show_document(
            *(self._name, texts, levels(self._scores, Measure.PROBABILITY)),
            begin=self._document[: max(self._document.find("".join(texts)), 0)],  # a first token, or nothing
            perplexity=math.exp(min(nats, 700.0)),
            nats=nats,
        )

    def _save(self) -> None:
        proposed = Path.home() / safe_file_name(self._name, "csv")
        title, kind = self.tr("Save as a table"), self.tr("Tables (*.csv)")
        path = ask_new_file(self._window, title, proposed, kind)
        if path is None or (path.exists() and not confirm_replacing(self._window, path.name)):
            return
        ids, drawn, scores = self._ids, self._drawn, self._scores
        job = self._background.start(
            lambda _control: write_atomically(path, perplexity_table(ids, drawn, scores)), name="table"
        )
        saved = self.tr("“{name}” is saved.").format(name=path.name)
        job.succeeded.connect(lambda _nothing: self._window.message_bar.show_notice(saved))
        job.failed.connect(self._window.message_bar.show_error)
