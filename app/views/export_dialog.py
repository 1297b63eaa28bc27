"""ExportDialog: what of which chats to write, how and where; then how far it is, and where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.exporters import Branches, ExportOptions
from app.core.files import safe_file_name
from app.views.dialog_pages import at_end, button, column
from app.views.dialogs import ask_folder, ask_new_file
from app.views.known_sentences import said

WIDTH = 440  # pixels, when the texts need no more


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format as the dialog offers it; see `app.core.exporters.exporter.Exporter`."""

    name: str
    title: str
    ending: str
    is_joint: bool
    is_whole: bool


@dataclass(frozen=True, slots=True)
class ExportScope:
    """Which chats: `title` for the person, `name` for the file, and how many they are."""

    key: str
    title: str
    name: str
    chats: int


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What was chosen. `output` is a file, a folder or a zip."""

    format_name: str
    scope_key: str
    options: ExportOptions
    output: Path


class ExportDialog(QDialog):
    """Emits `exportRequested(ExportChoice)`, `cancelRequested()` and `showInFolderRequested()`."""

    exportRequested = Signal(object)
    cancelRequested = Signal()
    showInFolderRequested = Signal()

    def __init__(
        self, formats: Sequence[ExportFormat], scopes: Sequence[ExportScope], folder: Path, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setWindowTitle(self.tr("Export"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._formats, self._scopes, self._folder = list(formats), list(scopes), folder
        self._was_chosen = False
        self._format = self._choice("exportFormat", [said(one.title) for one in formats])
        self._scope = self._choice("exportScope", [one.title for one in scopes])
        self._branches = self._choice("exportBranches", [self.tr("The path that is shown"), self.tr("All versions")])
        self._thinking = self._check("exportThinking", self.tr("Thinking"), is_on=True)
        self._settings = self._check("exportSettings", self.tr("Model, settings and timings"), is_on=False)
        self._attachments = self._check("exportAttachments", self.tr("Attached files"), is_on=True)
        self._zip = self._check("exportZip", self.tr("Pack into one zip file"), is_on=False)
        self._output = QLineEdit(self)
        self._output.setObjectName("exportOutput")
        self._output.setAccessibleName(self.tr("Where to"))
        self._browse = QPushButton(self.tr("Choose…"), self)
        self._browse.setObjectName("exportBrowse")
        self._browse.setAutoDefault(False)
        self._error = QLabel(self)
        self._error.setObjectName("dialogError")
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setWordWrap(True)
        self._error.hide()
        self._progress = QProgressBar(self)
        self._progress.setObjectName("exportProgress")
        self._progress.setAccessibleName(self.tr("Exporting"))
        self._progress.setTextVisible(False)
        self._told = QLabel(self)
        self._told.setObjectName("exportTold")
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self._told.setWordWrap(True)
        self._pages = QStackedWidget(self)
        for page in (self._choosing_page(), self._running_page(), self._done_page()):
            self._pages.addWidget(page)
        whole = QVBoxLayout(self)
        whole.addWidget(self._pages)
        self._format.currentIndexChanged.connect(self._chosen)
        self._scope.currentIndexChanged.connect(self._chosen)
        self._zip.toggled.connect(self._chosen)
        self._output.textEdited.connect(self._named)
        self._browse.clicked.connect(self._ask_output)
        self.finished.connect(self._closed)
        self._chosen()
        self.resize(self.sizeHint().expandedTo(QSize(WIDTH, 0)))

    def show_progress(self, done: int, total: int) -> None:
        """How many chats are written."""
        self._error.hide()
        self._pages.setCurrentIndex(1)
        self._progress.setRange(0, total)
        self._progress.setValue(done)

    def show_done(self, sentence: str) -> None:
        """It is written."""
        self._told.setText(sentence)
        self._pages.setCurrentIndex(2)

    def show_error(self, sentence: str) -> None:
        """It is not written, and why; the choices are still there."""
        self._error.setText(said(sentence))
        self._error.show()
        self._pages.setCurrentIndex(0)

    def _choosing_page(self) -> QWidget:
        page = QWidget(self)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Which chats"), self._scope)
        form.addRow(self.tr("Format"), self._format)
        form.addRow(self.tr("Of each chat"), self._branches)
        checks = QVBoxLayout()
        for check in (self._thinking, self._settings, self._attachments, self._zip):
            checks.addWidget(check)
        form.addRow(self.tr("With"), checks)
        place = QHBoxLayout()
        place.addWidget(self._output, 1)
        place.addWidget(self._browse)
        form.addRow(self.tr("Where to"), place)
        go = button(self, "startExport", self.tr("Export"))
        go.setDefault(True)
        go.clicked.connect(self._request)
        cancel = button(self, "closeExport", self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        rows = column(page)
        rows.addLayout(form)
        rows.addWidget(self._error)
        rows.addStretch(1)
        rows.addLayout(at_end(cancel, go))
        return page

    def _running_page(self) -> QWidget:
        page = QWidget(self)
        stop = button(self, "cancelExport", self.tr("Stop"))
        stop.clicked.connect(self.cancelRequested)
        rows = column(page)
        rows.addWidget(QLabel(self.tr("Writing…"), page))
        rows.addWidget(self._progress)
        rows.addStretch(1)
        rows.addLayout(at_end(stop))
        return page

    def _done_page(self) -> QWidget:
        page = QWidget(self)
        show = button(self, "showInFolder", self.tr("Show in folder"))
        show.clicked.connect(self.showInFolderRequested)
        done = button(self, "exportDone", self.tr("Done"))
        done.clicked.connect(self.accept)
        rows = column(page)
        rows.addWidget(self._told)
        rows.addStretch(1)
        rows.addLayout(at_end(show, done))
        return page

    def _chosen(self) -> None:
        """Offer what the format can hold, and name the file after the chats until a person names it."""
        form, scope = self._formats[self._format.currentIndex()], self._scopes[self._scope.currentIndex()]
        for control in (self._branches, self._thinking, self._settings):
            control.setEnabled(not form.is_whole)
        is_one_file = form.is_joint or scope.chats == 1
        if not self._was_chosen:
            self._output.setText(str(self._folder / self._proposed_name(form, scope, is_one_file=is_one_file)))

    def _proposed_name(self, form: ExportFormat, scope: ExportScope, *, is_one_file: bool) -> str:
        if self._zip.isChecked():
            return safe_file_name(scope.name, "zip")
        name = safe_file_name(scope.name, form.ending)
        return name if is_one_file else name.removesuffix(f".{form.ending}")

    def _named(self, _text: str) -> None:
        self._was_chosen = True

    def _ask_output(self) -> None:
        form, scope = self._formats[self._format.currentIndex()], self._scopes[self._scope.currentIndex()]
        now = Path(self._output.text())
        if self._zip.isChecked():
            chosen = ask_new_file(self, self.tr("Export"), now, "Zip (*.zip)")
        elif form.is_joint or scope.chats == 1:
            chosen = ask_new_file(self, self.tr("Export"), now, f"{form.title} (*.{form.ending})")
        else:
            chosen = ask_folder(self, self.tr("Export into a folder"), now.parent)
        if chosen is not None:
            self._was_chosen = True
            self._output.setText(str(chosen))

    def _request(self) -> None:
        text = self._output.text().strip()
        if not text:
            self.show_error(self.tr("Name a file or a folder to write to."))
            return
        form, scope = self._formats[self._format.currentIndex()], self._scopes[self._scope.currentIndex()]
        output = Path(text).expanduser()
        if self._zip.isChecked() and output.suffix.lower() != ".zip":
            output = output.with_name(f"{output.name}.zip")
        elif (form.is_joint or scope.chats == 1) and not output.suffix and not output.is_dir():
            output = output.with_name(f"{output.name}.{form.ending}")
        self._error.hide()
        self.exportRequested.emit(ExportChoice(form.name, scope.key, self._options(form), output))

    def _options(self, form: ExportFormat) -> ExportOptions:
        if form.is_whole:
            return ExportOptions(Branches.TREE, settings=True, attachments=self._attachments.isChecked())
        return ExportOptions(
            Branches.TREE if self._branches.currentIndex() else Branches.PATH,
            thinking=self._thinking.isChecked(),
            settings=self._settings.isChecked(),
            attachments=self._attachments.isChecked(),
        )

    def _closed(self) -> None:
        if self._pages.currentIndex() == 1:
            self.cancelRequested.emit()

    def _choice(self, object_name: str, titles: Sequence[str]) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(object_name)
        box.addItems(list(titles))
        return box

    def _check(self, object_name: str, title: str, *, is_on: bool) -> QCheckBox:
        box = QCheckBox(title, self)
        box.setObjectName(object_name)
        box.setChecked(is_on)
        return box
