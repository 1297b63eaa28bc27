"""ModelsController: opens models, keeps the list of known ones, and shows which is in use and how far a load is."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.library import Library, model_name, model_path
from app.core.settings import LoadSettings
from app.views.dialogs import ask_model_file, ask_model_folder
from app.views.main_window import MainWindow
from app.views.model_picker import ModelChoice
from app.worker import EngineThread
from engine.api import Event, LoadProgressed, LoadRequest, ModelFileError, ModelLoaded, RequestFailed

logger = logging.getLogger(__name__)


class ModelsController(QObject):
    """`loadStarted` comes before a load, then `modelReady(ModelLoaded)` or `loadFailed(sentence)`."""

    loadStarted = Signal()
    modelReady = Signal(object)
    loadFailed = Signal(str)

    def __init__(self, engine: EngineThread, library: Library, window: MainWindow) -> None:
        super().__init__()
        self._engine, self._library, self._window = engine, library, window
        self._loaded: ModelLoaded | None = None
        self._loaded_path: Path | None = None
        self._loads: dict[int, Path] = {}
        self.load_settings = LoadSettings()
        engine.eventArrived.connect(self._handle)
        window.action.open_model.triggered.connect(self.open_file)
        picker = window.model_picker
        picker.modelChosen.connect(self.open)
        picker.openFileRequested.connect(self.open_file)
        picker.openFolderRequested.connect(self.open_folder)
        self._show_choices()

    @property
    def loaded(self) -> ModelLoaded | None:
        """The model in use."""
        return self._loaded

    @property
    def is_loading(self) -> bool:
        """Whether a model is on its way."""
        return bool(self._loads)

    def open_default(self) -> None:
        """Load the model used last, or the starter model; say so when there is none."""
        if self._library.notice is not None:
            self._window.message_bar.show_error(self._library.notice)
        model = self._library.default()
        if model is None:
            self._tell(self.tr("No model was found on this machine; open a model file or folder to begin."))
            return
        self._load(model.path)

    def open(self, chosen: str) -> None:
        """Load a chosen or dropped file or folder; the model in use stays until the new one is ready."""
        try:
            path = model_path(chosen)
        except ModelFileError as error:
            self._tell(str(error))
            return
        self._load(path)

    def open_file(self) -> None:
        """Ask for a model file, then load it."""
        chosen = ask_model_file(self._window)
        if chosen is not None:
            self.open(chosen)

    def open_folder(self) -> None:
        """Ask for a model folder, then load it."""
        chosen = ask_model_folder(self._window)
        if chosen is not None:
            self.open(chosen)

    def _load(self, path: Path) -> None:
        for waiting in self._loads:
            self._engine.cancel(waiting)  # only the newest wish counts
        request = LoadRequest(self._engine.next_request_id(), str(path), **asdict(self.load_settings))
        self._loads[request.request_id] = path
        self.loadStarted.emit()
        self._window.show_load_progress(0.0)
        text = self.tr("Loading {name}…").format(name=model_name(path))
        self._window.model_picker.show_state(text, str(path))
        self._engine.submit(request)

    def _handle(self, event: Event) -> None:
        path = self._loads.get(event.request_id)
        if path is None:
            return
        match event:
            case LoadProgressed(fraction=fraction):
                if self._is_newest(event.request_id):
                    self._window.show_load_progress(fraction)
            case ModelLoaded():
                self._loads.pop(event.request_id)
                self._finish(event, path)
            case RequestFailed(message=message):
                was_newest = self._is_newest(event.request_id)
                self._loads.pop(event.request_id)
                if was_newest:
                    self._show_loaded()
                    self._tell(message)

    def _is_newest(self, request_id: int) -> bool:
        return request_id == max(self._loads)

    def _finish(self, event: ModelLoaded, path: Path) -> None:
        logger.info("model loaded in %.2f s on %s", event.load_s, event.device)
        self._loaded, self._loaded_path = event, path
        if self._loads:
            return  # a newer one is on its way
        try:
            self._library.remember(path)
        except OSError as error:
            logger.warning("the list of models cannot be written: %s", error)
        self._show_choices()
        self._show_loaded()
        self.modelReady.emit(event)

    def _show_loaded(self) -> None:
        self._window.show_load_progress(None)
        if self._loaded is None:
            self._window.model_picker.show_state(self.tr("No model"), None)
        else:
            self._window.model_picker.show_state(self._loaded.info.name, str(self._loaded_path))

    def _show_choices(self) -> None:
        self._window.model_picker.set_choices(
            [
                ModelChoice(str(model.path), model.name, _gigabytes(model.size_bytes))
                for model in self._library.models()
                if model.problem is None
            ]
        )

    def _tell(self, sentence: str) -> None:
        self._window.message_bar.show_error(sentence)
        self.loadFailed.emit(sentence)


def _gigabytes(size_bytes: int) -> str:
    """A size as people say it, in decimal units: `92 MB`, `4.1 GB`."""
    if size_bytes < 1e9:
        return f"{size_bytes / 1e6:.0f} MB"
    return f"{size_bytes / 1e9:.1f} GB"
