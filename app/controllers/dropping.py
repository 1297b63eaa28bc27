"""DroppingController: the one place that decides what becomes of files dropped on the window.

A model is opened; a folder, a database or a file with conversations is imported; anything else is attached.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.attaching import AttachingController
from app.controllers.background import Background
from app.controllers.imports import ImportsController
from app.controllers.models import ModelsController
from app.core.library import model_path
from app.views.main_window import MainWindow
from engine.api import ModelFileError

MODEL_ENDINGS = frozenset([".gguf", ".safetensors"])
IMPORT_ENDINGS = frozenset([".zip", ".chat", ".sqlite3", ".db"])  # nothing of these can be attached
SHARED_ENDINGS = frozenset([".json", ".jsonl", ".yaml"])  # conversations or anything else: the content says


class DroppingController(QObject):
    """Looks at the names first, and into a file only where they do not tell."""

    def __init__(
        self,
        background: Background,
        models: ModelsController,
        imports: ImportsController,
        attaching: AttachingController,
        window: MainWindow,
    ) -> None:
        super().__init__()
        self._background = background
        self._models, self._imports, self._attaching = models, imports, attaching
        self._message_bar = window.message_bar
        window.filesDropped.connect(self.take)

    def take(self, paths: list[str]) -> None:
        """Decide for each file by itself; of several models or imports only the first is taken."""
        models, imports, unclear, others = [], [], [], []
        for path in paths:
            ending = Path(path).suffix.lower()
            if ending in MODEL_ENDINGS or _is_model(path):
                models.append(path)
            elif ending in IMPORT_ENDINGS or Path(path).is_dir():
                imports.append(path)
            elif ending in SHARED_ENDINGS:
                unclear.append(path)
            else:
                others.append(path)
        if models:
            self._models.open(models[0])
        if imports:
            self._imports.look_at(imports[0])
        self._attaching.attach(others)
        for path in unclear:
            self._look_into(path)

    def _look_into(self, path: str) -> None:
        job = self._background.start(lambda _control: _holds_conversations(path), name="drop")
        job.succeeded.connect(
            lambda is_import: self._imports.look_at(path) if is_import else self._attaching.attach([path])
        )
        job.failed.connect(self._message_bar.show_error)


def _holds_conversations(path: str) -> bool:
    from app.core.importing import holds_conversations

    return holds_conversations(Path(path))


def _is_model(path: str) -> bool:
    try:
        model_path(path)
    except ModelFileError:
        return False
    return True
