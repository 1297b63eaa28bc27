"""ConversationsController: what is done to a conversation as a whole, in the sidebar, in folders and in the bin."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.controllers.chat import ChatController
from app.core.reply_caches import ReplyCaches
from app.core.store import BIN_DAYS, Store, StoreError
from app.views.conversation_list import ConversationRow
from app.views.main_window import MainWindow

if TYPE_CHECKING:
    from app.views.bin_dialog import BinnedConversation

DAY_S = 86400


class ConversationsController(QObject):
    """Keeps sidebar and store in step."""

    def __init__(self, store: Store, caches: ReplyCaches, chat: ChatController, window: MainWindow) -> None:
        super().__init__()
        self._store, self._caches, self._chat, self._window = store, caches, chat, window
        sidebar, menus = window.sidebar, window.sidebar.menus
        sidebar.newChatRequested.connect(self.new_chat)
        sidebar.conversationChosen.connect(self.open)
        sidebar.binRequested.connect(self.show_bin)
        menus.renameRequested.connect(self.rename)
        menus.pinRequested.connect(
            lambda ids, is_pinned: self._each(ids, lambda one: store.set_pinned(one, is_pinned))
        )
        menus.tagsRequested.connect(lambda ids, tags: self._each(ids, lambda one: store.set_tags(one, tags)))
        menus.moveRequested.connect(self.move)
        menus.branchRequested.connect(self.branch)
        menus.deleteRequested.connect(self.delete)
        menus.folderCreated.connect(self.create_folder)
        menus.folderRenamed.connect(lambda folder, name: self._try(lambda: store.rename_folder(folder, name)))
        menus.folderDeleted.connect(lambda folder: self._try(lambda: store.delete_folder(folder)))
        window.action.new_chat.triggered.connect(self.new_chat)
        window.action.temporary_chat.triggered.connect(self.new_temporary_chat)
        window.action.rename.triggered.connect(lambda: self._with_open(menus.ask_new_title))
        window.action.delete.triggered.connect(lambda: self._with_open(lambda one: self.delete([one])))
        window.action.new_folder.triggered.connect(lambda: menus.ask_new_folder(None, []))
        window.action.bin.triggered.connect(self.show_bin)
        window.action.copy_reply.triggered.connect(self.copy_last_reply)
        chat.conversationsChanged.connect(self.refresh)
        chat.opened.connect(window.sidebar.set_current)
        self.refresh()

    def refresh(self) -> None:
        """Read the list anew."""
        try:
            conversations = self._store.conversations()
            folders = self._store.folders()
            binned = len(self._store.binned())
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        self._window.sidebar.set_conversations(
            [
                ConversationRow(
                    one.id,
                    one.title,
                    datetime.fromtimestamp(one.updated_at),
                    one.folder_id,
                    one.is_pinned,
                    one.tags,
                )
                for one in conversations
            ],
            folders,
        )
        self._window.sidebar.show_bin(binned)

    def new_chat(self) -> None:
        """Begin a conversation; it is stored with its first message."""
        self._chat.open(None)
        self._window.composer.setFocus()

    def new_temporary_chat(self) -> None:
        """Begin a conversation that is kept nowhere."""
        self._chat.open_temporary()
        self._window.composer.setFocus()

    def open(self, conversation_id: str) -> None:
        """Show a conversation and let the person write at once."""
        if conversation_id != self._chat.conversation_id:
            self._chat.open(conversation_id)
        self._window.composer.setFocus()

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        if self._try(lambda: self._store.rename(conversation_id, title)) and self._is_open(conversation_id):
            self._window.show_conversation_title(title)

    def move(self, ids: list[str], folder_id: str | None) -> None:
        """Put conversations into a folder, or out of all."""
        self._each(ids, lambda one: self._store.move_to_folder(one, folder_id))

    def create_folder(self, name: str, parent_id: str | None, ids: list[str]) -> None:
        """A new folder with these conversations in it."""
        try:
            made = self._store.create_folder(name, parent_id)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        self.move(ids, made.id)

    def branch(self, conversation_id: str) -> None:
        """A copy of the path that a conversation shows, as a chat of its own."""
        try:
            leaf_id = self._store.tree(conversation_id).leaf_id
            if leaf_id is None:
                return
            made = self._store.copy_branch(conversation_id, leaf_id)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        self.refresh()
        self.open(made.id)

    def delete(self, ids: list[str]) -> None:
        """Put conversations into the bin and offer to take them out again."""
        if not self._each(ids, self._store.delete_conversation):
            return
        for one in ids:
            self._caches.forget(one)
        open_id = self._chat.conversation_id if self._is_open(*ids) else None
        if open_id is not None:
            self._chat.stop()
            self._chat.open(None)

        def undo() -> None:
            self._each(ids, self._store.restore_conversation)
            if open_id is not None:
                self._chat.open(open_id)

        told = (
            self.tr("Conversation deleted.")
            if len(ids) == 1
            else self.tr("%n conversation(s) deleted.", "", len(ids))
        )
        self._window.message_bar.show_notice(told, action=self.tr("Undo"), on_action=undo)

    def show_bin(self) -> None:
        """List what lies in the bin."""
        from app.views.bin_dialog import BinDialog

        dialog = BinDialog(self._binned(), self._window)

        def then(change: Callable[[str], None], ids: list[str]) -> None:
            self._each(ids, change)
            dialog.show_conversations(self._binned())

        dialog.restoreRequested.connect(lambda ids: then(self._store.restore_conversation, ids))
        dialog.deleteRequested.connect(lambda ids: then(self._store.delete_forever, ids))
        dialog.open()

    def leave_what_is_gone(self) -> None:
        """Read the list anew; a conversation that is not there any more is not shown either."""
        self.refresh()
        open_id = self._chat.conversation_id
        if open_id is not None and not self._chat.shown.is_temporary:
            try:
                self._store.conversation(open_id)
            except StoreError:
                self.new_chat()

    def copy_last_reply(self) -> None:
        """Put the last reply on the clipboard."""
        text = self._chat.last_reply()
        if text:
            QGuiApplication.clipboard().setText(text)
            self._window.message_bar.show_notice(self.tr("Reply copied."))

    def _binned(self) -> list[BinnedConversation]:
        from app.views.bin_dialog import BinnedConversation

        try:
            binned = self._store.binned()
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return []
        now = time.time()
        return [
            BinnedConversation(one.id, one.title, max(0, round(BIN_DAYS - (now - (one.deleted_at or now)) / DAY_S)))
            for one in binned
        ]

    def _each(self, ids: Iterable[str], change: Callable[[str], None]) -> bool:
        def change_all() -> None:
            for one in ids:
                change(one)

        return self._try(change_all)

    def _try(self, change: Callable[[], None]) -> bool:
        """Change the store and show it; tell when it fails."""
        try:
            change()
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return False
        finally:
            self.refresh()
        return True

    def _is_open(self, *ids: str) -> bool:
        return not self._chat.shown.is_temporary and self._chat.conversation_id in ids

    def _with_open(self, act: Callable[[str], None]) -> None:
        if self._chat.conversation_id is not None and not self._chat.shown.is_temporary:
            act(self._chat.conversation_id)
