"""Sidebar: new chat, search, the list of conversations and the bin. It emits what is wanted and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.catalogue import Folder, SearchHit
from app.theme import Theme, tinted_icon
from app.views.conversation_list import ConversationListModel, ConversationRow, FolderRow, HitRow, Role
from app.views.conversation_rows import ConversationDelegate
from app.views.language import in_every_language
from app.views.sidebar_menus import SidebarMenus


class Sidebar(QWidget):
    """Shows conversations, or what a search found. `menus` tells what is wanted of chats and folders."""

    newChatRequested = Signal()
    conversationChosen = Signal(str)
    hitChosen = Signal(str, str)  # conversation and message
    queryChanged = Signal(str)
    binRequested = Signal()
    importRequested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.new_chat_button = QToolButton(self)
        self.new_chat_button.setObjectName("newChatButton")
        self.new_chat_button.clicked.connect(self.newChatRequested)
        self._search = QLineEdit(self)
        self._search.setObjectName("conversationSearch")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._query_changed)
        self._search_icon = self._search.addAction(QIcon(), QLineEdit.ActionPosition.LeadingPosition)
        self.model = ConversationListModel()
        self._delegate = ConversationDelegate(theme)
        self._list = self._make_list()
        self._search.installEventFilter(self)
        self.menus = SidebarMenus(self.model, self)
        self._empty = QLabel(self)
        self._empty.setObjectName("sidebarEmpty")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._import = QPushButton(self)
        self._import.setObjectName("importButton")
        self._import.clicked.connect(self.importRequested)
        self._bin = QToolButton(self)
        self._bin.setObjectName("binButton")
        self._bin.clicked.connect(self.binRequested)
        for button in (self.new_chat_button, self._bin):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(18, 18))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 10, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.new_chat_button)
        column.addWidget(self._search)
        column.addWidget(self._empty, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._import, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._list, 1)
        column.addStretch(0)
        column.addWidget(self._bin)
        self._current: str | None = None
        self._is_searching = False
        self._binned = 0
        in_every_language(self, self._say_texts)

    def set_conversations(self, conversations: Sequence[ConversationRow], folders: Sequence[Folder] = ()) -> None:
        """Show these; what is selected stays selected."""
        chosen, place = self.selected_ids(), self._list.verticalScrollBar().value()
        self.model.set_conversations(conversations, folders)
        self._restore_selection(chosen)
        self._list.verticalScrollBar().setValue(place)
        self._show_emptiness()

    def set_current(self, conversation_id: str | None) -> None:
        """Mark the conversation that is open."""
        self._current = conversation_id
        if not self._is_searching:
            self._show_current()

    def show_bin(self, count: int) -> None:
        """How many conversations lie in the bin."""
        self._binned = count
        self._bin.setText(self.tr("Bin ({count})").format(count=count) if count else self.tr("Bin"))

    def show_all(self) -> None:
        """End a search."""
        self._is_searching = False
        self._list.setUniformItemSizes(True)
        self.model.show_all()
        self._show_current()
        self._show_emptiness()

    def show_tagged(self, tags: tuple[str, ...]) -> None:
        """Show the conversations that have these tags."""
        self._is_searching = True
        self._list.setUniformItemSizes(True)
        self.model.show_tagged(tags)
        self._show_emptiness()

    def show_hits(self, hits: Sequence[SearchHit], tags: tuple[str, ...]) -> None:
        """Show what a search found."""
        self._is_searching = True
        self._list.setUniformItemSizes(False)  # hits have two lines
        self.model.show_hits(hits, tags)
        self._list.setCurrentIndex(QModelIndex())
        self._list.scrollToTop()
        self._show_emptiness()

    def query(self) -> str:
        """What is written into the search field."""
        return self._search.text().strip()

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def selected_ids(self) -> list[str]:
        """The chats that are selected, in the order shown."""
        indexes = sorted(self._list.selectionModel().selectedIndexes(), key=QModelIndex.row)
        return list(dict.fromkeys(index.data(Role.ID) for index in indexes if index.data(Role.ID) is not None))

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons and repaint the list."""
        self.new_chat_button.setIcon(tinted_icon("new-chat", theme.colors["text"]))
        self._bin.setIcon(tinted_icon("delete", theme.colors["text_muted"]))
        self._delegate.apply_theme(theme)
        self._search_icon.setIcon(tinted_icon("search", theme.colors["text_muted"], size=16))
        self._list.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the search field the arrows move in the list, Enter opens what is marked, Escape ends the search."""
        if watched is self._search and isinstance(event, QKeyEvent):
            key = event.key()
            if event.type() == QEvent.Type.ShortcutOverride and key == Qt.Key.Key_Escape and self._search.text():
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                    self._move(1 if key == Qt.Key.Key_Down else -1)
                    return True
                if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    self._open_marked()
                    return True
                if key == Qt.Key.Key_Escape and self._search.text():
                    self._search.clear()
                    return True
        if watched is self._list and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F2:
            return self._rename_by_key(event)
        if isinstance(event, QMouseEvent) and watched is self._list.viewport():
            return event.type() == QEvent.Type.MouseButtonPress and self._open_menu_by_button(event)
        is_delete = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Delete
        if watched is self._list and is_delete and event.type() == QEvent.Type.KeyPress and self.selected_ids():
            self.menus.deleteRequested.emit(self.selected_ids())
            return True
        return super().eventFilter(watched, event)

    def _say_texts(self) -> None:
        self.new_chat_button.setText(self.tr("New chat"))
        self._search.setPlaceholderText(self.tr("Search, or #tag"))
        self._search.setAccessibleName(self.tr("Search conversations"))
        self._search_icon.setText(self.tr("Search"))
        self._list.setAccessibleName(self.tr("Conversations"))
        self._import.setText(self.tr("Import chats from another app…"))
        self._bin.setToolTip(self.tr("Deleted conversations can be restored for 30 days"))
        self.show_bin(self._binned)
        self.model.say_again()
        self._show_emptiness()
        if not self._is_searching:
            self._show_current()

    def _open_menu_by_button(self, event: QMouseEvent) -> bool:
        """A press on the end of a row, where it has a button while the mouse is over it; whether it was one."""
        place = event.position().toPoint()
        index = self._list.indexAt(place)
        box = self._delegate.more_box(self._list.visualRect(index), self.layoutDirection())
        is_pressed = event.button() == Qt.MouseButton.LeftButton and box.contains(place)
        if not is_pressed or not index.flags() & Qt.ItemFlag.ItemIsEnabled:
            return False
        if not self._list.selectionModel().isSelected(index):
            self._list.setCurrentIndex(index)
        self._open_menu(place)
        return True

    def _rename_by_key(self, event: QKeyEvent) -> bool:
        """In the list F2 means the chat that is marked there, elsewhere the one that is open."""
        ids = self.selected_ids()
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress and len(ids) == 1:
            self.menus.ask_new_title(ids[0])
        return True

    def _make_list(self) -> QListView:
        view = QListView(self)
        view.setObjectName("conversationList")
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setMouseTracking(True)
        view.setUniformItemSizes(True)  # laying 5,000 rows out one by one took 25 ms
        view.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        view.setDragDropMode(QListView.DragDropMode.DragDrop)
        view.setDefaultDropAction(Qt.DropAction.MoveAction)
        view.setDragDropOverwriteMode(True)  # onto rows, not between them
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_menu)
        view.clicked.connect(self._choose)
        view.activated.connect(self._choose)
        view.installEventFilter(self)
        view.viewport().installEventFilter(self)
        return view

    def _query_changed(self, _text: str) -> None:
        self.queryChanged.emit(self.query())

    def _choose(self, index: QModelIndex) -> None:
        """Open what was clicked, unless the click only adds to the selection."""
        if len(self._list.selectionModel().selectedIndexes()) > 1:
            return
        match index.data(Role.ROW):
            case ConversationRow(id=conversation_id):
                self.conversationChosen.emit(conversation_id)
            case HitRow(hit):
                self.hitChosen.emit(hit.conversation_id, hit.message_id or "")
            case FolderRow(folder):
                self.model.toggle_folder(folder.id)
                self._show_current()

    def _move(self, step: int) -> None:
        """Mark the next row that can be chosen."""
        row = self._list.currentIndex().row() if self._list.currentIndex().isValid() else (-1 if step > 0 else 0)
        while 0 <= (row := row + step) < self.model.rowCount():
            index = self.model.index(row)
            if index.flags() & Qt.ItemFlag.ItemIsSelectable:
                self._list.setCurrentIndex(index)
                self._list.scrollTo(index)
                return

    def _open_marked(self) -> None:
        if not self._list.currentIndex().isValid():
            self._move(1)
        if self._list.currentIndex().isValid():
            self._choose(self._list.currentIndex())

    def _show_current(self) -> None:
        index = self.model.index_of(self._current) if self._current else QModelIndex()
        if index.isValid():
            self._list.setCurrentIndex(index)
        else:
            self._list.clearSelection()
            self._list.setCurrentIndex(QModelIndex())

    def _restore_selection(self, conversation_ids: list[str]) -> None:
        """Select again what is left of these; the open chat when nothing is."""
        left = [index for one in conversation_ids if (index := self.model.index_of(one)).isValid()]
        if not left and not self._is_searching:
            self._show_current()
        elif left and len(self.selected_ids()) != len(left):
            selection = self._list.selectionModel()
            selection.clearSelection()
            for index in left:
                selection.select(index, selection.SelectionFlag.Select)

    def _show_emptiness(self) -> None:
        is_empty = self.model.rowCount() == 0
        self._empty.setText(self.tr("Nothing found") if self._is_searching else self.tr("No conversations yet"))
        self._empty.setVisible(is_empty)
        self._import.setVisible(is_empty and not self._is_searching)
        self._list.setVisible(not is_empty)

    def _open_menu(self, position: QPoint) -> None:
        row = self._list.indexAt(position).data(Role.ROW)
        menu: QMenu
        if isinstance(row, FolderRow):
            menu = self.menus.folder_menu(row.folder)
        elif isinstance(row, ConversationRow | HitRow):
            menu = self.menus.conversation_menu(self.selected_ids())
        else:
            menu = self.menus.list_menu()
        menu.popup(self._list.viewport().mapToGlobal(position))
