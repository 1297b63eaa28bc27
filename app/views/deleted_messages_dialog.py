"""DeletedMessagesDialog: the deleted messages of one conversation, to bring some of them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.views.conversation_list import one_line
from app.views.dialog_pages import button


@dataclass(frozen=True, slots=True)
class DeletedMessage:
    """One message; `created_at` in seconds since 1970."""

    id: str
    role: str
    excerpt: str
    created_at: float


class DeletedMessagesDialog(QDialog):
    """Emits `restoreRequested(ids)` and closes."""

    restoreRequested = Signal(list)

    def __init__(self, messages: Sequence[DeletedMessage], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("deletedMessagesDialog")
        self.setWindowTitle(self.tr("Deleted messages"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(520, 420)
        self._list = QListWidget(self)
        self._list.setObjectName("deletedMessages")
        self._list.setAccessibleName(self.tr("Deleted messages"))
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.setWordWrap(True)
        for message in messages:
            when = QLocale().toString(
                QDateTime.fromSecsSinceEpoch(int(message.created_at)), QLocale.FormatType.ShortFormat
            )
            who = self.tr("You") if message.role == "user" else self.tr("Reply")
            item = QListWidgetItem(f"{who}, {when}\n{one_line(message.excerpt)}")
            item.setData(Qt.ItemDataRole.UserRole, message.id)
            self._list.addItem(item)
        self._list.setVisible(bool(messages))
        empty = QLabel(self.tr("No message of this conversation was deleted in the last 30 days."), self)
        empty.setObjectName("dialogHelp")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        empty.setVisible(not messages)
        restore = button(self, "restoreMessages", self.tr("Restore"))
        restore.setEnabled(False)
        restore.clicked.connect(self._restore)
        self._list.itemSelectionChanged.connect(lambda: restore.setEnabled(bool(self._list.selectedItems())))
        self._list.itemActivated.connect(lambda _item: restore.click())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        for one in buttons.buttons():
            one.setAutoDefault(False)  # type: ignore[attr-defined]  # they are push buttons; Enter restores
        buttons.addButton(restore, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(empty, 1)
        column.addWidget(self._list, 1)
        column.addWidget(buttons)

    def _restore(self) -> None:
        chosen = [item.data(Qt.ItemDataRole.UserRole) for item in self._list.selectedItems()]
        self.accept()
        self.restoreRequested.emit(chosen)
