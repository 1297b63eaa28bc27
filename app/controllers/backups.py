"""BackupsController: one file with everything in it, taking it back, and rescuing a damaged database."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.background import Background
from app.controllers.conversations import ConversationsController
from app.core.files import safe_file_name
from app.core.imported import ImportOutcome
from app.views.dialogs import ask_backup_file, ask_new_file, confirm_replacing
from app.views.main_window import MainWindow


class BackupsController(QObject):
    """Works beside the window's thread; the result stands in the message bar."""

    def __init__(
        self,
        background: Background,
        conversations: ConversationsController,
        window: MainWindow,
    ) -> None:
        super().__init__()
        self._background = background
        self._conversations, self._window = conversations, window
        window.action.backup.triggered.connect(self.back_up)
        window.action.restore.triggered.connect(self.restore)

    def back_up(self) -> None:
        """Ask for a file and write everything to it."""
        name = safe_file_name(time.strftime("Fireside %Y-%m-%d"), "sqlite3")
        path = ask_new_file(
            self._window, self.tr("Back up all conversations"), Path.home() / name, self.tr("Backups (*.sqlite3)")
        )
        if path is None or (path.exists() and not confirm_replacing(self._window, path.name)):
            return
        self._window.message_bar.show_notice(self.tr("Backing up…"))
        job = self._background.start_on_store(lambda store, _control: store.backup(path), name="backup")
        job.failed.connect(self._window.message_bar.show_error)
        told = self.tr("Everything is in “{name}”.").format(name=path.name)
        job.succeeded.connect(lambda _nothing: self._window.message_bar.show_notice(told))

    def restore(self) -> None:
        """Ask for a backup and take in what is not here; nothing here is changed or removed."""
        path = ask_backup_file(self._window)
        if path is None:
            return
        self._window.message_bar.show_notice(self.tr("Taking the backup back…"))
        job = self._background.start_on_store(lambda store, _control: store.merge_from(path), name="restore")
        job.failed.connect(self._window.message_bar.show_error)
        job.succeeded.connect(self._restored)

    def offer_rescue(self, sentence: str, damaged: Path) -> None:
        """Tell that the conversations were damaged, and offer to write what can be read of them."""
        self._window.message_bar.show_error(
            sentence, action=self.tr("Save a rescue export…"), on_action=lambda: self._rescue(damaged)
        )

    def _rescue(self, damaged: Path) -> None:
        from app.core.rescuing import export_rescued
        from app.export_formats import EXPORTERS

        exporter = next(one for one in EXPORTERS if one.name == "json")
        name = safe_file_name(time.strftime("Fireside rescue %Y-%m-%d"), exporter.ending)
        title = self.tr("Save a rescue export")
        output = ask_new_file(self._window, title, Path.home() / name, "Fireside JSON (*.json)")
        if output is None:
            return
        replace = output.exists()
        if replace and not confirm_replacing(self._window, output.name):
            return
        self._window.message_bar.show_notice(self.tr("Reading what is left…"))
        job = self._background.start(
            lambda _control: export_rescued(damaged, exporter, output, replace=replace), name="rescue"
        )
        job.failed.connect(self._window.message_bar.show_error)
        job.succeeded.connect(lambda found: self._rescued(output, *found))

    def _rescued(self, output: Path, outcome: ImportOutcome, unreadable_rows: int) -> None:
        told = self.tr(
            "“{name}” holds what could be read; Import… takes it in. "
            "Chats: {chats}. Messages: {messages}. Unreadable rows: {lost}."
        ).format(chats=outcome.added, messages=outcome.messages, name=output.name, lost=unreadable_rows)
        self._window.message_bar.show_notice(told)

    def _restored(self, outcome: ImportOutcome) -> None:
        self._conversations.refresh()

        def undo() -> None:
            job = self._background.start_on_store(
                lambda store, _control: store.undo_import(outcome.import_id), name="undo restore"
            )
            job.failed.connect(self._window.message_bar.show_error)
            job.ended.connect(self._conversations.leave_what_is_gone)

        told = self.tr("Chats added: {added}. With messages back: {merged}. Here already: {unchanged}.")
        self._window.message_bar.show_notice(
            told.format(added=outcome.added, merged=outcome.merged, unchanged=outcome.unchanged),
            action=self.tr("Undo") if outcome.added or outcome.merged else None,
            on_action=undo,
        )
