"""ModelHashesController: says by its hash which model replies, computed in the background after it was loaded.

Reading the whole file is work for processor and disk, so it rests while somebody waits for the first word of a reply.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.background import Background, Control, Job
from app.controllers.chat import ChatController
from app.controllers.engines import Engines
from app.core.model_hash import ModelHashes
from app.worker import TokensGathered
from engine.api import Event, ModelLoaded

logger = logging.getLogger(__name__)

REST_S = 0.05  # between two looks whether the window closes meanwhile


class ModelHashesController(QObject):
    """Tells the chat the hash once it is known; until then records of replies are without it."""

    def __init__(self, file: Path, background: Background, engines: Engines, chat: ChatController) -> None:
        super().__init__()
        self._file, self._background, self._chat = file, background, chat
        self._job: Job | None = None
        self._may_work = threading.Event()
        self._may_work.set()
        chat.replyBegan.connect(self._may_work.clear)
        chat.replyEnded.connect(lambda _store, _conversation_id, _status: self._may_work.set())
        engines.eventArrived.connect(self._go_on)

    def compute(self, loaded: ModelLoaded) -> None:
        """Find out the hash of a model that was just loaded."""
        if self._job is not None:
            self._job.cancel()
        if loaded.host:
            return  # its file lies elsewhere
        path = Path(loaded.info.path)
        job = self._background.start(
            lambda control: self._hash(path, control), name="model hash", is_low_priority=True
        )
        self._job = job
        job.succeeded.connect(lambda sha256: self._chat.know_hash(loaded, sha256))
        job.failed.connect(lambda sentence: logger.warning("the model's hash is not known: %s", sentence))
        job.ended.connect(lambda: self._ended(job))

    def _go_on(self, event: Event) -> None:
        if isinstance(event, TokensGathered):
            self._may_work.set()

    def _ended(self, job: Job) -> None:
        if self._job is job:
            self._job = None

    def _hash(self, model: Path, control: Control) -> str | None:
        """Called on the job's thread."""

        def rest_or_end() -> bool:
            while not control.is_cancelled() and not self._may_work.wait(REST_S):
                pass
            return control.is_cancelled()

        return ModelHashes(self._file).compute(model, cancelled=rest_or_end)
