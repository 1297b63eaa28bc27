"""LanguagesController: in which language the window speaks: the desktop's, or the one a person chose, at once."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator, Signal
from PySide6.QtWidgets import QApplication

from app.core.settings import LANGUAGES
from app.theme import RESOURCES

TEXTS = RESOURCES / "translations"  # fireside_NAME.qm, which `make translations` compiles
SYSTEM = "system"


class LanguagesController(QObject):
    """Installs Fireside's and Qt's own texts. Widgets hear of it by Qt's `LanguageChange`, others by `changed()`."""

    changed = Signal()

    def __init__(self, application: QApplication, choice: str) -> None:
        super().__init__()
        self._application = application
        self._translators: list[QTranslator] = []
        self._language = ""
        self.choose(choice)

    @property
    def choice(self) -> str:
        """What was chosen: `system`, or a name in `LANGUAGES`."""
        return self._choice

    @property
    def language(self) -> str:
        """The language that the window speaks, a name in `LANGUAGES`."""
        return self._language

    def choose(self, choice: str) -> None:
        """Follow the desktop (`system`), or speak a language; a name that is not known counts as `system`."""
        self._choice = choice if choice in LANGUAGES else SYSTEM
        wanted = self._choice if self._choice != SYSTEM else closest(QLocale.system().uiLanguages())
        if wanted != self._language:
            self._language = wanted
            self._install()
            self.changed.emit()

    def close(self) -> None:
        """Take the texts out again."""
        for translator in self._translators:
            self._application.removeTranslator(translator)
        self._translators = []
        QLocale.setDefault(QLocale.system())

    def _install(self) -> None:
        self.close()
        of_qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for name, folder in (("qtbase", of_qt), ("fireside", str(TEXTS))):
            translator = QTranslator()
            if translator.load(f"{name}_{self._language}", folder):
                self._application.installTranslator(translator)
                self._translators.append(translator)
        spoken = QLocale(self._language)
        system = QLocale.system()
        QLocale.setDefault(system if system.language() == spoken.language() else spoken)


def closest(wanted: list[str]) -> str:
    """The first of the desktop's languages (`zh-Hans-CN`, `de`, …) that Fireside speaks; else English."""
    for name in wanted:
        language = QLocale(name).language()
        for known in LANGUAGES:
            if QLocale(known).language() == language:
                return known
    return "en"
