"""ModelHashesController: says by its hash which model replies, computed in the background after it was loaded."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.background import Background, Control, Job
from app.controllers.chat import ChatController
from app.core.model_hash import ModelHashes
from engine.api import ModelLoaded

logger = logging.getLogger(__name__)


class ModelHashesController(QObject):
    """Tells the chat the hash once it is known; until then records of replies are without it."""

    def __init__(self, file: Path, background: Background, chat: ChatController) -> None:
        super().__init__()
        self._file, self._background, self._chat = file, background, chat
        self._job: Job | None = None

    def compute(self, loaded: ModelLoaded) -> None:
        """Find out the hash of a model that was just loaded."""
        if self._job is not None:
            self._job.cancel()
        if loaded.host:
            return  # its file lies elsewhere
        path = Path(loaded.info.path)
        job = self._background.start(
            lambda control: _hash(self._file, path, control), name="model hash", is_low_priority=True
        )
        self._job = job
        job.succeeded.connect(lambda sha256: self._chat.know_hash(loaded, sha256))
        job.failed.connect(lambda sentence: logger.warning("the model's hash is not known: %s", sentence))
        job.ended.connect(lambda: self._ended(job))

    def _ended(self, job: Job) -> None:
        if self._job is job:
            self._job = None


def _hash(file: Path, model: Path, control: Control) -> str | None:
    return ModelHashes(file).compute(model, cancelled=control.is_cancelled)
