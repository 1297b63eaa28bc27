"""AboutPage: which Fireside this is, what it stands on, and the licence of each part."""

from __future__ import annotations

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QLabel, QListWidget, QPlainTextEdit, QWidget

from app.core.licences import licensed_parts
from app.views.settings_page import SettingsPage
from engine.version import installed_version

LIST_LINES, TEXT_LINES = 7, 12  # shown without scrolling


class AboutPage(SettingsPage):
    """The licence below the list is that of the part which is chosen in it."""

    name = "about"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._version = QLabel(self)
        self._version.setObjectName("aboutVersion")
        self._version.setTextFormat(Qt.TextFormat.PlainText)
        self._version.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._version_row = self.add_setting(self._version)
        line = self.fontMetrics().lineSpacing()
        self._parts = QListWidget(self)
        self._parts.setObjectName("aboutParts")
        self._parts.setMinimumHeight(LIST_LINES * line)
        self._parts.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._parts.setWordWrap(True)
        self._parts_row = self.add_setting(self._parts)
        self._text = QPlainTextEdit(self)
        self._text.setObjectName("aboutLicence")
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setMinimumHeight(TEXT_LINES * line)
        self._text_row = self.add_setting(self._text)
        self._licensed = licensed_parts()
        for part in self._licensed:
            self._parts.addItem(" · ".join(filter(None, (part.name, part.version, part.licence))))
        self._parts.currentRowChanged.connect(self._show_text)
        self._parts.setCurrentRow(0)

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("About")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        version = installed_version() or self.tr("not installed")
        self._version.setText(self.tr("Version {version}, Qt {qt}").format(version=version, qt=qVersion()))
        self._version_row.say(
            self.tr("Fireside"),
            self.tr("Apache-2.0. Qt and PySide6 are used under the LGPL-3.0, as replaceable libraries."),
        )
        self._parts_row.say(self.tr("Built with"), "")
        self._text_row.say(self.tr("Licence"), "")

    def _show_text(self, row: int) -> None:
        try:
            self._text.setPlainText(self._licensed[row].text())
        except OSError as error:
            self._text.setPlainText(str(error))
