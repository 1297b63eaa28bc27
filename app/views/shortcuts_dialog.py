"""ShortcutsDialog: an overview of all keys, by group, filtered as one types; it leads to where they are changed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from app.core.shortcuts import Shortcuts
from app.views.actions import WindowActions
from app.views.dialog_pages import button
from app.views.shortcuts_list import ShortcutsList


class ShortcutsDialog(QDialog):
    """Emits `changeRequested()` when a person wants other keys."""

    changeRequested = Signal()

    def __init__(self, actions: WindowActions, shortcuts: Shortcuts, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 560)
        self._filter = QLineEdit(self)
        self._filter.setObjectName("shortcutsFilter")
        self._filter.setPlaceholderText(self.tr("Search actions or keys"))
        self._filter.setAccessibleName(self.tr("Search actions or keys"))
        self._filter.setClearButtonEnabled(True)
        self._list = ShortcutsList(self)
        self._list.setObjectName("shortcutsOverview")
        self._list.say_texts()
        self._list.show_actions(actions, shortcuts)
        self._add_fixed_keys()
        self._list.choose("")
        self._filter.textChanged.connect(lambda text: self._list.show_matching(text.lower().split()))
        change = button(self, "changeShortcuts", self.tr("Change…"))
        change.clicked.connect(self.changeRequested)
        change.clicked.connect(self.accept)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(change, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for part in (self._filter, self._list, buttons):
            column.addWidget(part)
        self._filter.setFocus()

    def _add_fixed_keys(self) -> None:
        """Keys that belong to a place in the window rather than to an action."""
        for title, lines in (
            (
                self.tr("While writing"),
                (
                    (self.tr("Send the message"), "Return"),
                    (self.tr("Begin a new line"), "Shift+Return"),
                ),
            ),
            (
                self.tr("In the list of conversations"),
                (
                    (self.tr("Move"), "Up", "Down"),
                    (self.tr("Open"), "Return"),
                    (self.tr("Rename"), "F2"),
                    (self.tr("Delete"), "Del"),
                    (self.tr("Select several"), "Shift+Up", "Shift+Down"),
                ),
            ),
        ):
            self._list.add_group(title)
            for text, *keys in lines:
                native = [QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys]
                self._list.add_line(text, native)
