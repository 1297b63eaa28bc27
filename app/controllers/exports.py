"""ExportsController: asks what to export and where, and writes it beside the window's thread.

A chat that the store does not have (a temporary one, or one that cannot be saved) is exported from memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from shiboken6 import isValid

from app.controllers.background import Background, Control, Job
from app.controllers.chat import ChatController
from app.core.catalogue import Conversation, Folder
from app.core.conversation import MessageTree, title_of
from app.core.store import Store, StoreError
from app.views.dialogs import confirm_replacing
from app.views.main_window import MainWindow

if TYPE_CHECKING:
    from app.core.exporters import Exporter
    from app.core.exporting import How
    from app.views.export_dialog import ExportChoice, ExportDialog, ExportScope

_Start = Callable[["ExportChoice", bool], Job]  # with the choice, and whether a file may be replaced


class ExportsController(QObject):
    """One dialog at a time."""

    def __init__(self, store: Store, background: Background, chat: ChatController, window: MainWindow) -> None:
        super().__init__()
        self._store, self._background = store, background
        self._chat, self._window = chat, window
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.DocumentsLocation)
        self._folder = next(filter(Path.is_dir, map(Path, places)), Path.home())
        window.action.export.triggered.connect(self.export_shown)
        window.sidebar.menus.exportRequested.connect(self.export_chats)
        window.sidebar.menus.folderExportRequested.connect(self.export_folder)
        chat.saveFailed.connect(self.offer_rescue)

    def export_shown(self) -> None:
        """Export the open chat, or everything."""
        chat = self._chat.shown
        if chat.conversation_id is None:
            self._ask([])
        elif chat.is_temporary:
            self._ask_for_shown()
        else:
            self.export_chats([chat.conversation_id])

    def export_chats(self, ids: list[str]) -> None:
        """Export these chats, or everything."""
        from app.core.exporting import JOINT_NAME
        from app.views.export_dialog import ExportScope

        try:
            name = self._store.conversation(ids[0]).title if len(ids) == 1 else JOINT_NAME
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        title = self.tr("This chat") if len(ids) == 1 else self.tr("%n selected chat(s)", "", len(ids))
        self._ask([(ExportScope("chats", title, name, len(ids)), ids)])

    def export_folder(self, folder_id: str) -> None:
        """Export the chats of a folder and of those inside it."""
        from app.views.export_dialog import ExportScope

        try:
            folders = {folder.id: folder for folder in self._store.folders()}
            inside = _inside(folder_id, folders)
            ids = [one.id for one in self._store.conversations() if one.folder_id in inside]
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        name = folders[folder_id].name
        title = self.tr("The folder “{name}”").format(name=name)
        self._ask([(ExportScope("folder", title, name, len(ids)), ids)] if ids else [])

    def offer_rescue(self, sentence: str) -> None:
        """Tell that something was not saved, and offer to export the open chat from memory."""
        has_text = len(self._chat.shown.tree) > 0
        self._window.message_bar.show_error(
            sentence,
            action=self.tr("Export this chat…") if has_text else None,
            on_action=self._ask_for_shown if has_text else None,
        )

    def _ask_for_shown(self) -> None:
        """Export what the window shows, whatever the store has of it."""
        from app.core.exporters import ExportedConversation
        from app.core.exporting import write_conversations
        from app.views.export_dialog import ExportScope

        shown = self._chat.shown
        messages = tuple(shown.tree)
        now = time.time()
        title = title_of(messages[0].text) if messages else ""
        header = Conversation(shown.conversation_id or "", title, messages[0].created_at if messages else now, now)
        tree = MessageTree(messages, leaf_id=shown.tree.leaf_id)  # the other one changes on this thread
        exported = ExportedConversation(header, tree)

        def start(choice: ExportChoice, replace: bool) -> Job:
            def write(control: Control) -> Path:
                with _told(choice.output):
                    how = _how(choice, replace, control)
                    return write_conversations([exported], 1, _exporter(choice), choice.output, **how)

            return self._background.start(write, name="export")

        self._open_dialog([ExportScope("shown", self.tr("This chat"), title, 1)], start)

    def _ask(self, scopes: Sequence[tuple[ExportScope, Sequence[str]]]) -> None:
        from app.core.exporting import JOINT_NAME, export
        from app.views.export_dialog import ExportScope

        try:
            everything = [one.id for one in self._store.conversations()]
        except StoreError as error:
            self._window.message_bar.show_error(str(error))
            return
        if not everything:
            self._window.message_bar.show_notice(self.tr("There is no conversation to export yet."))
            return
        title = self.tr("All %n chat(s)", "", len(everything))
        offered = [*scopes, (ExportScope("all", title, JOINT_NAME, len(everything)), everything)]
        ids_of = {scope.key: ids for scope, ids in offered}

        def start(choice: ExportChoice, replace: bool) -> Job:
            def write(store: Store, control: Control) -> Path:
                ids = ids_of[choice.scope_key]
                with _told(choice.output):
                    how = _how(choice, replace, control)
                    return export(store, ids, _exporter(choice), choice.output, **how)

            return self._background.start_on_store(write, name="export")

        self._open_dialog([scope for scope, _ in offered], start)

    def _open_dialog(self, scopes: list[ExportScope], start: _Start) -> None:
        from app.export_formats import EXPORTERS
        from app.views.export_dialog import ExportDialog, ExportFormat

        formats = [ExportFormat(one.name, one.title, one.ending, one.is_joint, one.is_whole) for one in EXPORTERS]
        dialog = ExportDialog(formats, scopes, self._folder, self._window)
        dialog.exportRequested.connect(lambda choice: self._run(dialog, choice, start))
        dialog.open()

    def _run(self, dialog: ExportDialog, choice: ExportChoice, start: _Start) -> None:
        replace = choice.output.is_file()
        if replace and not confirm_replacing(dialog, choice.output.name):
            return
        job = start(choice, replace)
        dialog.show_progress(0, 0)
        dialog.cancelRequested.connect(job.cancel)
        job.progressed.connect(dialog.show_progress)
        job.failed.connect(dialog.show_error)
        job.succeeded.connect(lambda path: self._done(dialog, path))

    def _done(self, dialog: ExportDialog, path: Path) -> None:
        self._folder = path.parent
        sentence = self.tr("Exported to “{name}”.").format(name=path.name)
        if isValid(dialog):
            dialog.showInFolderRequested.connect(lambda: _show_in_folder(path))
            dialog.show_done(sentence)
        self._window.message_bar.show_notice(
            sentence, action=self.tr("Show in folder"), on_action=lambda: _show_in_folder(path)
        )


def _exporter(choice: ExportChoice) -> Exporter:
    from app.export_formats import EXPORTERS

    return next(one for one in EXPORTERS if one.name == choice.format_name)


def _how(choice: ExportChoice, replace: bool, control: Control) -> How:
    return {
        "options": choice.options,
        "replace": replace,
        "progress": control.progress,
        "cancelled": control.is_cancelled,
    }


@contextmanager
def _told(output: Path) -> Iterator[None]:
    """Turn what the system refuses into a sentence."""
    from app.core.exporting import ExportError

    try:
        yield
    except OSError as error:
        raise ExportError(
            f"“{output.name}” cannot be written in {output.parent}: {error.strerror or error}; "
            "choose another place, or free some space."
        ) from error


def _inside(folder_id: str, folders: dict[str, Folder]) -> set[str]:
    """A folder and all below it."""
    inside = {folder_id}
    while more := {one.id for one in folders.values() if one.parent_id in inside} - inside:
        inside |= more
    return inside


def _show_in_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path if path.is_dir() else path.parent)))
