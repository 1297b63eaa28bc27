"""What both kinds of message have: a body, the actions and a note below it, an editor, and a line above it.

A view is given another message when its own is scrolled away, so whatever it shows follows from `show_message`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, tinted_icon
from app.views.block_column import BlockWidget
from app.views.blocks import CopyButton
from app.views.file_chips import FileChip, FileChips
from app.views.language import in_every_language
from app.views.message_editor import MessageEditor
from app.views.pictures import PictureStrip, ShownImage
from app.views.text_block import Bubble

Surface = BlockWidget | Bubble  # each of them a `TextSurface` and a widget

THINKING = -1  # the number of the block that the thinking is, before all others
LONGEST_DESCRIPTION = 4_000  # characters of a text that assistive technology is told
FLASH_MS = 1600  # how long a message that was jumped to stays marked


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
    """Base of both kinds of message. The transcript gives it its place, and says which part of it is visible."""

    regenerateRequested = Signal(str)
    continueRequested = Signal(str)
    editRequested = Signal(str, str)
    continueEditedRequested = Signal(str, str)
    branchRequested = Signal(str)
    deleteRequested = Signal(str)
    versionRequested = Signal(str, int)
    fileOpened = Signal(str, int)
    menuRequested = Signal(str, QPoint)
    figuresWanted = Signal(str)
    lookInsideRequested = Signal(str)
    thinkingToggled = Signal(str, bool)
    editorOpened = Signal(str)

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_StaticContents)  # without a ground there is nothing to paint anew
        self.message, self.theme = message, theme
        self._marker = QLabel(self)
        self._marker.setObjectName("contextMarker")
        self._marker.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pictures = PictureStrip(self)
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
        self.action_bar = QWidget(self)
        self.action_bar.setObjectName("messageActions")
        policy = self.action_bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.action_bar.setSizePolicy(policy)
        self.copy_button = CopyButton(self.plain_text, theme, self.action_bar)
        self._icons: dict[QToolButton, str] = {}
        self._previous = self.button("previousVersion", "chevron-left")
        self._next = self.button("nextVersion", "chevron-right")
        self._version = QLabel(self.action_bar)
        self._version.setObjectName("versionLabel")
        self.edit_button = self.button("editButton", "edit")
        self.branch_button = self.button("branchButton", "branch")
        self.delete_button = self.button("deleteMessageButton", "delete")
        self.more_button = self.button("moreMessageButton", "more")
        self.more_button.clicked.connect(self._ask_menu)
        for keys, step in (("Alt+Left", -1), ("Alt+Right", 1)):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._ask_version, step))
        self.action_row = QHBoxLayout(self.action_bar)
        self.action_row.setSpacing(0)
        self.action_row.setContentsMargins(0, 0, 0, 0)
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
        column.addWidget(self._pictures)
        column.addWidget(self._files)
        column.addWidget(self.note)
        beyond = QHBoxLayout()
        beyond.setContentsMargins(-4, 0, -4, 0)
        beyond.addWidget(self.action_bar)
        column.addLayout(beyond)
        in_every_language(self, self.say_texts)
        self.show_state(self.message)

    def show_state(self, message: TranscriptMessage) -> None:
        """Show everything but the text: note, files, versions and which actions make sense."""
        if message.id != self.message.id:
            self._flash_end.stop()
            self._show_flash(False)
            self._end_edit()
        self.message = message
        self.note.setText(message.note or "")
        self.note.setVisible(bool(message.note))
        self._files.show_chips(message.files)
        self._pictures.show_images(message.images, aligns_right=message.role == "user")
        self.setAccessibleDescription(message.text[:LONGEST_DESCRIPTION])
        self._marker.setVisible(message.is_first_read)
        for part in (self._previous, self._version, self._next):
            part.setVisible(message.versions > 1)
        self._version.setText(f"{message.version} / {message.versions}")
        self._previous.setEnabled(message.version > 1)
        self._next.setEnabled(message.version < message.versions)
        for button in (self.edit_button, self.branch_button, self.delete_button):
            button.setEnabled(not message.is_streaming)

    def show_message(self, message: TranscriptMessage) -> None:
        """Show a newer state of the message, or another message."""
        raise NotImplementedError

    def height_for(self, width: int) -> int:
        """The height that the message takes at a width."""
        self.fit(width)
        self._pictures.fit(width)
        layout = self.layout()
        assert layout is not None
        self.body.invalidate()  # a layout in a layout learns what changed only when the event loop comes round
        layout.invalidate()
        if layout.hasHeightForWidth():
            return layout.totalHeightForWidth(width)
        return layout.totalSizeHint().height()

    def settle(self) -> None:
        """Be whole at once, where a long text is otherwise taken in bit by bit."""

    def fit(self, width: int) -> None:
        """Lay the text out for a width."""
        raise NotImplementedError

    def show_part(self, top: int, bottom: int) -> None:
        """Make what stands between these lines ready to be seen."""

    def place(self) -> None:
        """Put the parts of the text where they belong by now; called when the message is in its own place."""

    def anchor_at(self, y: int) -> tuple[int, int]:
        """A part of the text and how far below its top a line is; see `line_of`."""
        return 0, y

    def line_of(self, anchor: tuple[int, int]) -> int:
        """Where what `anchor_at` found stands by now."""
        return anchor[1]

    @property
    def surface_count(self) -> int:
        """How many blocks of text there are, with or without a widget."""
        raise NotImplementedError

    def surface(self, number: int) -> Surface | None:
        """The widget of a block of text, if it has one now."""
        raise NotImplementedError

    def built_surfaces(self) -> Iterator[tuple[int, Surface]]:
        """The blocks of text that have a widget now, with their numbers."""
        for number in range(self.surface_count):
            surface = self.surface(number)
            if surface is not None:
                yield number, surface

    def surface_near(self, point: QPoint) -> int | None:
        """The number of the block of text at a point or nearest to it in height, if there is any."""
        raise NotImplementedError

    def line_of_surface(self, number: int) -> int:
        """Where a block of text begins."""
        raise NotImplementedError

    @property
    def is_edited(self) -> bool:
        """Whether an editor stands in the text's place."""
        return self._editor is not None

    @property
    def is_in_use(self) -> bool:
        """Whether a person edits the message or has the focus in it: it must stay."""
        focus = self.window().focusWidget()
        return self._editor is not None or (focus is not None and self.isAncestorOf(focus))

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
        self.editorOpened.emit(self.message.id)

    def make_editor(self) -> MessageEditor:
        """The editor with the buttons that this kind of message needs."""
        raise NotImplementedError

    def show_text_widgets(self, is_shown: bool) -> None:
        """Hide what shows the text while it is edited, and bring it back."""
        raise NotImplementedError

    def button(self, object_name: str, icon: str) -> QToolButton:
        """A small button with an icon; `say_texts` names it."""
        button = QToolButton(self.action_bar)
        button.setObjectName(object_name)
        button.setIcon(self._tinted(icon))
        button.setIconSize(QSize(16, 16))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._icons[button] = icon
        return button

    def say_texts(self) -> None:
        """Name the parts in the language of now."""
        self._marker.setText(self.tr("The context is full: the model reads from here on"))
        name_button(self._previous, self.tr("Previous version"), self.tr("Previous version (Alt+Left)"))
        name_button(self._next, self.tr("Next version"), self.tr("Next version (Alt+Right)"))
        name_button(self.edit_button, self.tr("Edit"))
        name_button(self.branch_button, self.tr("Branch into a new chat"))
        name_button(self.delete_button, self.tr("Delete"))
        name_button(self.more_button, self.tr("More for this message"))

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
        if bool(self.property("flash")) == is_marked:
            return
        self.setAttribute(Qt.WidgetAttribute.WA_StaticContents, not is_marked)
        self.setProperty("flash", is_marked)
        self.style().unpolish(self)
        self.style().polish(self)

    def _tinted(self, icon: str) -> QIcon:
        colors = self.theme.colors
        return tinted_icon(icon, colors["text_muted"], disabled=colors["disabled_icon"], size=16)

    def _ask_version(self, step: int) -> None:
        if 1 <= self.message.version + step <= self.message.versions:
            self.versionRequested.emit(self.message.id, self.message.version + step)

    def _ask_menu(self) -> None:
        corner = self.more_button.rect().bottomLeft()
        self.menuRequested.emit(self.message.id, self.more_button.mapToGlobal(corner))


def name_button(button: QToolButton, name: str, tip: str | None = None) -> None:
    """Tell everyone what a button with nothing but an icon does; `tip` names its keys, too."""
    button.setAccessibleName(name)
    button.setToolTip(tip or name)
