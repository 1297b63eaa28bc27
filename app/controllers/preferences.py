"""PreferencesController: keeps the settings dialog, the settings file, the models and the look in step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.appearance import AppearanceController
from app.controllers.languages import LanguagesController
from app.controllers.models import ModelsController
from app.core.paths import DataFolder
from app.core.settings import LARGEST_TEXT, SMALLEST_TEXT, LoadSettings, SettingsFile
from app.views.language import in_every_language
from app.views.main_window import MainWindow

if TYPE_CHECKING:
    from app.views.settings_dialog import SettingsDialog
    from app.views.settings_page import SettingsPage

TEXT_STEP = 10  # percent
SAVE_MS = 500  # after the last change, so that a spin box held down writes once


class PreferencesController(QObject):
    """Applies changes at once and writes them a moment later; `changed(Settings)` tells whom they concern."""

    changed = Signal(object)

    def __init__(
        self,
        file: SettingsFile,
        appearance: AppearanceController,
        languages: LanguagesController,
        models: ModelsController,
        window: MainWindow,
        *,
        folder: DataFolder,
    ) -> None:
        super().__init__()
        self._file, self._appearance, self._languages = file, appearance, languages
        self._models, self._window, self._folder = models, window, folder
        self.settings = file.settings
        self._pages: list[Callable[[], SettingsPage]] = []  # those of other controllers
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVE_MS)
        self._saving.timeout.connect(self.save)
        window.action.preferences.triggered.connect(lambda _checked: self.show_dialog())
        window.action.shortcuts_overview.triggered.connect(lambda _checked: self.show_shortcuts())
        self._titles: list[tuple[str, str]] = []
        in_every_language(window, self._say_texts)
        window.action.larger_text.triggered.connect(lambda _checked: self._resize_text(TEXT_STEP))
        window.action.smaller_text.triggered.connect(lambda _checked: self._resize_text(-TEXT_STEP))
        window.action.usual_text.triggered.connect(lambda _checked: self.change("text_percent", 100))
        self._apply()

    def add_page(self, make: Callable[[], SettingsPage]) -> None:
        """Give the dialog a page more, made anew each time it opens; it stands before the last two."""
        self._pages.append(make)
        self._titles = []

    def pages(self) -> list[tuple[str, str]]:
        """Names and titles of the dialog's pages."""
        if not self._titles:  # making the pages takes 10 ms
            pages = self._make_pages()
            self._titles = [(page.name, page.title()) for page in pages]
            for page in pages:
                page.deleteLater()  # the slots of a page hold it: without its end it would stay for ever
        return self._titles

    def show_dialog(self, page: str | None = None) -> SettingsDialog:
        """Open the settings dialog, at the page of this name."""
        from app.views.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._make_pages(), self._window)
        dialog.show_settings(self.settings)
        dialog.settingChanged.connect(self.change)
        load = self.settings.load
        dialog.finished.connect(lambda _result: self._offer_loading(load))
        if page is not None:
            dialog.show_page(page)
        dialog.open()
        return dialog

    def show_shortcuts(self) -> None:
        """Open the overview of all keys."""
        from app.views.shortcuts_dialog import ShortcutsDialog

        actions = self._window.action
        dialog = ShortcutsDialog(actions, actions.shortcuts(self.settings.shortcuts), self._window)
        dialog.changeRequested.connect(lambda: self.show_dialog("shortcuts"))
        dialog.open()

    def change(self, name: str, value: Any) -> None:
        """Set a field of the settings; `value` is of its type."""
        changed = replace(self.settings, **{name: value})
        if changed != self.settings:
            self.settings = changed
            self._apply()
            self._saving.start()
            self.changed.emit(changed)

    def save(self) -> None:
        """Write what changed; tell when that fails."""
        self._saving.stop()
        try:
            self._file.write(self.settings)
        except OSError as error:
            self._window.message_bar.show_error(
                self.tr("The settings cannot be saved: {reason}.").format(reason=error.strerror or error)
            )

    def _say_texts(self) -> None:
        self._titles = []

    def _make_pages(self) -> list[SettingsPage]:
        from app.views.about_page import AboutPage
        from app.views.settings_pages import AppearancePage, GeneralPage, ModelsPage, PrivacyPage
        from app.views.shortcuts_page import ShortcutsPage

        first = (GeneralPage(self._folder.root), AppearancePage(), ModelsPage(), ShortcutsPage(self._window.action))
        return [*first, *(make() for make in self._pages), PrivacyPage(self._folder.log), AboutPage()]

    def _offer_loading(self, before: LoadSettings) -> None:
        """Offer to load the model again when it would be loaded in another way now; a reply ends before that."""
        loaded = self._models.loaded
        if loaded is not None and not self._models.is_remote_in_use and self.settings.load != before:
            self._window.message_bar.show_notice(
                self.tr("The model was loaded with other settings."),
                action=self.tr("Load again"),
                on_action=lambda: self._models.open(loaded.info.path),
            )

    def _apply(self) -> None:
        self._appearance.choose(self.settings.theme, text_percent=self.settings.text_percent)
        self._languages.choose(self.settings.language)
        self._models.load_settings = self.settings.load
        self._window.action.set_keys(self.settings.shortcuts)

    def _resize_text(self, step: int) -> None:
        wanted = self.settings.text_percent + step
        self.change("text_percent", min(max(wanted, SMALLEST_TEXT), LARGEST_TEXT))
