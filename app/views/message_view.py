"""One message of the transcript: its text as blocks, the actions below it, and its editor."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.markdown import Block, BlockStream, Code, Plain, Prose
from app.theme import Theme, tinted_icon
from app.views.blocks import Bubble, CodeBlock, CopyButton, PlainBlock, ProseBlock

AT_ONCE = 20_000  # characters shown in one go; the rest follows while the window stays responsive
LONGEST_BUBBLE = 8_000  # characters of a person's message shown as a bubble; longer ones scroll


@dataclass(frozen=True, slots=True)
class TranscriptMessage:
    """What is shown of one message. `note` is a small sentence below it; `version` counts from 1."""

    id: str
    role: str
    text: str
    note: str | None = None
    version: int = 1
    versions: int = 1
    is_streaming: bool = False


BlockWidget = ProseBlock | CodeBlock | PlainBlock


class MessageView(QWidget):
    """Base of both kinds of message: an action row and a note below a body."""

    regenerateRequested = Signal(str)
    editRequested = Signal(str, str)
    deleteRequested = Signal(str)
    versionRequested = Signal(str, int)

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.message, self.theme = message, theme
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        self.note = QLabel(self)
        self.note.setObjectName("messageNote")
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.copy_button = CopyButton(self.plain_text, theme, self)
        self._icons: dict[QToolButton, str] = {}
        self._previous = self._button("previousVersion", "chevron-left", self.tr("Previous version"))
        self._next = self._button("nextVersion", "chevron-right", self.tr("Next version"))
        self._version = QLabel(self)
        self._version.setObjectName("versionLabel")
        self._delete = self._button("deleteMessageButton", "delete", self.tr("Delete"))
        self.action_row = QHBoxLayout()
        self.action_row.setSpacing(0)
        self.action_row.setContentsMargins(-4, 0, -4, 0)
        for part in (self._previous, self._version, self._next, self.copy_button):
            self.action_row.addWidget(part)
        self._previous.clicked.connect(lambda: self._ask_version(-1))
        self._next.clicked.connect(lambda: self._ask_version(1))
        self._delete.clicked.connect(lambda: self.deleteRequested.emit(self.message.id))

    def finish_layout(self) -> QVBoxLayout:
        """Put body, note and actions below each other."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self.body)
        column.addWidget(self.note)
        column.addLayout(self.action_row)
        self.show_state(self.message)
        return column

    def show_state(self, message: TranscriptMessage) -> None:
        """Show note, versions and which actions make sense; not the text."""
        self.message = message
        self.note.setText(message.note or "")
        self.note.setVisible(bool(message.note))
        for part in (self._previous, self._version, self._next):
            part.setVisible(message.versions > 1)
        self._version.setText(f"{message.version} / {message.versions}")
        self._previous.setEnabled(message.version > 1)
        self._next.setEnabled(message.version < message.versions)
        self._delete.setEnabled(not message.is_streaming)

    def plain_text(self) -> str:
        """The whole text, as it was written."""
        return self.message.text

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self.theme = theme
        self.copy_button.apply_theme(theme)
        for button, icon in self._icons.items():
            button.setIcon(self._tinted(icon))

    def _button(self, object_name: str, icon: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(object_name)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setIcon(self._tinted(icon))
        button.setIconSize(QSize(16, 16))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._icons[button] = icon
        return button

    def _tinted(self, icon: str) -> QIcon:
        colors = self.theme.colors
        return tinted_icon(icon, colors["text_muted"], disabled=colors["border"], size=16)

    def _ask_version(self, step: int) -> None:
        self.versionRequested.emit(self.message.id, self.message.version + step)


class ReplyView(MessageView):
    """A model's reply: Markdown that may still be streaming."""

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(message, theme, parent)
        self.setObjectName("replyView")
        self._stream = BlockStream()
        self._open: BlockWidget | None = None
        self.blocks: list[BlockWidget] = []
        self._parts: list[str] = []
        self._waiting = ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._show_waiting)
        self._thinking = QLabel("●", self)
        self._thinking.setObjectName("replyWaiting")
        self._thinking.setAccessibleName(self.tr("The model is reading"))
        self.body.addWidget(self._thinking)
        self._regenerate = self._button("regenerateButton", "regenerate", self.tr("Regenerate"))
        self._regenerate.clicked.connect(lambda: self.regenerateRequested.emit(self.message.id))
        self.action_row.addWidget(self._regenerate)
        self.action_row.addWidget(self._delete)
        self.action_row.addStretch(1)
        self.finish_layout()
        self.append_text(message.text)
        if not message.is_streaming:
            self._finish()

    def append_text(self, text: str) -> None:
        """Add text at the end; a long one is shown bit by bit."""
        if not text:
            return
        self._parts.append(text)
        self._waiting += text
        if not self._later.isActive():
            self._show_waiting()

    def show_message(self, message: TranscriptMessage) -> None:
        """Show a newer state; text that only grew is appended."""
        shown = self.plain_text()
        self.show_state(message)
        if message.text.startswith(shown):
            self.append_text(message.text[len(shown) :])
        else:
            self._start_again(message.text)
        if not message.is_streaming:
            self._finish()

    def plain_text(self) -> str:
        """The whole text so far."""
        return "".join(self._parts)

    def show_state(self, message: TranscriptMessage) -> None:
        """Show note, versions and which actions make sense."""
        super().show_state(message)
        self._regenerate.setEnabled(not message.is_streaming)
        self._thinking.setVisible(message.is_streaming and not self._parts)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        super().apply_theme(theme)
        for block in self.blocks:
            if not isinstance(block, PlainBlock):
                block.apply_theme(theme)

    def _show_waiting(self) -> None:
        text, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        self._thinking.hide()
        change = self._stream.push(text)
        if change.appended is not None and isinstance(self._open, CodeBlock | PlainBlock):
            self._open.append_text(change.appended)
        else:
            for block in change.finished:
                self._close_open(block)
            self._show_open(change.open)
        if self._waiting:
            self._later.start()
        elif not self.message.is_streaming:
            self._close_stream()

    def _finish(self) -> None:
        self._thinking.hide()
        if not self._waiting:
            self._close_stream()

    def _close_stream(self) -> None:
        last = self._stream.finish()
        if last is not None:
            self._close_open(last)

    def _close_open(self, block: Block) -> None:
        """Give the open widget its last content, or make one for a block that came and went in one go."""
        self._show_open(block)
        if isinstance(self._open, CodeBlock):
            self._open.complete()
        self._open = None

    def _show_open(self, block: Block | None) -> None:
        match block, self._open:
            case None, _:
                self._drop_open()
            case (Prose(source), ProseBlock() as shown) | (Code(source=source), CodeBlock() as shown):
                if shown.source != source:
                    shown.show_source(source)
            case Plain(source), PlainBlock() as plain if source.startswith(plain.source):
                plain.append_text(source[len(plain.source) :])
            case _, _:
                assert block is not None
                self._drop_open()
                self._open = self._make(block)
                self.blocks.append(self._open)
                self.body.addWidget(self._open)

    def _drop_open(self) -> None:
        if self._open is not None:
            self.blocks.remove(self._open)
            self.body.removeWidget(self._open)
            self._open.deleteLater()
            self._open = None

    def _make(self, block: Block) -> BlockWidget:
        if isinstance(block, Prose):
            return ProseBlock(block.source, self.theme, self)
        if isinstance(block, Code):
            return CodeBlock(block.language, block.source, self.theme, self)
        return PlainBlock(block.source, self)

    def _start_again(self, text: str) -> None:
        for block in self.blocks:
            self.body.removeWidget(block)
            block.deleteLater()
        self.blocks, self._open, self._parts, self._waiting = [], None, [], ""
        self._stream = BlockStream()
        self.append_text(text)


