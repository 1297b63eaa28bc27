"""ModelsController: opens models and lets go of them, and shows which is in use and how far a load is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.controllers.engines import Engines
from app.controllers.model_file_watch import ModelFileWatch
from app.core.fit import Alternative, Verdict, alternatives, estimate, free_ram
from app.core.known_model import KnownModel
from app.core.library import Library, model_name, model_path
from app.core.remote.endpoints import is_remote
from app.core.settings import LoadSettings
from app.views.dialogs import ask_model_file, ask_model_folder
from app.views.language import in_every_language
from app.views.main_window import MainWindow
from app.views.model_picker import ModelChoice
from app.views.model_words import fit_sentences, parameters_text, size_text, tokens_text, verdict_text
from engine.api import (
    Event,
    LoadProgressed,
    LoadRequest,
    ModelChangedError,
    ModelFileError,
    ModelLoaded,
    ModelUnloaded,
    OutOfMemoryError,
    RequestError,
    RequestFailed,
    UnloadRequest,
)

logger = logging.getLogger(__name__)


class ModelsController(QObject):
    """`loadStarted` comes before a load, then `modelReady(ModelLoaded)` or `loadFailed(sentence)`.

    `defaultMissing` comes when no model to begin with is known yet, `unloaded` when the model was let go of.
    `remoteRequested(address)` hands on the wish for a remote model: `open_remote` is for who asked the person.
    """

    loadStarted = Signal()
    modelReady = Signal(object)
    loadFailed = Signal(str)
    defaultMissing = Signal()
    unloaded = Signal()
    remoteRequested = Signal(str)

    def __init__(self, engine: Engines, library: Library, window: MainWindow) -> None:
        super().__init__()
        self._engine, self._library, self._window = engine, library, window
        self._loaded: ModelLoaded | None = None
        self._path: Path | None = None  # of the model in use on this machine, also while it is unloaded
        self._remote_choices: tuple[ModelChoice, ...] = ()
        self._loads: dict[int, Path] = {}
        self._tell_again: Callable[[], None] | None = None  # why the last load failed, while no model is in use
        self.load_settings = LoadSettings()
        self.memory = free_ram()
        self._watch = ModelFileWatch()
        self._watch.changed.connect(self._tell_change)
        engine.eventArrived.connect(self._handle)
        window.action.open_model.triggered.connect(self.open_file)
        picker = window.model_picker
        picker.modelChosen.connect(self.open)
        picker.openFileRequested.connect(self.open_file)
        picker.openFolderRequested.connect(self.open_folder)
        in_every_language(picker, self.show_choices)

    @property
    def loaded(self) -> ModelLoaded | None:
        """The model in the memory of this machine; None while there is none."""
        return self._loaded

    @property
    def in_use(self) -> ModelLoaded | None:
        """The model that replies, here or elsewhere."""
        return self._engine.model

    @property
    def is_remote_in_use(self) -> bool:
        """Whether the model that replies is a remote one."""
        return self.in_use is not None and bool(self.in_use.host)

    @property
    def is_loading(self) -> bool:
        """Whether a model is on its way."""
        return bool(self._loads)

    def is_in_use(self, model: KnownModel) -> bool:
        """Whether it is the one that replies."""
        return not self.is_remote_in_use and any(place.path == self._path for place in model.places)

    def settings_of(self, path: Path) -> LoadSettings:
        """How the model at `path` is loaded."""
        return self._library.load_settings(path) or self.load_settings

    def open_default(self) -> None:
        """Load the model used last, or the starter model, or have others looked for."""
        if self._library.notice is not None:
            self._window.message_bar.show_error(self._library.notice)
        model = self._library.default()
        if model is None:
            self.defaultMissing.emit()
        else:
            self._load(model.path)

    def open_best(self) -> None:
        """Load the best of what was found, unless a model is in use or on its way; say so when there is none."""
        if self._path is not None or self._loads or self.is_remote_in_use:
            return
        model = self._library.default(self.memory)
        if model is None:
            self._tell(self.tr("No model was found on this machine; open a model file or folder to begin."))
        else:
            self._load(model.path)

    def open(self, chosen: str) -> None:
        """Load a chosen or dropped file or folder; the model in use stays until the new one is ready."""
        if is_remote(chosen):
            self.remoteRequested.emit(chosen)
            return
        try:
            path = model_path(chosen)
        except ModelFileError as error:
            self._tell(str(error))
            return
        known = self._library.at(path)
        if known is not None:
            self.open_known(known)
        else:
            self._load(path)

    def open_known(self, model: KnownModel) -> None:
        """Load a model of the library; where it does not fit, say so and offer what would."""
        settings = self.settings_of(model.path)
        if model.info is not None:
            fit = estimate(model.info, self.memory, settings)
            if fit.verdict is Verdict.NOT and not self.is_in_use(model):
                sentence = f"{model.name}: {fit_sentences(fit)}"
                self._offer(model.path, sentence, anyway=lambda: self._load(model.path))
                self.loadFailed.emit(sentence)
                return
        self._load(model.path)

    def open_remote(self, address: str, name: str, context_length: int | None) -> None:
        """Let a remote model reply; the one on this machine stays in the memory."""
        self._give_up_loads()
        self._engine.submit(
            LoadRequest(self._engine.next_request_id(), address, name=name, context_length=context_length)
        )

    def leave_remote(self) -> None:
        """Let a model on this machine reply again, and no remote one any more."""
        was_in_use = self.is_remote_in_use
        self._engine.stop_using_remote()
        if was_in_use and self._loaded is not None:
            self._show_in_use(self._loaded)
        elif was_in_use and not self._loads:
            self._show_loaded()
            self.open_default()

    def show_remote(self, choices: Sequence[ModelChoice]) -> None:
        """Offer these remote models beside those of this machine."""
        self._remote_choices = tuple(choices)
        self.show_choices()

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

    def use_template(self, name: str) -> None:
        """Keep that the model in use on this machine has this chat template, and load it so."""
        path = self._path
        if path is not None:
            settings = replace(self.settings_of(path), chat_template=name)
            self._keep(path, None if settings == self.load_settings else settings)
            self._load(path)

    def unload(self) -> None:
        """Let go of the model; `load_again` brings it back."""
        if self._loaded is not None:
            self._engine.submit(UnloadRequest(self._engine.next_request_id()))

    def load_again(self) -> None:
        """Load the model that was let go of, if one was and none is on its way."""
        if self._loaded is None and self._path is not None and not self._loads and not self.is_remote_in_use:
            self._load(self._path)

    def show_choices(self) -> None:
        """Give the picker what is known now."""
        recent = {model.places for model in self._library.recent()}
        models = [model for model in self._library.models() if model.is_loadable]
        choices = [self._choice(model, is_recent=model.places in recent) for model in models]
        self._window.model_picker.set_choices([*choices, *self._remote_choices])

    def _choice(self, model: KnownModel, *, is_recent: bool) -> ModelChoice:
        info, facts, fit = model.info, [size_text(model.size_bytes)], ""
        if info is not None:
            facts = [parameters_text(info.parameters), info.quantisation, *facts]
            fit = verdict_text(estimate(info, self.memory, self.settings_of(model.path)).verdict)
        return ModelChoice(str(model.path), model.name, "  ".join(filter(None, facts)), fit, is_recent)

    def _load(self, path: Path) -> None:
        self._give_up_loads()
        if self.is_remote_in_use and self._loaded is not None and path == self._path:
            self._engine.use_local()
            self._show_in_use(self._loaded)
            return
        known = self._library.at(path)
        name = model_name(path) if known is None else known.name
        settings = asdict(self.settings_of(path))
        request = LoadRequest(self._engine.next_request_id(), str(path), **settings, name=name)
        self._loads[request.request_id] = path
        self.loadStarted.emit()
        self._window.show_load_progress(0.0)
        self._window.model_picker.show_state(self.tr("Loading {name}…").format(name=name), str(path))
        self._engine.submit(request)

    def _give_up_loads(self) -> None:
        """Only the newest wish counts."""
        for waiting in self._loads:
            self._engine.cancel(waiting)

    def _handle(self, event: Event) -> None:
        path = self._loads.get(event.request_id)
        match event:
            case ModelUnloaded():
                self._loaded = None
                self._watch.watch(None)
                self.unloaded.emit()
            case LoadProgressed(fraction=fraction) if path is not None and self._is_newest(event.request_id):
                self._window.show_load_progress(fraction)
            case ModelLoaded() if event.host:
                if event is self.in_use:
                    self._show_in_use(event)
            case ModelLoaded() if path is not None:
                self._loads.pop(event.request_id)
                self._finish(event, path)
            case RequestFailed() if path is not None:
                was_newest = self._is_newest(event.request_id)
                self._loads.pop(event.request_id)
                if was_newest:
                    self._fail(event, path)
            case RequestFailed(kind=ModelChangedError.__name__):
                self._tell_change()
            case RequestFailed(kind=RequestError.__name__) if self.in_use is None and self._tell_again is not None:
                self._tell_again()  # the message that waited for the model failed for the same reason

    def _is_newest(self, request_id: int) -> bool:
        return request_id == max(self._loads)

    def _finish(self, event: ModelLoaded, path: Path) -> None:
        logger.info("model loaded in %.2f s on %s", event.load_s, event.device)
        self._loaded, self._path, self._tell_again = event, path, None
        if self._loads:
            return  # a newer one is on its way
        self._watch.watch(path)
        if event is not self.in_use:
            return  # a remote one was wanted meanwhile
        try:
            self._library.remember(path)
        except OSError as error:
            logger.warning("the list of models cannot be written: %s", error)
        self._show_in_use(event)

    def _show_in_use(self, loaded: ModelLoaded) -> None:
        self.show_choices()
        self._show_loaded()
        self.modelReady.emit(loaded)

    def _fail(self, event: RequestFailed, path: Path) -> None:
        self._show_loaded()

        def tell() -> None:
            if event.kind == OutOfMemoryError.__name__:
                self._offer(path, event.message)
            else:
                self._window.message_bar.show_error(event.message)

        self._tell_again = tell
        tell()
        self.loadFailed.emit(event.message)

    def _show_loaded(self) -> None:
        self._window.show_load_progress(None)
        model = self.in_use
        if model is None:
            self._window.model_picker.show_state(None, None)
        else:
            current = model.info.path if model.host else str(self._path)
            self._window.model_picker.show_state(model.info.name, current, model.host)

    def _offer(self, path: Path, sentence: str, *, anyway: Callable[[], None] | None = None) -> None:
        """Tell that a model does not fit, with what would as buttons."""
        known = self._library.at(path)
        settings = self.settings_of(path)
        fitting = [] if known is None else alternatives(known, self._library.models(), self.memory, settings)
        choices: list[tuple[str, Callable[[], None]]] = [
            (self._named(one, settings), partial(self._take, one)) for one in fitting
        ]
        if anyway is not None:
            choices.append((self.tr("Load anyway"), anyway))
        if choices:
            self._window.message_bar.show_choices(sentence, choices)
        else:
            self._window.message_bar.show_error(sentence)

    def _named(self, one: Alternative, settings: LoadSettings) -> str:
        """What a person reads on the button of an alternative."""
        if one.settings == settings:
            return self.tr("Load {name}").format(name=one.model.name)
        if one.settings.context_length == settings.context_length:
            return self.tr("Smaller cache (q8_0)")
        tokens = tokens_text(one.settings.context_length or 0)
        if one.settings.cache_type == settings.cache_type:
            return self.tr("Context of {tokens} tokens").format(tokens=tokens)
        return self.tr("Context of {tokens} tokens, smaller cache").format(tokens=tokens)

    def _take(self, one: Alternative) -> None:
        path = one.model.path
        if one.settings != self.settings_of(path):
            self._keep(path, one.settings)
        self._load(path)

    def _keep(self, path: Path, settings: LoadSettings | None) -> None:
        """Keep how the model at `path` is loaded; None: as every other."""
        try:
            self._library.set_load_settings(path, settings)
        except OSError as error:
            logger.warning("the list of models cannot be written: %s", error)

    def _tell_change(self) -> None:
        path = self._path
        if path is None or self._loaded is None or self.is_remote_in_use:
            return
        sentence = self.tr("The file of {name} was changed or removed; load it again before you go on.")
        self._window.message_bar.show_error(
            sentence.format(name=self._loaded.info.name),
            action=self.tr("Load again"),
            on_action=lambda: self.open(str(path)),
        )

    def _tell(self, sentence: str) -> None:
        self._window.message_bar.show_error(sentence)
        self.loadFailed.emit(sentence)
