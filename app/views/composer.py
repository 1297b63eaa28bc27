"""Composer: the card in which a message is written, with what waits and its files above it, its buttons below.

Enter sends, Shift+Enter starts a line, Escape stops. It never refuses typing and never clears itself: the
controller does once the message is safely stored.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, tinted_icon
from app.views.composer_edit import ComposerEdit
from app.views.elided_label import ElidedLabel
from app.views.file_chips import FileChip, FileChips
from app.views.language import in_every_language
from app.views.queue_view import QueueView

BUTTON_SIZE = 32


class Composer(QFrame):
    """Emits what the person wants: `submitted(text)`, `stopRequested()`, and what was pasted, see `ComposerEdit`.

    `files` are the chips of what is attached, `queue` shows what waits for its turn.
    """

    submitted = Signal(str)
    stopRequested = Signal()
    textChanged = Signal()
    filesPasted = Signal(list)
    picturePasted = Signal(bytes)
    longTextPasted = Signal(str)
    recallRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composerCard")
        self._is_replying = False
        self.queue = QueueView(self)
        self.files = FileChips(self, can_remove=True)
        self._edit = ComposerEdit(self)
        self._edit.setObjectName("composer")
        self._edit.submitted.connect(self._submit)
        self._edit.stopped.connect(self.stopRequested)
        self._edit.focusChanged.connect(self._show_focus)
        self._edit.textChanged.connect(self._text_changed)
        self._edit.filesPasted.connect(self.filesPasted)
        self._edit.picturePasted.connect(self.picturePasted)
        self._edit.longTextPasted.connect(self.longTextPasted)
        self._edit.recallRequested.connect(self.recallRequested)
        self._hint = ElidedLabel(self)
        self._hint.setObjectName("composerHint")
        self.attach_button = self._button("attachButton")
        self._send = self._button("sendButton")
        self._send.clicked.connect(self._submit)
        self._stop = self._button("stopButton")
        self._stop.clicked.connect(self.stopRequested)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(0, 0, 0, 0)
        bottom.addWidget(self.attach_button)
        bottom.addWidget(self._hint, 1)
        bottom.addWidget(self._send)
        bottom.addWidget(self._stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 10, 10)
        column.setSpacing(4)
        column.addWidget(self.queue)
        column.addWidget(self.files)
        column.addWidget(self._edit)
        column.addLayout(bottom)
        self.setFocusProxy(self._edit)
        in_every_language(self, self._say_texts)

    def text(self) -> str:
        """What is written so far."""
        return self._edit.toPlainText()

    def set_text(self, text: str) -> None:
        """Replace what is written, as when a draft comes back, and put the cursor behind it."""
        self._edit.setPlainText(text)
        self._edit.moveCursor(self._edit.textCursor().MoveOperation.End)

    def show_recalled(self, text: str) -> None:
        """Show a message that was sent earlier; the arrow keys go on from it until it is changed."""
        self._edit.recalled = text
        self.set_text(text)

    def offer_keys_to(self, take: Callable[[QKeyEvent], bool]) -> None:
        """Let `take` have each key first; it says whether it wanted it."""
        self._edit.take_key = take

    def insert_text(self, text: str) -> None:
        """Type a text in where the cursor is."""
        self._edit.insertPlainText(text)

    def show_files(self, chips: tuple[FileChip, ...]) -> None:
        """Show what is attached."""
        self.files.show_chips(chips)
        self._show_buttons()

    def set_replying(self, is_replying: bool) -> None:
        """Show the stop button, and the send button beside it only where there is something that can wait."""
        self._is_replying = is_replying
        self._show_buttons()

    def is_replying(self) -> bool:
        """Whether the stop button is shown."""
        return self._is_replying

    def set_hint(self, sentence: str | None) -> None:
        """Say something below the text; None brings the usual hint back. Typing does, too."""
        self._hint.setText(sentence or self._default_hint)

    def show_drop(self, *, is_over: bool) -> None:
        """Say what becomes of files while they are carried over the window."""
        self.set_hint(self.tr("Drop to attach; a model is opened, chats are imported") if is_over else None)
        self._show_focus(is_over or self._edit.hasFocus())

    def apply_theme(self, theme: Theme) -> None:
        """Tint the buttons."""
        muted = theme.colors["text_muted"]
        self.attach_button.setIcon(tinted_icon("attach", muted))
        self._send.setIcon(tinted_icon("send", theme.colors["on_accent"], disabled=muted))
        self._stop.setIcon(tinted_icon("stop", theme.colors["on_accent"]))
        self.files.apply_theme(theme)
        self.queue.apply_theme(theme)
        self._edit.fit_height()

    def _say_texts(self) -> None:
        self._edit.setPlaceholderText(self.tr("Write a message…"))
        self._edit.setAccessibleName(self.tr("Message"))
        self._edit.setAccessibleDescription(self.tr("Enter sends, Shift+Enter starts a new line."))
        self.files.setAccessibleName(self.tr("Attached files"))
        self._send.setAccessibleName(self.tr("Send"))
        self._stop.setAccessibleName(self.tr("Stop"))
        self._stop.setToolTip(self.tr("Stop the reply (Esc)"))
        self._default_hint = self.tr("Enter to send, Shift+Enter for a new line")
        self.set_hint(None)
        self._edit.fit_height()
        self._show_buttons()

    def _button(self, object_name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(object_name)
        button.setFixedSize(BUTTON_SIZE, BUTTON_SIZE)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _submit(self) -> None:
        if self.text().strip() or self.files.shown():
            self.submitted.emit(self.text())

    def _text_changed(self) -> None:
        self._show_buttons()
        self.set_hint(None)
        self.textChanged.emit()

    def _show_buttons(self) -> None:
        had_focus = self._send.hasFocus() or self._stop.hasFocus()
        says_something = not self._edit.document().isEmpty() or bool(self.files.shown())
        self._send.setEnabled(says_something)
        self._send.setVisible(says_something or not self._is_replying)
        self._stop.setVisible(self._is_replying)
        self._send.setToolTip(
            self.tr("Send after this reply (Enter)") if self._is_replying else self.tr("Send (Enter)")
        )
        if had_focus and not (self._send.hasFocus() or self._stop.hasFocus()):
            self._edit.setFocus()

    def _show_focus(self, is_active: bool) -> None:
        self.setProperty("active", is_active)
        self.style().unpolish(self)
        self.style().polish(self)
