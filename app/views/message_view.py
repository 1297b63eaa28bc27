"""What both kinds of message have: a body, the actions and a note below it, an editor, and a line above it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, tinted_icon
from app.views.blocks import CopyButton
from app.views.file_chips import FileChip, FileChips
from app.views.message_editor import MessageEditor

FLASH_MS = 1600  # how long a message that was jumped to stays marked


@dataclass(frozen=True, slots=True)
class ShownImage:
    """A picture that belongs to a message; `read` gives its file's bytes and may raise `FiresideError`."""

    name: str
    media_type: str
    sha256: str
    read: Callable[[], bytes] = field(compare=False)


@dataclass(frozen=True, slots=True)
class TranscriptMessage:
    """What is shown of one message. `note` is a small sentence below it; `version` counts from 1.

    `thought_s` is how long the thinking took, `files` are the chips of what belongs to the message, by their number,
    and `images` those of them that can be drawn. The model reads a conversation from the message that
    `is_first_read`.
    """

    id: str
    role: str
    text: str
    note: str | None = None
    version: int = 1
    versions: int = 1
    is_streaming: bool = False
    thinking: str = ""
    thought_s: float | None = None
    files: tuple[FileChip, ...] = ()
    images: tuple[ShownImage, ...] = ()
    can_continue: bool = False
    is_first_read: bool = False


class MessageView(QWidget):
    """Base of both kinds of message."""

    regenerateRequested = Signal(str)
    continueRequested = Signal(str)
    editRequested = Signal(str, str)
    continueEditedRequested = Signal(str, str)
    branchRequested = Signal(str)
    deleteRequested = Signal(str)
    versionRequested = Signal(str, int)
    fileOpened = Signal(str, int)

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.message, self.theme = message, theme
        self._marker = QLabel(self.tr("The context is full: the model reads from here on"), self)
        self._marker.setObjectName("contextMarker")
        self._marker.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._files = FileChips(self, can_remove=False, at_end=message.role == "user")
        self._files.apply_theme(theme)
        self._files.opened.connect(lambda number: self.fileOpened.emit(self.message.id, int(number)))
        self.note = QLabel(self)
        self.note.setObjectName("messageNote")
        for label in (self._marker, self.note):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        self._editor: MessageEditor | None = None
        self.copy_button = CopyButton(self.plain_text, theme, self)
        self._icons: dict[QToolButton, str] = {}
        self._previous = self.button("previousVersion", "chevron-left", self.tr("Previous version"))
        self._next = self.button("nextVersion", "chevron-right", self.tr("Next version"))
        self._version = QLabel(self)
        self._version.setObjectName("versionLabel")
        self.edit_button = self.button("editButton", "edit", self.tr("Edit"))
        self.branch_button = self.button("branchButton", "branch", self.tr("Branch into a new chat"))
        self.delete_button = self.button("deleteMessageButton", "delete", self.tr("Delete"))
        self.action_row = QHBoxLayout()
        self.action_row.setSpacing(0)
        self.action_row.setContentsMargins(-4, 0, -4, 0)
        for part in (self._previous, self._version, self._next, self.copy_button):
            self.action_row.addWidget(part)
        self._previous.clicked.connect(lambda: self._ask_version(-1))
        self._next.clicked.connect(lambda: self._ask_version(1))
        self.edit_button.clicked.connect(self.begin_edit)
        self.branch_button.clicked.connect(lambda: self.branchRequested.emit(self.message.id))
        self.delete_button.clicked.connect(lambda: self.deleteRequested.emit(self.message.id))
        self._flash_end = QTimer(self)
        self._flash_end.setSingleShot(True)
        self._flash_end.setInterval(FLASH_MS)
        self._flash_end.timeout.connect(lambda: self._show_flash(False))

    def finish_layout(self) -> None:
        """Put line, body, files, note and actions below each other."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._marker)
        column.addLayout(self.body)
        column.addWidget(self._files)
        column.addWidget(self.note)
        column.addLayout(self.action_row)
        self.show_state(self.message)

    def show_state(self, message: TranscriptMessage) -> None:
        """Show everything but the text: note, files, versions and which actions make sense."""
        self.message = message
        self.note.setText(message.note or "")
        self.note.setVisible(bool(message.note))
        self._files.show_chips(message.files)
        self._marker.setVisible(message.is_first_read)
        for part in (self._previous, self._version, self._next):
            part.setVisible(message.versions > 1)
        self._version.setText(f"{message.version} / {message.versions}")
        self._previous.setEnabled(message.version > 1)
        self._next.setEnabled(message.version < message.versions)
        for button in (self.edit_button, self.branch_button, self.delete_button):
            button.setEnabled(not message.is_streaming)

    def plain_text(self) -> str:
        """The whole text, as it was written."""
        return self.message.text

    def flash(self) -> None:
        """Mark the message for a moment, as when a search led here."""
        self._show_flash(True)
        self._flash_end.start()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self.theme = theme
        self.copy_button.apply_theme(theme)
        self._files.apply_theme(theme)
        for button, icon in self._icons.items():
            button.setIcon(self._tinted(icon))

    def begin_edit(self) -> None:
        """Put an editor in the text's place."""
        if self._editor is not None:
            return
        self._editor = self.make_editor()
        self._editor.cancelled.connect(self._end_edit)
        self._editor.saved.connect(self._save_edit)
        self._editor.continued.connect(self._continue_edit)
        self.show_text_widgets(False)
        self.body.addWidget(self._editor)
        self._editor.show()
        self._editor.begin()

    def make_editor(self) -> MessageEditor:
        """The editor with the buttons that this kind of message needs."""
        raise NotImplementedError

    def show_text_widgets(self, is_shown: bool) -> None:
        """Hide what shows the text while it is edited, and bring it back."""
        raise NotImplementedError

    def button(self, object_name: str, icon: str, name: str) -> QToolButton:
        """A small button with an icon."""
        button = QToolButton(self)
        button.setObjectName(object_name)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setIcon(self._tinted(icon))
        button.setIconSize(QSize(16, 16))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._icons[button] = icon
        return button

    def _save_edit(self, text: str) -> None:
        self._end_edit()
        if text.strip() and text != self.message.text:
            self.editRequested.emit(self.message.id, text)

    def _continue_edit(self, text: str) -> None:
        self._end_edit()
        if text.strip():
            self.continueEditedRequested.emit(self.message.id, text)

    def _end_edit(self) -> None:
        if self._editor is not None:
            self.body.removeWidget(self._editor)
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
            self.show_text_widgets(True)

    def _show_flash(self, is_marked: bool) -> None:
        self.setProperty("flash", is_marked)
        self.style().unpolish(self)
        self.style().polish(self)

    def _tinted(self, icon: str) -> QIcon:
        colors = self.theme.colors
        return tinted_icon(icon, colors["text_muted"], disabled=colors["border"], size=16)

    def _ask_version(self, step: int) -> None:
        self.versionRequested.emit(self.message.id, self.message.version + step)
