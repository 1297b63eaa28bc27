"""ImportsController: previews and imports conversations of other programs beside the window's thread, with undo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from shiboken6 import isValid

from app.controllers.background import Background, Control, Job, StoreWork
from app.controllers.conversations import ConversationsController
from app.core.store import Store
from app.views.main_window import MainWindow

if TYPE_CHECKING:
    from app.core.importing import ImportPreview, ImportReport
    from app.views.import_dialog import ImportDialog


class ImportsController(QObject):
    """One dialog at a time."""

    def __init__(
        self,
        background: Background,
        conversations: ConversationsController,
        window: MainWindow,
    ) -> None:
        super().__init__()
        self._background = background
        self._conversations, self._window = conversations, window
        window.action.import_.triggered.connect(self.show_dialog)
        window.sidebar.importRequested.connect(self.show_dialog)

    def show_dialog(self) -> ImportDialog:
        """Ask what to import."""
        from app.views.import_dialog import ImportDialog

        dialog = ImportDialog(self._window)
        dialog.previewRequested.connect(lambda chosen: self._preview(dialog, Path(chosen)))
        dialog.importRequested.connect(lambda chosen: self._import(dialog, Path(chosen)))
        dialog.open()
        return dialog

    def look_at(self, path: str) -> None:
        """Show what a dropped file or folder holds, and ask."""
        self.show_dialog().look_at(path)

    def _preview(self, dialog: ImportDialog, path: Path) -> None:
        def look(store: Store, control: Control) -> ImportPreview | None:
            from app.core.importing import preview_import

            return preview_import(path, store, progress=control.progress, cancelled=control.is_cancelled)

        job = self._run(dialog, look, self.tr("Looking at “{name}”…").format(name=path.name))
        job.succeeded.connect(lambda preview: self._show_preview(dialog, preview))

    def _show_preview(self, dialog: ImportDialog, preview: ImportPreview | None) -> None:
        from app.views.import_dialog import FoundFormat

        if not isValid(dialog):
            return  # it was closed meanwhile
        if preview is None:
            dialog.choose_again()
            return
        found = [
            FoundFormat(one.title, one.conversations, one.messages, one.known, one.first_at, one.last_at, one.titles)
            for one in preview.formats
        ]
        dialog.show_preview(found, preview.databases, preview.skipped)

    def _import(self, dialog: ImportDialog, path: Path) -> None:
        def take_in(store: Store, control: Control) -> ImportReport:
            from app.core.importing import run_import

            return run_import(path, store, progress=control.progress, cancelled=control.is_cancelled)

        job = self._run(dialog, take_in, self.tr("Importing “{name}”…").format(name=path.name))
        job.succeeded.connect(lambda report: self._show_report(dialog, report))
        job.ended.connect(self._conversations.refresh)

    def _run(self, dialog: ImportDialog, work: StoreWork, title: str) -> Job:
        job = self._background.start_on_store(work, name="import")
        dialog.show_work(title)
        dialog.cancelRequested.connect(job.cancel)
        job.progressed.connect(dialog.show_progress)
        job.failed.connect(dialog.show_error)
        return job

    def _show_report(self, dialog: ImportDialog, report: ImportReport) -> None:
        if report.was_cancelled:
            stopped = self.tr("The import was stopped; nothing was taken in.")
            self._window.message_bar.show_notice(stopped)
            if isValid(dialog):
                dialog.show_done(stopped, (), can_undo=False)
            return
        outcomes = [outcome for _, outcome in report.outcomes]
        sentence = self.tr("Chats added: {added}. With new messages: {merged}. Here already: {unchanged}.").format(
            added=sum(one.added for one in outcomes),
            merged=sum(one.merged for one in outcomes),
            unchanged=sum(one.unchanged for one in outcomes),
        )
        skipped = [*report.skipped, *(one for outcome in outcomes for one in outcome.skipped)]
        if skipped:
            sentence = self.tr("{sentence} Left out: {count}.").format(sentence=sentence, count=len(skipped))
        can_undo = any(one.added or one.merged for one in outcomes)

        def undo() -> None:
            job = self._background.start_on_store(lambda store, _control: report.undo(store), name="undo import")
            told = self.tr("The import was taken out again.")
            job.failed.connect(self._window.message_bar.show_error)
            job.succeeded.connect(lambda _nothing: self._window.message_bar.show_notice(told))
            job.ended.connect(self._conversations.leave_what_is_gone)

        if isValid(dialog):
            dialog.undoRequested.connect(undo)
            dialog.show_done(sentence, skipped, can_undo=can_undo)
        self._window.message_bar.show_notice(
            sentence,
            action=self.tr("Undo") if can_undo else None,
            on_action=undo if can_undo else None,
        )
