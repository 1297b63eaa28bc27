"""Sidebar: new chat, search and the list of conversations. Emits what the person wants and changes nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme, tinted_icon
from app.views.conversation_list import ConversationDelegate, ConversationListModel, ConversationRow, Role

MOST_TITLE_LETTERS = 200


class Sidebar(QWidget):
    """Shows conversations; `conversationChosen`, `renameRequested` and others tell what is wanted."""

    newChatRequested = Signal()
    conversationChosen = Signal(str)
    renameRequested = Signal(str, str)
    exportRequested = Signal(str)
    deleteRequested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._new_chat = QToolButton(self)
        self._new_chat.setObjectName("newChatButton")
        self._new_chat.setText(self.tr("New chat"))
        self._new_chat.setToolTip(self.tr("Start a new conversation (Ctrl+N)"))
        self._new_chat.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._new_chat.setIconSize(QSize(18, 18))
        self._new_chat.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._new_chat.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._new_chat.clicked.connect(self.newChatRequested)
        self._search = QLineEdit(self)
        self._search.setObjectName("conversationSearch")
        self._search.setPlaceholderText(self.tr("Search conversations"))
        self._search.setAccessibleName(self.tr("Search conversations"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._filter)
        self._model = ConversationListModel()
        self._delegate = ConversationDelegate(theme)
        self._list = self._make_list()
        self._empty = QLabel(self)
        self._empty.setObjectName("sidebarEmpty")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 10, 8, 8)
        column.setSpacing(8)
        column.addWidget(self._new_chat)
        column.addWidget(self._search)
        column.addWidget(self._empty, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._list, 1)
        self._current: str | None = None
        self._show_emptiness()

    def set_conversations(self, conversations: Sequence[ConversationRow]) -> None:
        """Show these, newest first; the selection stays."""
        self._model.set_conversations(conversations)
        self._show_current()
        self._show_emptiness()

    def set_current(self, conversation_id: str | None) -> None:
        """Mark the conversation that is open."""
        self._current = conversation_id
        self._show_current()

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def ask_new_title(self, conversation_id: str) -> None:
        """Let the person type a title, then emit `renameRequested`."""
        old = self._model.index_of(conversation_id).data() or ""
        title, accepted = QInputDialog.getText(
            self, self.tr("Rename conversation"), self.tr("Title"), QLineEdit.EchoMode.Normal, old
        )
        title = title.strip()[:MOST_TITLE_LETTERS]
        if accepted and title:
            self.renameRequested.emit(conversation_id, title)

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons and repaint the list."""
        self._new_chat.setIcon(tinted_icon("new-chat", theme.colors["text"]))
        self._delegate.theme = theme
        for old in self._search.actions():
            if old.objectName() == "searchIcon":
                self._search.removeAction(old)
                old.deleteLater()
        icon = QAction(tinted_icon("search", theme.colors["text_muted"], size=16), self.tr("Search"), self._search)
        icon.setObjectName("searchIcon")
        self._search.addAction(icon, QLineEdit.ActionPosition.LeadingPosition)
        self._list.viewport().update()

    def _make_list(self) -> QListView:
        view = QListView(self)
        view.setObjectName("conversationList")
        view.setAccessibleName(self.tr("Conversations"))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setModel(self._model)
        view.setItemDelegate(self._delegate)
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_menu)
        view.clicked.connect(self._choose)
        view.activated.connect(self._choose)
        return view

    def _filter(self, text: str) -> None:
        self._model.set_filter(text)
        self._show_current()
        self._show_emptiness()

    def _choose(self, index: QModelIndex) -> None:
        conversation_id = index.data(Role.ID)
        if conversation_id is not None:
            self.conversationChosen.emit(conversation_id)

    def _show_current(self) -> None:
        index = self._model.index_of(self._current) if self._current else QModelIndex()
        if index.isValid():
            self._list.setCurrentIndex(index)
        else:
            self._list.clearSelection()
            self._list.setCurrentIndex(QModelIndex())

    def _show_emptiness(self) -> None:
        is_empty = self._model.rowCount() == 0
        searched = bool(self._search.text().strip())
        self._empty.setText(self.tr("Nothing found") if searched else self.tr("No conversations yet"))
        self._empty.setVisible(is_empty)
        self._list.setVisible(not is_empty)

    def _open_menu(self, position: QPoint) -> None:
        conversation_id = self._list.indexAt(position).data(Role.ID)
        if conversation_id is None:
            return
        menu = self.conversation_menu(conversation_id)
        menu.popup(self._list.viewport().mapToGlobal(position))

    def conversation_menu(self, conversation_id: str) -> QMenu:
        """The menu of one conversation; it deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Rename…")).triggered.connect(lambda: self.ask_new_title(conversation_id))
        menu.addAction(self.tr("Export…")).triggered.connect(lambda: self.exportRequested.emit(conversation_id))
        menu.addSeparator()
        menu.addAction(self.tr("Delete")).triggered.connect(lambda: self.deleteRequested.emit(conversation_id))
        return menu
