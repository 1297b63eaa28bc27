"""AppearanceController: which theme applies: the desktop's, or the one a person chose."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from app.theme import Theme, load_theme, palette, style_sheet

CHOICES = ("system", "light", "dark")


class AppearanceController(QObject):
    """Loads the themes once and dresses the application; `themeChanged(Theme)` tells the views."""

    themeChanged = Signal(object)

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self._application = application
        self._themes = {name: load_theme(name) for name in ("light", "dark")}
        self._choice = "system"
        application.setStyle("Fusion")
        self.theme = self._wanted()
        self._dress()
        application.styleHints().colorSchemeChanged.connect(self._refresh)

    @property
    def choice(self) -> str:
        """What was chosen: `system`, `light` or `dark`."""
        return self._choice

    def choose(self, choice: str) -> None:
        """Follow the desktop (`system`), or stay `light` or `dark`; anything else counts as `system`."""
        self._choice = choice if choice in CHOICES else "system"
        self._refresh()

    def _refresh(self) -> None:
        wanted = self._wanted()
        if wanted is not self.theme:
            self.theme = wanted
            self._dress()
            self.themeChanged.emit(wanted)

    def _wanted(self) -> Theme:
        if self._choice != "system":
            return self._themes[self._choice]
        scheme = self._application.styleHints().colorScheme()
        return self._themes["dark" if scheme == Qt.ColorScheme.Dark else "light"]

    def _dress(self) -> None:
        self._application.setPalette(palette(self.theme))
        self._application.setStyleSheet(style_sheet(self.theme))
