"""The pages of the settings dialog that need nothing but `Settings`: general, appearance, models, privacy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QPushButton, QSpinBox, QWidget

from app.core.settings import (
    CACHE_TYPES,
    DEVICES,
    LANGUAGES,
    LARGEST_CONTEXT,
    LARGEST_TEXT,
    MOST_IDLE_MIN,
    MOST_THREADS,
    SMALLEST_TEXT,
    LoadSettings,
    Settings,
)
from app.core.themes import THEME_NAMES
from app.views.settings_page import (
    SettingsPage,
    choose,
    combo,
    name_choices,
    number_of,
    optional_number,
    pad,
    show_number,
)

TEXT_STEP = 10  # percent
CONTEXT_STEP = 256  # tokens


class GeneralPage(SettingsPage):
    """What concerns the application as a whole."""

    name = "general"

    def __init__(self, data_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data_folder = data_folder
        self._language = combo("languageChoice", ("system", *LANGUAGES))
        self._language.activated.connect(
            lambda _index: self.settingChanged.emit("language", self._language.currentData())
        )
        self._language_row = self.add_setting(self._language)
        self._open_folder = QPushButton(self)
        self._open_folder.setObjectName("openDataFolder")
        self._open_folder.setAutoDefault(False)
        self._open_folder.clicked.connect(
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._data_folder)))
        )
        self._folder_row = self.add_setting(self._open_folder)

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("General")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        name_choices(self._language, (self.tr("System"), *LANGUAGES.values()))
        self._language_row.say(self.tr("Language"), self.tr("System follows the desktop's language."))
        self._open_folder.setText(self.tr("Open folder"))
        self._folder_row.say(
            self.tr("Data folder"),
            self.tr("Conversations, settings and presets lie in {folder}.").format(folder=self._data_folder),
        )

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        choose(self._language, settings.language)


class AppearancePage(SettingsPage):
    """How the window looks."""

    name = "appearance"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = combo("themeChoice", ("system", *THEME_NAMES))
        self._theme.activated.connect(lambda _index: self.settingChanged.emit("theme", self._theme.currentData()))
        self._theme_row = self.add_setting(self._theme)
        self._text_size = QSpinBox()
        self._text_size.setObjectName("textSize")
        self._text_size.setRange(SMALLEST_TEXT, LARGEST_TEXT)
        self._text_size.setSingleStep(TEXT_STEP)
        self._text_size.setSuffix(" %")
        self._text_size.setKeyboardTracking(False)
        pad(self._text_size)
        self._text_size.valueChanged.connect(lambda percent: self.settingChanged.emit("text_percent", percent))
        self._text_size_row = self.add_setting(self._text_size)

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("Appearance")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        names = (self.tr("Light"), self.tr("Dark"), self.tr("High contrast, light"), self.tr("High contrast, dark"))
        name_choices(self._theme, (self.tr("System"), *names))
        self._theme_row.say(self.tr("Theme"), self.tr("System follows the desktop's setting."))
        self._text_size_row.say(
            self.tr("Text size"), self.tr("Of all texts, beside the desktop's own size. 100 %: unchanged.")
        )

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        choose(self._theme, settings.theme)
        self._text_size.blockSignals(True)
        self._text_size.setValue(settings.text_percent)
        self._text_size.blockSignals(False)


class ModelsPage(SettingsPage):
    """How models are loaded, which applies to the next load; what the one in use does while nothing is asked."""

    name = "models"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._load = LoadSettings()
        self._device = combo("loadDevice", DEVICES)
        self._threads = optional_number("loadThreads", smallest=1, largest=MOST_THREADS)
        self._context = optional_number(
            "loadContext", smallest=CONTEXT_STEP, largest=LARGEST_CONTEXT, step=CONTEXT_STEP
        )
        self._cache_type = combo("loadCacheType", CACHE_TYPES)
        self._context_row = self.add_setting(self._context)
        self._device_row = self.add_setting(self._device)
        self._threads_row = self.add_setting(self._threads)
        self._cache_row = self.add_setting(self._cache_type)
        self._idle = QSpinBox()
        self._idle.setObjectName("idleUnload")
        self._idle.setRange(0, MOST_IDLE_MIN)
        pad(self._idle)
        self._idle_row = self.add_setting(self._idle)
        self._idle.valueChanged.connect(lambda minutes: self.settingChanged.emit("idle_unload_min", minutes))
        self._read_ahead = QCheckBox(self)
        self._read_ahead.setObjectName("readAhead")
        self._read_ahead.clicked.connect(lambda is_on: self.settingChanged.emit("read_ahead", is_on))
        self._read_ahead_row = self.add_setting(self._read_ahead)
        self._device.activated.connect(lambda _index: self._change(device=self._device.currentData()))
        self._cache_type.activated.connect(lambda _index: self._change(cache_type=self._cache_type.currentData()))
        self._threads.valueChanged.connect(lambda _value: self._change(threads=number_of(self._threads)))
        self._context.valueChanged.connect(lambda _value: self._change(context_length=number_of(self._context)))

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("Models")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        name_choices(self._device, (self.tr("Automatic"), self.tr("Processor"), "CUDA", "MPS"))
        name_choices(
            self._cache_type,
            (
                self.tr("Automatic"),
                self.tr("f32: exact, the most memory"),
                self.tr("f16: half of it"),
                self.tr("q8_0: a quarter of it, nearly exact"),
            ),
        )
        self._threads.setSpecialValueText(self.tr("Automatic"))
        self._context.setSpecialValueText(self.tr("Automatic"))
        self._context_row.say(
            self.tr("Context length"),
            self.tr("How many tokens of a conversation the model can read. More need more memory."),
        )
        self._device_row.say(self.tr("Device"), self.tr("Where models run. Automatic: the fastest that is there."))
        self._threads_row.say(self.tr("Threads"), self.tr("Processor cores that a model uses."))
        self._idle.setSpecialValueText(self.tr("Never"))
        self._idle.setSuffix(self.tr(" min"))
        self._idle_row.say(
            self.tr("Unload when idle"),
            self.tr("Minutes without a message until the model's memory is given back. The next message loads it."),
        )
        self._read_ahead_row.say(
            self.tr("Read along while I type"),
            self.tr(
                "A model on this machine reads a message before you send it. Only the time to the first word of its "
                "reply changes."
            ),
        )
        self._cache_row.say(
            self.tr("Conversation cache"),
            self.tr("How exactly the model keeps what it has read (the KV cache)."),
        )

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        self._load = settings.load
        choose(self._device, settings.load.device)
        choose(self._cache_type, settings.load.cache_type)
        show_number(self._threads, settings.load.threads)
        show_number(self._context, settings.load.context_length)
        self._idle.blockSignals(True)
        self._idle.setValue(settings.idle_unload_min)
        self._idle.blockSignals(False)
        self._read_ahead.setChecked(settings.read_ahead)

    def _change(self, **changes: Any) -> None:  # fields of LoadSettings
        self._load = replace(self._load, **changes)
        self.settingChanged.emit("load", self._load)


class PrivacyPage(SettingsPage):
    """What leaves the machine, and what is kept on it."""

    name = "privacy"

    def __init__(self, log: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._open_log = QPushButton(self)
        self._open_log.setObjectName("openLog")
        self._open_log.setAutoDefault(False)
        self._open_log.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log))))
        self._log_row = self.add_setting(self._open_log)
        self._hub = QCheckBox(self)
        self._hub.setObjectName("allowsHub")
        self._hub.clicked.connect(lambda is_on: self.settingChanged.emit("allows_hub", is_on))
        self._hub_row = self.add_setting(self._hub)

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("Privacy")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        self._open_log.setText(self.tr("Open the log file"))
        self._log_row.say(
            self.tr("Log file"), self.tr("What happened, for finding errors. It holds no text of any message.")
        )
        self._hub_row.say(
            self.tr("Look for models on the internet"),
            self.tr("Off, the hub is never contacted. On, searching and fetching models contacts it."),
        )

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        self._hub.setChecked(settings.allows_hub)
