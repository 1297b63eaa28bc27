"""ReplyView: a model's reply as Markdown that may still be streaming, with its thinking folded above it."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QWidget

from app.core.markdown import Block, BlockStream, Code, Plain, Prose
from app.theme import Theme
from app.views.blocks import CodeBlock, PlainBlock, ProseBlock
from app.views.message_editor import MessageEditor
from app.views.message_view import MessageView, TranscriptMessage
from app.views.thinking_view import ThinkingView

AT_ONCE = 20_000  # characters shown in one go; the rest follows while the window stays responsive

BlockWidget = ProseBlock | CodeBlock | PlainBlock


class ReplyView(MessageView):
    """An edit makes another version; the model may go on from it."""

    def __init__(self, message: TranscriptMessage, theme: Theme, parent: QWidget) -> None:
        super().__init__(message, theme, parent)
        self.setObjectName("replyView")
        self._stream = BlockStream()
        self._open: BlockWidget | None = None
        self.blocks: list[BlockWidget] = []
        self._text = ""
        self._waiting = ""  # of the text: what is not laid out yet
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._show_waiting)
        self._dot = QLabel("●", self)
        self._dot.setObjectName("replyWaiting")
        self._dot.setAccessibleName(self.tr("The model is reading"))
        self.body.addWidget(self._dot)
        self._thinking: ThinkingView | None = None
        self._regenerate = self.button("regenerateButton", "regenerate", self.tr("Regenerate"))
        self._regenerate.clicked.connect(lambda: self.regenerateRequested.emit(self.message.id))
        self._continue = self.button("continueButton", "continue", self.tr("Continue this reply"))
        self._continue.clicked.connect(lambda: self.continueRequested.emit(self.message.id))
        self.edit_button.setObjectName("editReplyButton")
        for button in (
            self._regenerate,
            self._continue,
            self.edit_button,
            self.branch_button,
            self.delete_button,
        ):
            self.action_row.addWidget(button)
        self.action_row.addStretch(1)
        self.finish_layout()
        self.show_message(message)

    def show_message(self, message: TranscriptMessage) -> None:
        """Show a newer state."""
        self.show_state(message)
        self.show_stream(message.thinking, message.text)
        if not message.is_streaming:
            self._finish()

    def show_stream(self, thinking: str, text: str) -> None:
        """Show what a reply says by now; text that only grew is appended, a long one bit by bit."""
        if thinking and self._thinking is None:
            self._thinking = ThinkingView(self.theme, self)
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
        self._waiting += more
        if more and not self._later.isActive():
            self._show_waiting()

    def plain_text(self) -> str:
        """The whole text so far."""
        return self._text

    def show_state(self, message: TranscriptMessage) -> None:
        """Show note, versions and which actions make sense."""
        super().show_state(message)
        self._regenerate.setEnabled(not message.is_streaming)
        self._continue.setVisible(message.can_continue)

    def make_editor(self) -> MessageEditor:
        """An edited reply is kept as it is, or the model goes on from it."""
        return MessageEditor(
            self.message.text,
            height=sum(block.height() for block in self.blocks),
            save_title=self.tr("Save"),
            continue_title=self.tr("Save and continue"),
            parent=self,
        )

    def show_text_widgets(self, is_shown: bool) -> None:
        """Hide or show the blocks."""
        for block in self.blocks:
            block.setVisible(is_shown)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        super().apply_theme(theme)
        if self._thinking is not None:
            self._thinking.apply_theme(theme)
        for block in self.blocks:
            if not isinstance(block, PlainBlock):
                block.apply_theme(theme)

    def _show_waiting(self) -> None:
        text, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
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

    def _start_again(self) -> None:
        for block in self.blocks:
            self.body.removeWidget(block)
            block.deleteLater()
        self.blocks, self._open, self._text, self._waiting = [], None, "", ""
        self._stream = BlockStream()
