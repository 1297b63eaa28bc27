"""AttachingController: files beside a message: chosen, dropped or pasted, read in the background, shown, removed.

One file is read at a time. Its bytes are in the store before its chip says that it is ready.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLocale, QObject

from app.controllers.background import Background, Control, Job
from app.controllers.chat import ChatController
from app.controllers.composition import AttachedItem, Composition
from app.controllers.writing import WritingController
from app.core.attached_files import PLAIN_TEXT, AttachedFile, attached_file, read_attached
from app.core.conversation import Part, PartKind
from app.core.store import Store, StoreError
from app.views.dialogs import ask_files
from app.views.file_chips import ChipState, FileChip
from app.views.known_sentences import said
from app.views.language import in_every_language
from app.views.main_window import MainWindow

MOST_FILES = 20  # beside one message

Read = Callable[[Control], AttachedFile]


@dataclass(frozen=True, slots=True)
class _Waiting:
    composition: Composition
    item: AttachedItem
    read: Read


class AttachingController(QObject):
    """Fills the open chat's `Composition.files`, also when another chat is opened meanwhile."""

    def __init__(
        self, background: Background, chat: ChatController, writing: WritingController, window: MainWindow
    ) -> None:
        super().__init__()
        self._background, self._chat, self._writing, self._window = background, chat, writing, window
        self._waiting: deque[_Waiting] = deque()
        self._reading: tuple[AttachedItem, Job] | None = None
        composer = window.composer
        window.action.attach.triggered.connect(self.ask)
        composer.attach_button.clicked.connect(self.ask)
        composer.filesPasted.connect(self.attach)
        composer.longTextPasted.connect(self.attach_text)
        composer.picturePasted.connect(self.attach_picture)
        composer.files.removed.connect(self.remove)
        composer.files.opened.connect(self._show_item)
        window.transcript.fileOpened.connect(self._show_sent)
        writing.changed.connect(self._show_chips)
        in_every_language(composer, self._show_chips)

    def ask(self) -> None:
        """Ask which files, and attach them."""
        self.attach(ask_files(self._window))

    def attach(self, paths: list[str]) -> None:
        """Read files and put them beside what is being written."""
        for name in paths:
            path = Path(name)
            self._add(path.name, partial(_read, path))

    def attach_text(self, text: str) -> None:
        """Put a long text that was pasted beside the message, and offer to write it into it instead."""
        name = self.tr("Pasted text") + ".txt"
        composition = self._writing.current
        item = self._add_bytes(name, text.encode("utf-8", "replace"))
        if item is None:
            return

        def as_text() -> None:
            if item in composition.files and composition is self._writing.current:
                self.remove(item.id)
                self._window.composer.insert_text(text)

        self._window.message_bar.show_notice(
            self.tr("The long text that you pasted is attached as a file."),
            action=self.tr("As text"),
            on_action=as_text,
        )

    def attach_picture(self, png: bytes) -> None:
        """Put a picture that was pasted beside the message."""
        self._add_bytes(self.tr("Pasted picture") + ".png", png)

    def remove(self, identifier: str) -> None:
        """Take a file away from what is being written."""
        files = self._writing.current.files
        item = next((one for one in files if one.id == identifier), None)
        if item is None:
            return
        files.remove(item)
        if self._reading is not None and self._reading[0] is item:
            self._reading[1].cancel()
        self._writing.tell_changed()

    def _add_bytes(self, name: str, data: bytes) -> AttachedItem | None:
        return self._add(name, lambda control: attached_file(data, name, cancelled=control.is_cancelled))

    def _add(self, name: str, read: Read) -> AttachedItem | None:
        composition = self._writing.current
        if len(composition.files) >= MOST_FILES:
            told = self.tr("A message holds %n file(s) at most; “{name}” was left out.", "", MOST_FILES)
            self._window.message_bar.show_error(told.format(name=name))
            return None
        item = AttachedItem(name)
        composition.files.append(item)
        self._waiting.append(_Waiting(composition, item, read))
        self._writing.tell_changed()
        self._read_next()
        return item

    def _read_next(self) -> None:
        if self._reading is not None or not self._waiting:
            return
        waiting = self._waiting.popleft()
        composition, item = waiting.composition, waiting.item
        if item not in composition.files:
            self._read_next()
            return
        job = (
            self._background.start(waiting.read, name="attach")
            if composition.store is not self._chat.store
            else self._background.start_on_store(
                lambda store, control: _kept(store, waiting.read(control)), name="attach"
            )
        )
        self._reading = (item, job)
        job.succeeded.connect(lambda file: self._received(waiting, file))
        job.failed.connect(lambda sentence: self._refused(waiting, sentence))
        job.ended.connect(self._ended)

    def _received(self, waiting: _Waiting, file: AttachedFile | tuple[AttachedFile, Part]) -> None:
        item = waiting.item
        if isinstance(file, AttachedFile):  # of a temporary chat, whose store lies in this thread's memory
            try:
                file = _kept(waiting.composition.store, file)
            except StoreError as error:
                self._refused(waiting, str(error))
                return
        read, item.part = file
        item.size_bytes = len(read.data)
        if read.pages:
            item.left_out = self.tr("the first {read} of {pages} pages").format(
                read=QLocale().toString(read.pages_read), pages=QLocale().toString(read.pages)
            )
        self._writing.tell_changed(waiting.composition)

    def _refused(self, waiting: _Waiting, sentence: str) -> None:
        waiting.item.problem = sentence
        self._writing.tell_changed(waiting.composition)

    def _ended(self) -> None:
        self._reading = None
        self._read_next()

    def _show_chips(self) -> None:
        self._window.composer.show_files(tuple(map(self._chip, self._writing.current.files)))

    def _chip(self, item: AttachedItem) -> FileChip:
        if item.problem is not None:
            return FileChip(item.id, item.name, said(item.problem), ChipState.REFUSED)
        if item.part is None:
            return FileChip(item.id, item.name, self.tr("being read…"), ChipState.READING)
        is_picture = item.part.kind is PartKind.IMAGE
        details = [] if item.size_bytes is None else [QLocale().formattedDataSize(item.size_bytes, 1)]
        if is_picture:
            details.append(self.tr("not seen by the model"))
        elif item.tokens is not None:
            details.append(self.tr("%Ln token(s)", "", item.tokens))
        if item.left_out is not None:
            details.append(item.left_out)
        return FileChip(item.id, item.name, " · ".join(details), ChipState.READY, is_picture)

    def _show_item(self, identifier: str) -> None:
        item = next((one for one in self._writing.current.files if one.id == identifier), None)
        if item is not None and item.part is not None:
            self._show_part(self._writing.current.store, item.part)

    def _show_sent(self, message_id: str, number: int) -> None:
        chat = self._chat.shown
        if message_id in chat.tree:
            files = chat.tree.get(message_id).files
            if number < len(files):
                self._show_part(chat.store, files[number])

    def _show_part(self, store: Store, part: Part) -> None:
        from app.views.file_dialog import FileDialog

        picture = None
        if part.kind is PartKind.IMAGE and part.sha256 is not None:
            try:
                picture = store.attachment_data(part.sha256)
            except StoreError as error:
                self._window.message_bar.show_error(str(error))
                return
        FileDialog(part.name or part.media_type, part.text, picture, self._window).open()


def _read(path: Path, control: Control) -> AttachedFile:
    return read_attached(path, cancelled=control.is_cancelled)


def _kept(store: Store, file: AttachedFile) -> tuple[AttachedFile, Part]:
    """Keep a file's bytes; the file and the part of a message that shows it."""
    kept = store.add_attachment(file.data, name=file.name, media_type=file.media_type or PLAIN_TEXT)
    return file, file.part(kept.sha256)
