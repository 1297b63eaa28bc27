"""ReplyView: a model's reply as Markdown that may still be streaming, with its thinking folded above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QEnterEvent, QFocusEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QWidget

from app.core.block_stream import BlockStream, Change
from app.theme import Theme
from app.views.block_column import BlockColumn, BlockWidget
from app.views.message_editor import MessageEditor
from app.views.message_view import THINKING, MessageView, Surface, TranscriptMessage, name_button
from app.views.text_places import TextPlaces
from app.views.text_surface import Tint
from app.views.thinking_view import ThinkingView
from app.views.waiting_text import WaitingText

AT_ONCE = 4_000  # characters parsed in one go; the rest follows while the window stays responsive


class ReplyView(MessageView):
    """An edit makes another version; the model may go on from it."""

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(message, theme, parent)
        self.setObjectName("replyView")
        self._stream = BlockStream()
        self._has_open = False  # whether the last block is unfinished
        self.column = BlockColumn(theme, self)
        self._places = TextPlaces(self.column)
        self._text = ""
        self._waiting = WaitingText(self._show_some, self)
        self._dot = QLabel("●", self)
        self._dot.setObjectName("replyWaiting")
        self.body.addWidget(self._dot)
        self.body.addWidget(self.column)
        self._thinking: ThinkingView | None = None
        self._regenerate = self.button("regenerateButton", "regenerate")
        self._regenerate.clicked.connect(lambda: self.regenerateRequested.emit(self.message.id))
        self._continue = self.button("continueButton", "continue")
        self._continue.clicked.connect(lambda: self.continueRequested.emit(self.message.id))
        self._look = self.button("lookInsideButton", "look")
        self._look.clicked.connect(lambda: self.lookInsideRequested.emit(self.message.id))
        self.edit_button.setObjectName("editReplyButton")
        for button in (
            self._regenerate,
            self._continue,
            self._look,
            self.edit_button,
            self.branch_button,
            self.delete_button,
            self.more_button,
        ):
            self.action_row.addWidget(button)
        for action in self.action_bar.findChildren(QToolButton):
            action.installEventFilter(self)
        self._figures = QLabel(self.action_bar)
        self._figures.setObjectName("replyFigures")
        self._figures.setTextFormat(Qt.TextFormat.PlainText)
        self._figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.action_row.addWidget(self._figures, 1)
        self.finish_layout()
        self.show_message(message)

    def say_texts(self) -> None:
        """Name the parts in the language of now."""
        super().say_texts()
        self.setAccessibleName(self.tr("Reply"))
        self._dot.setAccessibleName(self.tr("The model is reading"))
        name_button(self._regenerate, self.tr("Regenerate"))
        name_button(self._continue, self.tr("Continue this reply"))
        name_button(self._look, self.tr("Look inside: why this word?"))

    def show_message(self, message: TranscriptMessage) -> None:
        """Show a newer state, or another message."""
        if message.id != self.message.id:
            self._start_again()
            if self._thinking is not None:
                self._thinking.reset()
        self.show_state(message)
        self.show_stream(message.thinking, message.text)
        if not message.is_streaming:
            self._finish()

    def show_stream(self, thinking: str, text: str) -> bool:
        """Show what a reply says by now; text that only grew is appended, a long one bit by bit.

        Whether there may be other blocks or heights now.
        """
        was = self._extent()
        if thinking and self._thinking is None:
            self._thinking = ThinkingView(self.theme, self)
            self._thinking.toggled.connect(lambda is_open: self.thinkingToggled.emit(self.message.id, is_open))
            self.body.insertWidget(0, self._thinking)
        if self._thinking is not None:
            is_running = self.message.is_streaming and not text
            self._thinking.show_text(thinking, is_running=is_running, duration_s=self.message.thought_s)
            self._thinking.setVisible(bool(thinking))
        self._dot.setVisible(self.message.is_streaming and not text and not thinking)
        if not text.startswith(self._text):
            self._start_again()
        more = text[len(self._text) :]
        self._text = text
        self._waiting.add(more)
        return bool(thinking) or was != self._extent()

    def unfold_thinking(self, is_open: bool) -> None:
        """Open or fold what the model thought."""
        if self._thinking is not None:
            self._thinking.unfold(is_open)

    def text_at(self, block: int, letter: int) -> int | None:
        """The character of the text that a letter of a block is, if it is one."""
        return self._places.text_at(self._text, block, letter)

    def show_tints(self, tints: Sequence[Tint], thinking: Sequence[Tint]) -> None:
        """Put grounds below characters of the text and of the thinking."""
        self._places.tint(self._text, tints)
        if self._thinking is not None:
            self._thinking.show_tints(thinking)

    def show_figures(self, sentence: str) -> None:
        """Tell how fast the reply was, while the pointer or the focus is on it."""
        self._figures.setText(sentence)

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer came."""
        super().enterEvent(event)
        self._show_actions()
        self._want_figures()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer left."""
        super().leaveEvent(event)
        self._show_actions()
        self._figures.clear()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The focus came by Alt and the arrows."""
        super().focusInEvent(event)
        self._show_actions()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The focus left, or went on to the actions."""
        super().focusOutEvent(event)
        self._show_actions()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The focus came to one of the buttons, or left it."""
        if event.type() == QEvent.Type.FocusIn:
            self._want_figures()
        elif event.type() == QEvent.Type.FocusOut:
            self._show_actions()
            if not self.underMouse():
                self._figures.clear()
        return super().eventFilter(watched, event)

    def plain_text(self) -> str:
        """The whole text so far."""
        return self._text

    def show_state(self, message: TranscriptMessage) -> None:
        """Show note, versions and which actions make sense."""
        super().show_state(message)
        self._figures.clear()
        self._show_actions()
        for button in (self._regenerate, self._look):
            button.setEnabled(not message.is_streaming)
        self._continue.setVisible(message.can_continue)

    def _show_actions(self) -> None:
        """While a reply streams, to who is on it: painted at each new line, they were a tenth of all that it took."""
        self.action_bar.setVisible(not self.message.is_streaming or self.underMouse() or self.is_in_use)

    def _want_figures(self) -> None:
        if not self.message.is_streaming:
            self.figuresWanted.emit(self.message.id)

    def fit(self, width: int) -> None:
        """Lay the text out for a width."""
        self.column.fit(width)
        if self._thinking is not None:
            self._thinking.fit(width)

    def settle(self) -> None:
        """Take in the whole text."""
        self._waiting.finish()

    def show_part(self, top: int, bottom: int) -> None:
        """Lay out the blocks between these lines."""
        self.column.show_part(top - self.column.y(), bottom - self.column.y())

    def place(self) -> None:
        """Put the blocks where they belong by now."""
        self.column.place()

    def anchor_at(self, y: int) -> tuple[int, int]:
        """The block at a line, and how far below its top the line is."""
        if y < self.column.y() or not self.column.blocks:
            return -1, y
        number = self.column.block_at(y - self.column.y())
        return number, y - self.line_of_surface(number)

    def line_of(self, anchor: tuple[int, int]) -> int:
        """Where what `anchor_at` found stands by now."""
        number, below = min(anchor[0], len(self.column.blocks)), anchor[1]
        return below if number < 0 else self.line_of_surface(number) + below

    @property
    def surface_count(self) -> int:
        """The blocks, without the thinking."""
        return len(self.column.blocks)

    def surface(self, number: int) -> BlockWidget | None:
        """The widget of a block, if it has one now; the thinking has one while it is unfolded."""
        if number == THINKING:
            return None if self._thinking is None else self._thinking.surface
        return self.column.widget_of(number)

    def built_surfaces(self) -> Iterator[tuple[int, Surface]]:
        """The thinking and those of the column; a long reply has many blocks without."""
        thinking = self.surface(THINKING)
        if thinking is not None:
            yield THINKING, thinking
        yield from self.column.widgets()

    def surface_near(self, point: QPoint) -> int | None:
        """The number of the block at a height."""
        if self.surface(THINKING) is not None and (point.y() < self.column.y() or not self.column.blocks):
            return THINKING
        return self.column.block_at(point.y() - self.column.y()) if self.column.blocks else None

    def line_of_surface(self, number: int) -> int:
        """Where a block begins."""
        return self.column.y() + self.column.top_of(number)

    def make_editor(self) -> MessageEditor:
        """An edited reply is kept as it is, or the model goes on from it."""
        return MessageEditor(
            self.message.text,
            height=self.column.height(),
            save_title=self.tr("Save"),
            continue_title=self.tr("Save and continue"),
            parent=self,
        )

    def show_text_widgets(self, is_shown: bool) -> None:
        """Hide or show the blocks."""
        self.column.setVisible(is_shown)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        super().apply_theme(theme)
        if self._thinking is not None:
            self._thinking.apply_theme(theme)
        self.column.apply_theme(theme)

    def _extent(self) -> tuple[int, int, bool]:
        """What is another one when there are other blocks or heights."""
        return self.column.sizeHint().height(), len(self.column.blocks), self._dot.isHidden()

    def _show_some(self, waiting: str) -> str:
        text, rest = waiting[:AT_ONCE], waiting[AT_ONCE:]
        self._show_change(self._stream.push(text))
        if not rest and not self.message.is_streaming:
            self._close_stream()
        return rest

    def _finish(self) -> None:
        if self._waiting.is_empty:
            self._close_stream()

    def _close_stream(self) -> None:
        if self._has_open:
            self._show_change(self._stream.finish())

    def _show_change(self, change: Change) -> None:
        if change.appended is not None:
            self.column.grow_last(change.appended)
            return
        self.column.go_on(change.finished, change.open, replaces_last=self._has_open)
        self._has_open = change.open is not None
        if change.has_references:
            self.column.set_references(self._stream.references)

    def _start_again(self) -> None:
        self.column.set_blocks(())
        self._has_open, self._text = False, ""
        self._waiting.clear()
        self._stream = BlockStream()
