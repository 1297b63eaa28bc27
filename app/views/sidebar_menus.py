"""The menus of chats and folders in the sidebar, and the small questions they ask; they tell what is wanted."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu, QWidget

from app.core.catalogue import Folder
from app.views.conversation_list import ConversationListModel, one_line

MOST_TITLE_LETTERS = 200


class SidebarMenus(QObject):
    """Menus delete themselves when they close. Lists are ids of conversations; a folder's id may be None."""

    renameRequested = Signal(str, str)
    pinRequested = Signal(list, bool)
    tagsRequested = Signal(list, list)  # conversations and their new tags
    moveRequested = Signal(list, object)
    exportRequested = Signal(list)
    branchRequested = Signal(str)
    deleteRequested = Signal(list)
    folderCreated = Signal(str, object, list)  # name, parent, and the conversations to put into it
    folderRenamed = Signal(str, str)
    folderDeleted = Signal(str)
    folderExportRequested = Signal(str)

    def __init__(self, model: ConversationListModel, window: QWidget) -> None:
        super().__init__(window)
        self._model, self._window = model, window
        model.conversationsDropped.connect(self.moveRequested)

    def conversation_menu(self, ids: list[str]) -> QMenu:
        """The menu of one chat, or of several that are selected."""
        menu = self._menu("conversationMenu")
        rows = [row for row in map(self._model.conversation, ids) if row is not None]
        if len(ids) == 1:
            menu.addAction(self.tr("Rename…")).triggered.connect(lambda: self.ask_new_title(ids[0]))
        is_pinned = all(row.is_pinned for row in rows)
        pin = menu.addAction(self.tr("Unpin") if is_pinned else self.tr("Pin"))
        pin.triggered.connect(lambda: self.pinRequested.emit(ids, not is_pinned))
        menu.addAction(self.tr("Tags…")).triggered.connect(lambda: self.ask_tags(ids))
        self._add_folders(menu.addMenu(self.tr("Move to folder")), ids)
        menu.addAction(self.tr("Export…")).triggered.connect(lambda: self.exportRequested.emit(ids))
        if len(ids) == 1:
            branch = menu.addAction(self.tr("Branch into a new chat"))
            branch.triggered.connect(lambda: self.branchRequested.emit(ids[0]))
        menu.addSeparator()
        delete = self.tr("Delete") if len(ids) == 1 else self.tr("Delete %n chat(s)", "", len(ids))
        menu.addAction(delete).triggered.connect(lambda: self.deleteRequested.emit(ids))
        return menu

    def folder_menu(self, folder: Folder) -> QMenu:
        """The menu of a folder."""
        menu = self._menu("folderMenu")
        new = menu.addAction(self.tr("New folder inside…"))
        new.triggered.connect(lambda: self.ask_new_folder(folder.id, []))
        menu.addAction(self.tr("Rename…")).triggered.connect(lambda: self.ask_folder_name(folder))
        export = menu.addAction(self.tr("Export…"))
        export.triggered.connect(lambda: self.folderExportRequested.emit(folder.id))
        menu.addSeparator()
        delete = menu.addAction(self.tr("Remove folder, keep its chats"))
        delete.triggered.connect(lambda: self.folderDeleted.emit(folder.id))
        return menu

    def list_menu(self) -> QMenu:
        """The menu where there is no chat and no folder."""
        menu = self._menu("listMenu")
        menu.addAction(self.tr("New folder…")).triggered.connect(lambda: self.ask_new_folder(None, []))
        return menu

    def ask_new_title(self, conversation_id: str) -> None:
        """Let the person type a title."""
        row = self._model.conversation(conversation_id)
        title = self._ask(self.tr("Rename conversation"), self.tr("Title"), row.title if row else "")
        if title:
            self.renameRequested.emit(conversation_id, title)

    def ask_tags(self, ids: list[str]) -> None:
        """Let the person type tags with commas between them."""
        rows = [row for row in map(self._model.conversation, ids) if row is not None]
        common = set.intersection(*(set(row.tags) for row in rows)) if rows else set()
        answer, accepted = QInputDialog.getText(
            self._window,
            self.tr("Tags"),
            self.tr("Tags, with commas between them"),
            QLineEdit.EchoMode.Normal,
            ", ".join(sorted(common)),
        )
        if accepted:
            wanted = {" ".join(tag.split()).removeprefix("#") for tag in answer.split(",")} - {""}
            for row in rows:
                self.tagsRequested.emit([row.id], sorted(set(row.tags) - common | wanted))

    def ask_new_folder(self, parent_id: str | None, ids: list[str]) -> None:
        """Let the person name a new folder; the chats `ids` move into it."""
        name = self._ask(self.tr("New folder"), self.tr("Name"), "")
        if name:
            self.folderCreated.emit(name, parent_id, ids)

    def ask_folder_name(self, folder: Folder) -> None:
        """Let the person rename a folder."""
        name = self._ask(self.tr("Rename folder"), self.tr("Name"), folder.name)
        if name:
            self.folderRenamed.emit(folder.id, name)

    def _add_folders(self, menu: QMenu, ids: list[str]) -> None:
        menu.setObjectName("moveMenu")
        menu.addAction(self.tr("New folder…")).triggered.connect(lambda: self.ask_new_folder(None, ids))
        menu.addAction(self.tr("No folder")).triggered.connect(lambda: self.moveRequested.emit(ids, None))
        menu.addSeparator()
        names = {folder.id: folder for folder in self._model.folders}
        for folder in sorted(names.values(), key=lambda one: _path(one, names).casefold()):
            label = one_line(_path(folder, names)).replace("&", "&&")
            action = menu.addAction(label)
            action.triggered.connect(lambda _checked=False, to=folder.id: self.moveRequested.emit(ids, to))

    def _ask(self, title: str, label: str, old: str) -> str:
        answer, accepted = QInputDialog.getText(self._window, title, label, QLineEdit.EchoMode.Normal, old)
        return answer.strip()[:MOST_TITLE_LETTERS] if accepted else ""

    def _menu(self, object_name: str) -> QMenu:
        menu = QMenu(self._window)
        menu.setObjectName(object_name)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu


def _path(folder: Folder, folders: dict[str, Folder]) -> str:
    """`Work / Tea`; a ring of parents, which only a damaged database has, ends it."""
    names, at, seen = [folder.name], folder.parent_id, {folder.id}
    while at in folders and at not in seen:
        seen.add(at)
        names.append(folders[at].name)
        at = folders[at].parent_id
    return " / ".join(reversed(names))
