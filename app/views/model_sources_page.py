"""ModelSourcesPage: where models are looked for: other programs' folders, each can be switched off, and own ones."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QListWidget, QPushButton, QVBoxLayout, QWidget

from app.core.discovery import SOURCES
from app.core.settings import Settings
from app.views.dialog_pages import press_by_delete
from app.views.settings_page import SettingsPage

LIST_ROWS = 5  # of own folders, without scrolling


class ModelSourcesPage(SettingsPage):
    """Changes `model_sources_off` and `model_folders`."""

    name = "sources"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._off: tuple[str, ...] = ()
        self._folders: tuple[str, ...] = ()
        self._list = QListWidget(self)
        self._list.setObjectName("modelFolders")
        self._list.setFixedHeight(self._list.fontMetrics().lineSpacing() * 2 * LIST_ROWS)
        self._folders_row = self.add_setting(self._list)
        self._add = self._button("addFolder")
        self._remove = self._button("removeFolder")
        self._list.currentRowChanged.connect(lambda row: self._remove.setEnabled(row >= 0))
        self._remove.setEnabled(False)
        self._add.clicked.connect(self._ask)
        self._remove.clicked.connect(self._remove_chosen)
        press_by_delete(self._remove, self._list)
        buttons = QHBoxLayout()
        buttons.addWidget(self._add)
        buttons.addWidget(self._remove)
        buttons.addStretch(1)
        rows = self._folders_row.layout()
        assert isinstance(rows, QVBoxLayout)
        rows.addLayout(buttons)
        self._boxes: dict[str, QCheckBox] = {}
        self._rows = {}
        for source in SOURCES:
            box = QCheckBox(self)
            box.setObjectName(f"source-{source.key}")
            box.clicked.connect(lambda is_on, key=source.key: self._switch(key, is_on))
            self._boxes[source.key] = box
            self._rows[source.key] = self.add_setting(box)

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("Model folders")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        self._folders_row.say(
            self.tr("Your folders"),
            self.tr("Looked into with all folders inside them. Links out of them are not followed."),
        )
        self._add.setText(self.tr("Add folder…"))
        self._remove.setText(self.tr("Remove"))
        for source in SOURCES:
            self._rows[source.key].say(self.tr("Models of {program}").format(program=source.title), "")

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        self._off, self._folders = settings.model_sources_off, settings.model_folders
        for key, box in self._boxes.items():
            box.setChecked(key not in self._off)
        self._list.clear()
        self._list.addItems(list(self._folders))

    def _switch(self, key: str, is_on: bool) -> None:
        self._off = tuple(one for one in self._off if one != key) if is_on else (*self._off, key)
        self.settingChanged.emit("model_sources_off", self._off)

    def _ask(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Add a folder with models"), str(Path.home()))
        if chosen and chosen not in self._folders:
            self._set_folders((*self._folders, chosen))

    def _remove_chosen(self) -> None:
        row = self._list.currentRow()
        if row >= 0:
            self._set_folders((*self._folders[:row], *self._folders[row + 1 :]))

    def _set_folders(self, folders: tuple[str, ...]) -> None:
        self._folders = folders
        self._list.clear()
        self._list.addItems(list(folders))
        self.settingChanged.emit("model_folders", folders)

    def _button(self, object_name: str) -> QPushButton:
        made = QPushButton(self)
        made.setObjectName(object_name)
        made.setAutoDefault(False)
        return made
