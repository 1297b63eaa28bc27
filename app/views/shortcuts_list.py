"""ShortcutsList: all actions by group with their keys, which words can filter."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from app.core.shortcuts import Shortcuts
from app.views.actions import WindowActions


class ShortcutsList(QTreeWidget):
    """Two columns: what happens, and the keys. An item of an action has its id as user data."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._groups: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setUniformRowHeights(True)
        self.setColumnCount(2)
        self.setIndentation(12)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def say_texts(self) -> None:
        """The texts that are not data."""
        self.setAccessibleName(self.tr("Actions and their keys"))
        self.setHeaderLabels([self.tr("Action"), self.tr("Keys")])

    def show_actions(self, actions: WindowActions, shortcuts: Shortcuts) -> None:
        """Replace the content by every action."""
        self.clear()
        self._groups.clear()
        for group, entries in groupby(actions.entries, key=lambda entry: entry.group):
            self.add_group(actions.group_name(group))
            for entry in entries:
                keys = [_native(key) for key in shortcuts.keys(entry.id)]
                item = self.add_line(entry.plain_text, keys)
                item.setData(0, Qt.ItemDataRole.UserRole, entry.id)
                font = item.font(1)
                font.setBold(shortcuts.is_changed(entry.id))
                item.setFont(1, font)

    def add_group(self, title: str) -> None:
        """A line that heads others and cannot be chosen."""
        head = QTreeWidgetItem([title])
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = head.font(0)
        font.setBold(True)
        head.setFont(0, font)
        self.addTopLevelItem(head)
        head.setFirstColumnSpanned(True)
        head.setExpanded(True)
        self._groups.append((head, []))

    def add_line(self, title: str, keys: Sequence[str]) -> QTreeWidgetItem:
        """What happens, and which keys do it; it belongs to the group that was added last."""
        item = QTreeWidgetItem(self._groups[-1][0], [title, ", ".join(keys)])
        item.setToolTip(0, title)
        self._groups[-1][1].append(item)
        return item

    def choose(self, action_id: str) -> None:
        """Mark the line of an action, or the first."""
        items = [item for _, lines in self._groups for item in lines if item.data(0, Qt.ItemDataRole.UserRole)]
        wanted = next((item for item in items if item.data(0, Qt.ItemDataRole.UserRole) == action_id), items[0])
        self.setCurrentItem(wanted)

    def show_matching(self, words: Sequence[str]) -> bool:
        """Show only lines that hold all these words, in lower case, in their title, keys or group; True if any."""
        found = False
        for head, lines in self._groups:
            is_any = False
            for item in lines:
                text = f"{head.text(0)} {item.text(0)} {item.text(1)}".lower()
                is_match = all(word in text for word in words)
                item.setHidden(not is_match)
                is_any |= is_match
            head.setHidden(not is_any)
            found |= is_any
        return found


def _native(key: str) -> str:
    portable = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)
    return portable.toString(QKeySequence.SequenceFormat.NativeText)
