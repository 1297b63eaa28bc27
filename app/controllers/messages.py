"""MessagesController: what becomes of a message that is there: edit, versions, branch, delete with undo, restore.

Nothing here overwrites: an edit is another version beside the old one.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.open_chat import OpenChat
from app.core.conversation import Part, PartKind, StoredMessage
from app.core.store import StoreError
from app.views.main_window import MainWindow

EXCERPT = 300  # characters shown of a deleted message


class MessagesController(QObject):
    """Changes the open conversation's tree in the store and in the window."""

    def __init__(self, chat: ChatController, window: MainWindow) -> None:
        super().__init__()
        self._chat, self._window = chat, window
        transcript = window.transcript
        transcript.editRequested.connect(self.edit)
        transcript.continueEditedRequested.connect(chat.continue_reply)
        transcript.deleteRequested.connect(self.delete)
        transcript.versionRequested.connect(self.show_version)
        transcript.branchRequested.connect(self.branch)
        window.action.deleted_messages.triggered.connect(self.show_deleted)

    def edit(self, message_id: str, text: str) -> None:
        """Another version of a message; one of the person's is answered."""
        chat = self._chat.shown
        if message_id not in chat.tree or chat.conversation_id is None or self._chat.is_busy():
            return
        old = chat.tree.get(message_id)
        try:
            chat.add(
                chat.store.add_message(
                    chat.conversation_id,
                    parent_id=old.parent_id,
                    role=old.role,
                    parts=_reworded(old, text),
                    edited_from=old.id,
                )
            )
        except StoreError as error:
            self._chat.saveFailed.emit(str(error))
            return
        if old.role == "user":
            self._chat.answer()
        else:
            self._chat.show_path()

    def show_version(self, message_id: str, number: int) -> None:
        """Show another version of a message and the newest branch below it."""
        tree = self._chat.shown.tree
        if message_id in tree:
            versions = tree.siblings(message_id)
            if 1 <= number <= len(versions):
                self._show_leaf(tree.newest_leaf(versions[number - 1]))

    def jump(self, message_id: str) -> None:
        """Show the branch that a message lies in, and the message itself."""
        tree = self._chat.shown.tree
        if message_id not in tree:
            return
        if all(message.id != message_id for message in tree.path()):
            self._show_leaf(tree.newest_leaf(message_id))
        self._window.transcript.reveal(message_id)

    def branch(self, message_id: str) -> None:
        """A chat of its own that begins as a copy of the path to a message; what is here stays."""
        chat = self._chat.shown
        if chat.conversation_id is None or message_id not in chat.tree:
            return
        try:
            made = chat.store.copy_branch(chat.conversation_id, message_id)
            if chat.is_temporary:
                chat.conversation_id, chat.tree = made.id, chat.store.tree(made.id)
                self._chat.show_path()
                return
        except StoreError as error:
            self._chat.saveFailed.emit(str(error))
            return
        self._chat.conversationsChanged.emit()
        self._chat.open(made.id)
        self._window.message_bar.show_notice(self.tr("This is a new chat; the old one is as it was."))

    def delete(self, message_id: str) -> None:
        """Put a message and what follows it into the bin, and offer to take it out again."""
        chat = self._chat.shown
        if message_id not in chat.tree or chat.conversation_id is None:
            return
        gone, old_leaf, conversation_id = chat.tree.subtree(message_id), chat.tree.leaf_id, chat.conversation_id
        if self._chat.is_running_in(gone):
            self._chat.stop()
        if not self._chat.keep(lambda: chat.store.delete_messages(gone)):
            return
        chat.tree.remove(message_id)
        self._show_leaf(chat.tree.leaf_id)

        def undo() -> None:
            self._chat.keep(lambda: chat.store.restore_messages(gone))
            self._chat.keep(lambda: chat.store.set_leaf(conversation_id, old_leaf))
            self._reload(chat)

        self._window.message_bar.show_notice(self.tr("Message deleted."), action=self.tr("Undo"), on_action=undo)

    def show_deleted(self) -> None:
        """List the messages of the open conversation that lie in the bin; each can be restored."""
        from app.views.deleted_messages_dialog import DeletedMessage, DeletedMessagesDialog

        chat = self._chat.shown
        if chat.conversation_id is None:
            return
        try:
            deleted = chat.store.binned_messages(chat.conversation_id)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        dialog = DeletedMessagesDialog(
            [DeletedMessage(one.id, one.role, one.text[:EXCERPT], one.created_at) for one in deleted], self._window
        )

        def restore(message_ids: list[str]) -> None:
            wanted = _with_parents(message_ids, deleted)
            if self._chat.keep(lambda: chat.store.restore_messages(wanted)):
                self._reload(chat)
                self.jump(message_ids[0])

        dialog.restoreRequested.connect(restore)
        dialog.open()

    def _show_leaf(self, leaf_id: str | None) -> None:
        chat = self._chat.shown
        if chat.conversation_id is not None:
            conversation_id, chat.tree.leaf_id = chat.conversation_id, leaf_id
            self._chat.keep(lambda: chat.store.set_leaf(conversation_id, leaf_id))
            self._chat.show_path()

    def _reload(self, chat: OpenChat) -> None:
        """Read a conversation anew and show it."""
        if chat.conversation_id is None or chat is not self._chat.shown:
            if not chat.is_temporary:
                self._chat.open(chat.conversation_id)
            return
        try:
            chat.tree = chat.store.tree(chat.conversation_id)
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        self._chat.show_path()


def _reworded(old: StoredMessage, text: str) -> tuple[Part, ...]:
    """The parts of another wording; thinking belongs to the old one, files stay."""
    return tuple(part for part in old.with_text(text).parts if part.kind is not PartKind.THINKING)


def _with_parents(message_ids: list[str], deleted: tuple[StoredMessage, ...]) -> list[str]:
    """These messages and the deleted ones before them, without which nobody would see them."""
    by_id = {message.id: message for message in deleted}
    wanted: dict[str, None] = {}
    for message_id in message_ids:
        at: str | None = message_id
        while at in by_id and at not in wanted:
            wanted[at] = None
            at = by_id[at].parent_id
    return [*wanted]
