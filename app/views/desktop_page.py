"""DesktopPage: the page of the settings for the start, the tray and notifications."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QWidget

from app.core.settings import START_WITH, Settings
from app.views.settings_page import SettingsPage, choose, combo, name_choices


class DesktopPage(SettingsPage):
    """`has_tray` says whether the desktop has a place for icons."""

    name = "desktop"

    def __init__(self, *, has_tray: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._has_tray = has_tray
        self._start = combo("startWith", START_WITH)
        self._start.activated.connect(
            lambda _index: self.settingChanged.emit("start_with", self._start.currentData())
        )
        self._start_row = self.add_setting(self._start)
        self._tray = self._switch("tray", "stayInTray")
        self._tray_row = self.add_setting(self._tray)
        self._tray.setEnabled(has_tray)
        self._notify = self._switch("notify", "notifyLongReplies")
        self._notify_row = self.add_setting(self._notify)
        self._notify_text = self._switch("notify_text", "notifyWithText")
        self._notify_text_row = self.add_setting(self._notify_text)
        self._notify.toggled.connect(self._notify_text.setEnabled)

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("Window and tray")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        name_choices(self._start, (self.tr("A new chat"), self.tr("The chat that was open last")))
        self._start_row.say(self.tr("Fireside opens with"), "")
        self._tray_row.say(
            self.tr("Closing leaves it in the tray"),
            self.tr("Replies go on, and the window is back at once. “Quit” ends Fireside.")
            if self._has_tray
            else self.tr("This desktop has no tray, or none that programs may use."),
        )
        self._notify_row.say(
            self.tr("Notify about long replies"),
            self.tr("A notification, when one took more than 10 seconds and another window is in front."),
        )
        self._notify_text_row.say(
            self.tr("Show how the reply begins"),
            self.tr("Others may read it on the screen, and the desktop may keep it."),
        )

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        choose(self._start, settings.start_with)
        for switch, is_on in (
            (self._tray, settings.tray and self._has_tray),
            (self._notify, settings.notify),
            (self._notify_text, settings.notify_text),
        ):
            switch.blockSignals(True)
            switch.setChecked(is_on)
            switch.blockSignals(False)
        self._notify_text.setEnabled(settings.notify)

    def _switch(self, setting: str, object_name: str) -> QCheckBox:
        box = QCheckBox(self)
        box.setObjectName(object_name)
        box.toggled.connect(lambda is_on: self.settingChanged.emit(setting, is_on))
        return box
