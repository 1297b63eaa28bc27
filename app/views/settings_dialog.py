"""SettingsDialog: the application's settings, a page each, and a search over all of them. Changes apply at once.

How the open chat is answered is no matter of it: that is the settings panel's.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.settings import Settings
from app.views.dialog_pages import scrolled
from app.views.settings_page import SettingsPage

LIST_MARGINS = 24  # pixels beside the titles of pages
WIDTH_LETTERS, HEIGHT_LINES = 120, 37  # of the mean letter and its line: larger texts have a larger dialog


class SettingsDialog(QDialog):
    """Shows `pages` and emits `settingChanged(name, value)` for each change on one of them."""

    settingChanged = Signal(str, object)

    def __init__(self, pages: Sequence[SettingsPage], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        metrics = self.fontMetrics()
        size = QSize(WIDTH_LETTERS * metrics.averageCharWidth(), HEIGHT_LINES * metrics.height())
        self.resize(size.boundedTo(parent.screen().availableSize()))
        self._pages = tuple(pages)
        self._search = QLineEdit(self)
        self._search.setObjectName("settingsSearch")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._find)
        self._list = QListWidget(self)
        self._list.setObjectName("settingsPages")
        self._stack = QStackedWidget(self)
        self._nothing = QLabel(self)
        self._nothing.setObjectName("dialogHelp")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        for page in self._pages:
            self._list.addItem(QListWidgetItem())
            self._stack.addWidget(scrolled(page))
            page.settingChanged.connect(self.settingChanged)
        self._stack.addWidget(self._nothing)
        self._list.currentRowChanged.connect(self._show_page)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._buttons.rejected.connect(self.reject)
        self._lay_out()
        self._say_texts()
        self._list.setCurrentRow(0)
        self._search.setFocus()

    def show_settings(self, settings: Settings) -> None:
        """Show what is set on every page."""
        for page in self._pages:
            page.show_settings(settings)

    def show_page(self, name: str) -> None:
        """Open the page of this name."""
        for row, page in enumerate(self._pages):
            if page.name == name:
                self._list.setCurrentRow(row)

    def changeEvent(self, event: QEvent) -> None:
        """Say the texts anew when the language changed: it may have been here."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say_texts()

    def _say_texts(self) -> None:
        self.setWindowTitle(self.tr("Settings"))
        self._search.setPlaceholderText(self.tr("Search settings"))
        self._search.setAccessibleName(self.tr("Search settings"))
        self._list.setAccessibleName(self.tr("Pages of settings"))
        self._nothing.setText(self.tr("No setting has these words."))
        for row, page in enumerate(self._pages):
            page.say_texts()
            page.setAccessibleName(page.title())
            self._list.item(row).setText(page.title())
        self._list.setFixedWidth(self._list.sizeHintForColumn(0) + LIST_MARGINS)
        self._find()

    def _find(self) -> None:
        """Show only the pages and settings that hold all the words that are searched for."""
        words = self._search.text().lower().split()
        found = [words_in_title(page, words) or page.show_matching(words) for page in self._pages]
        for row, is_found in enumerate(found):
            self._list.item(row).setHidden(not is_found)
        if not any(found):
            self._stack.setCurrentWidget(self._nothing)
        elif self._list.currentRow() < 0 or not found[self._list.currentRow()]:
            self._list.setCurrentRow(found.index(True))
        else:
            self._show_page(self._list.currentRow())

    def _show_page(self, row: int) -> None:
        self._stack.setCurrentIndex(max(row, 0))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self._list)
        row.addWidget(self._stack, 1)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(self._search)
        column.addLayout(row, 1)
        column.addWidget(self._buttons)


def words_in_title(page: SettingsPage, words: Sequence[str]) -> bool:
    """Whether the page itself is meant: then all its settings are shown."""
    is_meant = bool(words) and all(word in page.title().lower() for word in words)
    if is_meant:
        page.show_matching(())
    return is_meant
