"""AppearanceController: which theme applies: the desktop's, or the one a person chose; and how large texts are."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from app.core.themes import THEME_NAMES, with_text_size
from app.theme import Theme, load_theme, palette, style_sheet, text_font


class AppearanceController(QObject):
    """Loads the themes once and dresses the application; `themeChanged(Theme)` tells the views.

    `themeChanging()` comes before: each widget that there is takes 0.3 ms of the window's time.
    """

    themeChanging = Signal()
    themeChanged = Signal(object)

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self._application = application
        self._themes = {name: load_theme(name) for name in THEME_NAMES}
        self._choice, self._text_percent = "system", 100
        application.setStyle("Fusion")
        self.theme = self._wanted()
        self._dress()
        application.styleHints().colorSchemeChanged.connect(self._refresh)
        application.styleHints().accessibility().contrastPreferenceChanged.connect(self._refresh)

    @property
    def choice(self) -> str:
        """What was chosen: `system`, or a name in `THEME_NAMES`."""
        return self._choice

    def choose(self, choice: str, *, text_percent: int = 100) -> None:
        """Follow the desktop (`system`), or stay in one theme; anything else counts as `system`."""
        self._choice = choice if choice in self._themes else "system"
        self._text_percent = text_percent
        self._refresh()

    def _refresh(self) -> None:
        wanted = self._wanted()
        if wanted != self.theme:
            self.theme = wanted
            self.themeChanging.emit()
            self._dress()
            self.themeChanged.emit(wanted)

    def _wanted(self) -> Theme:
        hints = self._application.styleHints()
        name = wanted_theme(self._choice, hints.colorScheme(), hints.accessibility().contrastPreference())
        return with_text_size(self._themes[name], self._text_percent)

    def _dress(self) -> None:
        self._application.setFont(text_font(self.theme))
        self._application.setPalette(palette(self.theme))
        self._application.setStyleSheet(style_sheet(self.theme))


def wanted_theme(choice: str, scheme: Qt.ColorScheme, preference: Qt.ContrastPreference) -> str:
    """The name of the theme for a choice (`system`, or a name) on a desktop that wants this."""
    if choice != "system":
        return choice
    name = "dark" if scheme == Qt.ColorScheme.Dark else "light"
    return f"contrast-{name}" if preference == Qt.ContrastPreference.HighContrast else name
