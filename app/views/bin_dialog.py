"""BinDialog: the deleted conversations, to restore some of them or to delete them for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.views.conversation_list import one_line
from app.views.dialog_pages import press_by_delete
from app.views.dialogs import confirm


@dataclass(frozen=True, slots=True)
class BinnedConversation:
    """A conversation in the bin and for how many days it stays there."""

    id: str
    title: str
    days_left: int


class BinDialog(QDialog):
    """Emits what is wanted; who listens shows the bin anew."""

    restoreRequested = Signal(list)
    deleteRequested = Signal(list)

    def __init__(self, conversations: Sequence[BinnedConversation], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("binDialog")
        self.setWindowTitle(self.tr("Bin"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 420)
        self._list = QTreeWidget(self)
        self._list.setObjectName("binList")
        self._list.setAccessibleName(self.tr("Deleted conversations"))
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setHeaderLabels([self.tr("Conversation"), self.tr("Days left")])
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.itemSelectionChanged.connect(self._show_actions)
        self._empty = QLabel(self.tr("The bin is empty. What you delete stays here for 30 days."), self)
        self._empty.setObjectName("binEmpty")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._restore = self._button("restoreConversations", self.tr("Restore"))
        self._restore.clicked.connect(lambda: self.restoreRequested.emit(self._selected()))
        self._delete = self._button("deleteForever", self.tr("Delete for ever…"))
        self._delete.clicked.connect(lambda: self._delete_forever(self._selected()))
        self._empty_all = self._button("emptyBin", self.tr("Empty the bin…"))
        self._empty_all.clicked.connect(
            lambda: self._delete_forever(_ids(self._list.findItems("", Qt.MatchFlag.MatchContains)))
        )
        self._list.itemActivated.connect(lambda _item, _column: self._restore.click())
        press_by_delete(self._delete, self._list)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        for one in buttons.buttons():
            one.setAutoDefault(False)  # type: ignore[attr-defined]  # they are push buttons; Enter restores
        for button in (self._restore, self._delete, self._empty_all):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self._list, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(buttons)
        self.show_conversations(conversations)

    def show_conversations(self, conversations: Sequence[BinnedConversation]) -> None:
        """Replace the list."""
        self._list.clear()
        items = []
        for one in conversations:
            item = QTreeWidgetItem([one_line(one.title), str(one.days_left)])
            item.setData(0, Qt.ItemDataRole.UserRole, one.id)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            items.append(item)
        self._list.addTopLevelItems(items)
        self._list.setVisible(bool(items))
        self._empty.setVisible(not items)
        self._show_actions()

    def _button(self, object_name: str, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(object_name)
        button.setAutoDefault(False)
        return button

    def _show_actions(self) -> None:
        is_chosen = bool(self._list.selectedItems())
        self._restore.setEnabled(is_chosen)
        self._delete.setEnabled(is_chosen)
        self._empty_all.setEnabled(self._list.topLevelItemCount() > 0)

    def _selected(self) -> list[str]:
        return _ids(self._list.selectedItems())

    def _delete_forever(self, ids: list[str]) -> None:
        sentence = self.tr("%n conversation(s) are deleted for ever; nothing brings them back.", "", len(ids))
        if confirm(self, self.tr("Delete for ever?"), sentence):
            self.deleteRequested.emit(ids)


def _ids(items: Sequence[QTreeWidgetItem]) -> list[str]:
    return [item.data(0, Qt.ItemDataRole.UserRole) for item in items]
