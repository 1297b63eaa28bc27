"""ConversationsController: the sidebar's list; new chat, open, rename, delete with undo, export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtGui import QGuiApplication

from app.controllers.chat import ChatController
from app.core.exporters import Exporter
from app.core.exporting import ExportError, export
from app.core.files import safe_file_name
from app.core.store import Store, StoreError
from app.export_formats import EXPORTERS
from app.views.conversation_list import ConversationRow
from app.views.dialogs import ask_export_file
from app.views.main_window import MainWindow


class ConversationsController(QObject):
    """Keeps sidebar and store in step."""

    def __init__(self, store: Store, chat: ChatController, window: MainWindow) -> None:
        super().__init__()
        self._store, self._chat, self._window = store, chat, window
        self._export_folder = Path(
            QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation) or Path.home()
        )
        sidebar = window.sidebar
        sidebar.newChatRequested.connect(self.new_chat)
        sidebar.conversationChosen.connect(self.open)
        sidebar.renameRequested.connect(self.rename)
        sidebar.exportRequested.connect(self.export)
        sidebar.deleteRequested.connect(self.delete)
        window.new_chat_action.triggered.connect(self.new_chat)
        window.rename_action.triggered.connect(lambda: self._with_open(sidebar.ask_new_title))
        window.export_action.triggered.connect(lambda: self._with_open(self.export))
        window.delete_action.triggered.connect(lambda: self._with_open(self.delete))
        window.copy_action.triggered.connect(self.copy_last_reply)
        chat.conversationsChanged.connect(self.refresh)
        chat.opened.connect(window.sidebar.set_current)
        self.refresh()

    def refresh(self) -> None:
        """Read the list anew."""
        try:
            conversations = self._store.conversations()
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        self._window.sidebar.set_conversations(
            [ConversationRow(one.id, one.title, datetime.fromtimestamp(one.updated_at)) for one in conversations]
        )
        self._window.sidebar.set_current(self._chat.conversation_id)

    def new_chat(self) -> None:
        """Begin a conversation; it is stored with its first message."""
        self._chat.open(None)
        self._window.composer.setFocus()

    def open(self, conversation_id: str) -> None:
        """Show a conversation and let the person write at once."""
        if conversation_id != self._chat.conversation_id:
            self._chat.open(conversation_id)
        self._window.composer.setFocus()

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        try:
            self._store.rename(conversation_id, title)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        if conversation_id == self._chat.conversation_id:
            self._window.show_conversation_title(title)
        self.refresh()

    def delete(self, conversation_id: str) -> None:
        """Put a conversation into the bin and offer to take it out again."""
        try:
            self._store.delete_conversation(conversation_id)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        was_open = conversation_id == self._chat.conversation_id
        if was_open:
            self._chat.stop()
            self._chat.open(None)
        self.refresh()

        def undo() -> None:
            try:
                self._store.restore_conversation(conversation_id)
            except StoreError as error:
                self._window.message_bar.show_error(str(error))
                return
            self.refresh()
            if was_open:
                self._chat.open(conversation_id)

        self._window.message_bar.show_notice(self.tr("Conversation deleted."), action=self.tr("Undo"), on_action=undo)

    def export(self, conversation_id: str) -> None:
        """Ask for a file, then write the conversation to it."""
        try:
            title = self._store.conversation(conversation_id).title
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        formats = {exporter.ending: _exporter_for(exporter.ending).title for exporter in EXPORTERS}
        proposed = self._export_folder / safe_file_name(title, EXPORTERS[0].ending)
        path = ask_export_file(self._window, proposed, formats)
        if path is not None:
            self.export_to(conversation_id, path)

    def export_to(self, conversation_id: str, path: Path) -> None:
        """Write a conversation in the format that the file's ending names."""
        try:
            export(self._store, [conversation_id], _exporter_for(path.suffix[1:].lower()), path, replace=True)
        except (ExportError, StoreError) as error:
            self._window.message_bar.show_error(str(error))
        except OSError as error:
            self._window.message_bar.show_error(
                self.tr("The conversation cannot be written to “{name}”: {reason}.").format(
                    name=path.name, reason=error.strerror or error
                )
            )
        else:
            self._export_folder = path.parent
            self._window.message_bar.show_notice(self.tr("Exported to “{name}”.").format(name=path.name))

    def copy_last_reply(self) -> None:
        """Put the last reply on the clipboard."""
        text = self._chat.last_reply()
        if text:
            QGuiApplication.clipboard().setText(text)
            self._window.message_bar.show_notice(self.tr("Reply copied."))

    def _with_open(self, act: Callable[[str], None]) -> None:
        if self._chat.conversation_id is not None:
            act(self._chat.conversation_id)


def _exporter_for(ending: str) -> Exporter:
    """The first format with this file ending, else the first of all."""
    return next((one for one in EXPORTERS if one.ending == ending), EXPORTERS[0])
