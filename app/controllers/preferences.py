"""PreferencesController: keeps the settings panel, the settings file, the chat and the look in step."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, QTimer

from app.controllers.appearance import AppearanceController
from app.controllers.chat import ChatController
from app.core.settings import ReplySettings, SettingsFile
from app.views.main_window import MainWindow

SAVE_MS = 500  # after the last change, so that a spin box held down writes once


class PreferencesController(QObject):
    """Applies changes at once and writes them a moment later."""

    def __init__(
        self, file: SettingsFile, appearance: AppearanceController, chat: ChatController, window: MainWindow
    ) -> None:
        super().__init__()
        self._file, self._appearance, self._chat, self._window = file, appearance, chat, window
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVE_MS)
        self._saving.timeout.connect(self.save)
        chat.settings = file.settings.reply
        window.settings_panel.show_settings(file.settings.reply)
        window.settings_panel.show_theme_choice(file.settings.theme)
        window.restoreGeometry(QByteArray.fromBase64(file.settings.geometry.encode("ascii", "ignore")))
        window.settings_panel.settingsChanged.connect(self._change)
        window.settings_panel.themeChosen.connect(self._choose_theme)

    def save(self) -> None:
        """Write what changed; tell when that fails."""
        self._saving.stop()
        geometry = self._window.saveGeometry().toBase64().toStdString()
        try:
            self._file.change(reply=self._chat.settings, theme=self._appearance.choice, geometry=geometry)
        except OSError as error:
            self._window.message_bar.show_error(
                self.tr("The settings cannot be saved: {reason}.").format(reason=error.strerror or error)
            )

    def _change(self, settings: ReplySettings) -> None:
        self._chat.settings = settings
        self._saving.start()

    def _choose_theme(self, choice: str) -> None:
        self._appearance.choose(choice)
        self._saving.start()