class _MessageEditor(QPlainTextEdit):
    """Ctrl+Enter saves, Escape cancels."""

    saved = Signal()
    cancelled = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The two keys that leave the editor."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.saved.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep Escape from the window's own shortcut while editing."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)


class PersonView(MessageView):
    """What the person wrote, as plain text; it can be edited in place."""

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(message, theme, parent)
        self.setObjectName("personView")
        self._bubble = self._make_bubble(message.text)
        self._editor: QWidget | None = None
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self._bubble, 4)
        self.body.addLayout(line)
        edit = self._button("editButton", "edit", self.tr("Edit"))
        edit.clicked.connect(self.begin_edit)
        self.action_row.insertStretch(0, 1)
        self.action_row.addWidget(edit)
        self.action_row.addWidget(self._delete)
        self.finish_layout()

    def show_message(self, message: TranscriptMessage) -> None:
        """Show a newer state; the text of a person's message does not change."""
        self.show_state(message)

    def append_text(self, text: str) -> None:
        """Only replies stream."""
        raise AssertionError(f"a person's message cannot stream {len(text)} characters")

    def begin_edit(self) -> None:
        """Put an editor in the bubble's place."""
        if self._editor is not None:
            return
        self._editor = QWidget(self)
        edit = _MessageEditor(self._editor)
        edit.setObjectName("messageEditor")
        edit.setAccessibleName(self.tr("Edit the message"))
        edit.setPlainText(self.message.text)
        edit.setTabChangesFocus(True)
        edit.setFixedHeight(min(max(self._bubble.height() + 24, 72), 320))
        save = QPushButton(self.tr("Send"), self._editor)
        save.setObjectName("saveEdit")
        save.setDefault(True)
        cancel = QPushButton(self.tr("Cancel"), self._editor)
        cancel.setObjectName("cancelEdit")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(save)
        column = QVBoxLayout(self._editor)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(edit)
        column.addLayout(buttons)
        self.body.addWidget(self._editor)
        self._bubble.hide()
        edit.setFocus()
        edit.moveCursor(edit.textCursor().MoveOperation.End)
        cancel.clicked.connect(self._end_edit)
        edit.cancelled.connect(self._end_edit)

        def send() -> None:
            text = edit.toPlainText()
            self._end_edit()
            if text.strip() and text != self.message.text:
                self.editRequested.emit(self.message.id, text)

        save.clicked.connect(send)
        edit.saved.connect(send)

    def _end_edit(self) -> None:
        if self._editor is not None:
            self.body.removeWidget(self._editor)
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
            self._bubble.show()

    def _make_bubble(self, text: str) -> QWidget:
        if len(text) > LONGEST_BUBBLE:
            block = PlainBlock(text, self)
            block.setObjectName("personBubble")
            return block
        return Bubble(text, self)
