"""LibraryController: looks for models in the background, and runs the library dialog."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from app.controllers.background import Background, Control, Job
from app.controllers.models import ModelsController
from app.controllers.preferences import PreferencesController
from app.core.discovery import Cancelled, Machine, Source
from app.core.fit import Memory, estimate, may_draft
from app.core.known_model import KnownModel
from app.core.library import Library, sources_of
from app.core.model_hash import ModelHashes
from app.core.paths import DataFolder
from app.core.scan import ReadHeader, Survey, survey
from app.core.settings import LoadSettings, Settings
from app.core.sighting import Sighting
from app.views.dialogs import ask_model_file
from app.views.known_sentences import said
from app.views.library_table import LibraryRow
from app.views.main_window import MainWindow
from app.worker import free_memory

if TYPE_CHECKING:
    from app.views.library_dialog import LibraryDialog
    from app.views.model_sources_page import ModelSourcesPage

logger = logging.getLogger(__name__)

TELL_S = 0.2  # what was found is shown so often


class LibraryController(QObject):
    """`surveyed()` comes when a whole search has ended, and the library knows all there is.

    `dialogOpened(LibraryDialog)` lets others add their tabs.
    """

    surveyed = Signal()
    dialogOpened = Signal(object)

    def __init__(
        self,
        library: Library,
        models: ModelsController,
        preferences: PreferencesController,
        background: Background,
        window: MainWindow,
        *,
        folder: DataFolder,
        machine: Machine,
        read_header: ReadHeader,
    ) -> None:
        super().__init__()
        self._library, self._models, self._preferences = library, models, preferences
        self._background, self._window = background, window
        self._folder, self._machine, self._read_header = folder, machine, read_header
        self._job: Job | None = None
        self._is_wanted_again = False
        self._notices: tuple[str, ...] = ()
        self._dialog: LibraryDialog | None = None
        self._looked_in = _where_to_look(preferences.settings)
        self._has_looked = False
        models.modelReady.connect(lambda _loaded: self._show_rows())
        models.modelReady.connect(lambda _loaded: self._look_once())  # torch is loaded and the first message can go
        models.loadFailed.connect(lambda _sentence: self._look_once())
        models.defaultMissing.connect(self._look_once)
        self.surveyed.connect(models.open_best)
        preferences.add_page(_make_page)
        preferences.changed.connect(self._change_settings)
        window.action.library.triggered.connect(lambda _checked: self.show_dialog())
        window.model_picker.libraryRequested.connect(self.show_dialog)

    @property
    def is_looking(self) -> bool:
        """Whether a search runs."""
        return self._job is not None

    def known(self) -> tuple[KnownModel, ...]:
        """All models, as the library shows them."""
        return self._library.models()

    def rescan(self) -> None:
        """Look for models; one that runs is begun anew."""
        self._has_looked = True
        if self._job is not None:
            self._is_wanted_again = True
            self._job.cancel()
            return
        search = _Search(
            self._folder.found_models,
            sources_of(self._library, self._preferences.settings, self._folder.fetched_models),
            self._machine,
            self._read_header,
            ModelHashes(self._folder.model_hashes).known,
        )
        job = self._background.start(search.run, name="model search", is_low_priority=True)
        self._job = job
        job.told.connect(self._take)
        job.succeeded.connect(self._finish)
        job.failed.connect(self._window.message_bar.show_error)
        job.ended.connect(self._ended)
        self._say()

    def show_dialog(self) -> LibraryDialog:
        """Open the library."""
        from app.views.library_dialog import LibraryDialog

        dialog = LibraryDialog(self._window)
        self._dialog = dialog
        page, details = dialog.library, dialog.library.details
        page.addFolderRequested.connect(self._add_folder)
        page.rescanRequested.connect(self.rescan)
        page.sourcesRequested.connect(lambda: self._preferences.show_dialog("sources"))
        details.loadRequested.connect(self._load)
        details.forgetRequested.connect(self._forget)
        details.findRequested.connect(self._find_again)
        details.showRequested.connect(_show_in_folder)
        details.loadSettingsChanged.connect(self._keep_load_settings)
        dialog.finished.connect(self._closed)
        self._show_rows()
        self._say()
        self.dialogOpened.emit(dialog)
        dialog.open()
        if self._job is None:
            self.rescan()
        return dialog

    def _look_once(self) -> None:
        """The first search of this run, as soon as it disturbs nobody."""
        if not self._has_looked:
            self.rescan()

    def _take(self, sightings: tuple[Sighting, ...]) -> None:
        for sighting in sightings:
            self._library.see(sighting)
        self._show_rows()

    def _finish(self, found: tuple[Survey, Memory] | None) -> None:
        if found is None:
            return
        seen, self._models.memory = found
        self._library.see_all(seen.sightings, missing=seen.missing)
        self._notices = seen.notices
        for notice in seen.notices:
            logger.info("search for models: %s", notice)
        self._show_rows()
        self.surveyed.emit()

    def _ended(self) -> None:
        self._job = None
        self._say()
        if self._is_wanted_again:
            self._is_wanted_again = False
            self.rescan()

    def _show_rows(self) -> None:
        self._models.show_choices()
        if self._dialog is None:
            return
        rows = [self._row(model) for model in self._library.models()]
        self._dialog.library.show_rows(rows)

    def _row(self, model: KnownModel) -> LibraryRow:
        own = self._library.load_settings(model.path)
        fit = None
        if model.info is not None and model.is_loadable:
            fit = estimate(model.info, self._models.memory, own or self._models.load_settings)
        drafts = tuple((str(one.path), one.name) for one in self._library.models() if may_draft(one, model))
        return LibraryRow(model, fit, self._models.is_in_use(model), own, drafts)

    def _say(self) -> None:
        if self._dialog is None:
            return
        if self._job is not None:
            self._dialog.library.show_told(self.tr("Looking for models…"))
            return
        count = self.tr("%n model(s)", "", len(self._library.models()))
        self._dialog.library.show_told("\n".join((count, *map(said, self._notices))))

    def _closed(self) -> None:
        self._dialog = None

    def _load(self, model: KnownModel) -> None:
        self._models.open_known(model)
        if self._dialog is not None:
            self._dialog.accept()

    def _forget(self, model: KnownModel) -> None:
        self._keep(lambda: self._library.forget(model))
        self._show_rows()

    def _find_again(self, model: KnownModel) -> None:
        chosen = ask_model_file(self._window)
        if chosen is not None:
            self._library.forget(model)
            self._models.open(chosen)

    def _add_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._window, self.tr("Add a folder with models"), str(Path.home()))
        folders = self._preferences.settings.model_folders
        if chosen and chosen not in folders:
            self._preferences.change("model_folders", (*folders, chosen))

    def _keep_load_settings(self, model: KnownModel, load: LoadSettings | None) -> None:
        self._keep(lambda: self._library.set_load_settings(model.path, load))
        self._show_rows()

    def _keep(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self._window.message_bar.show_error(
                self.tr("The list of models cannot be written: {reason}.").format(reason=error.strerror or error)
            )

    def _change_settings(self, settings: Settings) -> None:
        if _where_to_look(settings) != self._looked_in:
            self._looked_in = _where_to_look(settings)
            self.rescan()


def _make_page() -> ModelSourcesPage:
    from app.views.model_sources_page import ModelSourcesPage

    return ModelSourcesPage()


def _where_to_look(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return settings.model_folders, settings.model_sources_off


def _show_in_folder(path: str) -> None:
    place = Path(path)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(place if place.is_dir() else place.parent)))


@dataclass(frozen=True)
class _Search:
    """One search, as a job runs it."""

    file: Path
    sources: tuple[Source, ...]
    machine: Machine
    read_header: ReadHeader
    sha256_of: Callable[[Path], str | None]

    def run(self, control: Control) -> tuple[Survey, Memory] | None:
        """What was found, and what is free; None when it was cancelled."""
        found: list[Sighting] = []
        told_at = time.monotonic()

        def tell(sighting: Sighting) -> None:
            nonlocal told_at
            found.append(sighting)
            if time.monotonic() - told_at > TELL_S:
                control.tell(tuple(found))
                found.clear()
                told_at = time.monotonic()

        try:
            seen = survey(
                self.file,
                self.sources,
                self.machine,
                read_header=self.read_header,
                sha256_of=self.sha256_of,
                cancelled=control.is_cancelled,
                tell=tell,
            )
        except Cancelled:
            return None
        return seen, free_memory()
