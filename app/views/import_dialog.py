"""ImportDialog: choose what to import, see what it holds, watch it come in, read what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.views.conversation_list import one_line
from app.views.dialog_pages import at_end, button, column
from app.views.dialogs import ask_import_file, ask_import_folder
from app.views.known_sentences import said

PROGRESS_STEPS = 1000


@dataclass(frozen=True, slots=True)
class FoundFormat:
    """What the files of one format hold; times in seconds since 1970, `known` are here already."""

    title: str
    conversations: int
    messages: int
    known: int
    first_at: float
    last_at: float
    titles: tuple[str, ...]


class _Page(IntEnum):
    CHOOSE = 0
    WORK = 1
    PREVIEW = 2
    DONE = 3


class ImportDialog(QDialog):
    """Emits `previewRequested(path)`, `importRequested(path)`, `cancelRequested()` and `undoRequested()`."""

    previewRequested = Signal(str)
    importRequested = Signal(str)
    cancelRequested = Signal()
    undoRequested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("importDialog")
        self.setWindowTitle(self.tr("Import conversations"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.setMinimumSize(420, 300)
        self.resize(540, 460)
        self._error = self._label("dialogError")
        self._error.hide()
        self._work_title = self._label("importWork")
        self._progress = QProgressBar(self)
        self._progress.setObjectName("importProgress")
        self._progress.setAccessibleName(self.tr("Progress of the import"))
        self._progress.setTextVisible(False)
        self._found = self._label("importFound")
        self._told = self._label("importTold")
        self._preview_skipped = self._sentences("importPreviewSkipped")
        self._skipped = self._sentences("importSkipped")
        self._start = button(self, "startImport", self.tr("Import"))
        self._start.setDefault(True)
        self._undo = button(self, "undoImport", self.tr("Undo"))
        self._pages = QStackedWidget(self)
        for page in (self._choose_page(), self._work_page(), self._preview_page(), self._done_page()):
            self._pages.addWidget(page)
        whole = QVBoxLayout(self)
        whole.addWidget(self._pages)
        self._path = ""
        self._start.clicked.connect(lambda: self.importRequested.emit(self._path))
        self._undo.clicked.connect(self.undoRequested)
        self._undo.clicked.connect(self.accept)
        self.finished.connect(self._closed)

    def look_at(self, path: str) -> None:
        """Ask what a file, a folder or a zip holds."""
        self._path = path
        self._error.hide()
        self.previewRequested.emit(path)

    def show_work(self, title: str) -> None:
        """Something has begun; how far it is is not known yet."""
        self._work_title.setText(title)
        self._progress.setRange(0, 0)
        self._pages.setCurrentIndex(_Page.WORK)

    def show_progress(self, done: int, total: int) -> None:
        """How far it is, in bytes."""
        self._progress.setRange(0, PROGRESS_STEPS if total else 0)
        self._progress.setValue(PROGRESS_STEPS * done // max(total, 1))

    def show_preview(self, formats: Sequence[FoundFormat], databases: Sequence[str], skipped: Sequence[str]) -> None:
        """What an import would bring."""
        paragraphs = [self._described(one) for one in formats]
        paragraphs += [self.tr("Fireside database: {name}").format(name=name) for name in databases]
        self._found.setText("\n\n".join(paragraphs))
        _show_sentences(self._preview_skipped, skipped)
        self._pages.setCurrentIndex(_Page.PREVIEW)
        self._start.setFocus()

    def show_done(self, sentence: str, skipped: Sequence[str], *, can_undo: bool) -> None:
        """What the import brought."""
        self._told.setText(sentence)
        self._undo.setVisible(can_undo)
        _show_sentences(self._skipped, skipped)
        self._pages.setCurrentIndex(_Page.DONE)

    def show_error(self, sentence: str) -> None:
        """Nothing came of it, and why; another file can be chosen."""
        self._error.setText(said(sentence))
        self._error.show()
        self._pages.setCurrentIndex(_Page.CHOOSE)

    def choose_again(self) -> None:
        """Back to the beginning."""
        self._error.hide()
        self._pages.setCurrentIndex(_Page.CHOOSE)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome a local file or folder."""
        if self._pages.currentIndex() == _Page.CHOOSE and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look at what was dropped."""
        event.acceptProposedAction()
        self.look_at(next(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()))

    def _choose_page(self) -> QWidget:
        page = QWidget(self)
        help_text = self._label("dialogHelp")
        help_text.setText(
            self.tr(
                "From ChatGPT, Claude, Open WebUI, LM Studio, Jan, GPT4All, SillyTavern, text-generation-webui, "
                "llama.cpp, ShareGPT, messages as JSON Lines, or another Fireside. Its content tells what it is, and "
                "you see what it holds before anything is taken in."
            )
        )
        file = button(self, "chooseImportFile", self.tr("Choose a file or zip…"))
        file.clicked.connect(lambda: self._ask(ask_import_file(self)))
        folder = button(self, "chooseImportFolder", self.tr("Choose a folder…"))
        folder.clicked.connect(lambda: self._ask(ask_import_folder(self)))
        cancel = button(self, "closeImport", self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        rows = column(page)
        rows.addWidget(help_text)
        rows.addWidget(file)
        rows.addWidget(folder)
        rows.addWidget(self._error)
        rows.addStretch(1)
        rows.addLayout(at_end(cancel))
        return page

    def _work_page(self) -> QWidget:
        page = QWidget(self)
        stop = button(self, "cancelImport", self.tr("Stop"))
        stop.clicked.connect(self.cancelRequested)
        rows = column(page)
        rows.addWidget(self._work_title)
        rows.addWidget(self._progress)
        rows.addStretch(1)
        rows.addLayout(at_end(stop))
        return page

    def _preview_page(self) -> QWidget:
        page = QWidget(self)
        back = button(self, "importBack", self.tr("Choose another…"))
        back.clicked.connect(self.choose_again)
        rows = column(page)
        scrolled = QScrollArea(page)
        scrolled.setObjectName("importPreview")
        scrolled.setAccessibleName(self.tr("What the file holds"))
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setWidgetResizable(True)
        scrolled.setWidget(self._found)
        self._found.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(scrolled, 3)
        rows.addWidget(self._preview_skipped, 1)
        rows.addLayout(at_end(back, self._start))
        return page

    def _done_page(self) -> QWidget:
        page = QWidget(self)
        done = button(self, "importDone", self.tr("Done"))
        done.clicked.connect(self.accept)
        rows = column(page)
        rows.addWidget(self._told)
        rows.addWidget(self._skipped, 1)
        rows.addStretch(0)
        rows.addLayout(at_end(self._undo, done))
        return page

    def _described(self, one: FoundFormat) -> str:
        first, last = (_day(moment) for moment in (one.first_at, one.last_at))
        found = (
            self.tr("{format}, {first}. Chats: {conversations}. Messages: {messages}.")
            if first == last
            else self.tr("{format}, {first} to {last}. Chats: {conversations}. Messages: {messages}.")
        )
        lines = [
            found.format(
                format=one.title, conversations=one.conversations, messages=one.messages, first=first, last=last
            )
        ]
        if one.known:
            lines.append(self.tr("%n of them are here already and get what is new.", "", one.known))
        lines += [f"•  {one_line(title)}" for title in one.titles]
        if one.conversations > len(one.titles):
            lines.append("•  …")
        return "\n".join(lines)

    def _ask(self, path: str | None) -> None:
        if path is not None:
            self.look_at(path)

    def _closed(self) -> None:
        if self._pages.currentIndex() == _Page.WORK:
            self.cancelRequested.emit()

    def _label(self, object_name: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(object_name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _sentences(self, object_name: str) -> QPlainTextEdit:
        field = QPlainTextEdit(self)
        field.setObjectName(object_name)
        field.setAccessibleName(self.tr("What is left out, and why"))
        field.setReadOnly(True)
        field.setTabChangesFocus(True)
        return field


def _show_sentences(field: QPlainTextEdit, sentences: Sequence[str]) -> None:
    field.setPlainText("\n".join(map(said, sentences)))
    field.setVisible(bool(sentences))


def _day(moment: float) -> str:
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(moment)).date(), QLocale.FormatType.ShortFormat)
