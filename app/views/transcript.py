"""Transcript: the messages of a conversation below each other, the newest at the end.

Long conversations are built from their end, or around the message that a search led to; more is added when a person
scrolls there.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, load_theme, tinted_icon
from app.views.message_view import FLASH_MS, TranscriptMessage
from app.views.person_view import PersonView
from app.views.reply_view import ReplyView

__all__ = ["Transcript", "TranscriptMessage"]

READING_WIDTH = 748  # pixels: 70 to 80 characters of the reading font; the composer's column without its padding
PAGE = 24  # messages built at once
ABOVE_REVEALED = 40  # pixels left above a message that was jumped to
CLOSE_TO_END = 48  # pixels; within these the view follows a streaming reply


class Transcript(QScrollArea):
    """Emits what a person wants done with a message; changes nothing itself."""

    regenerateRequested = Signal(str)
    continueRequested = Signal(str)
    editRequested = Signal(str, str)
    continueEditedRequested = Signal(str, str)
    branchRequested = Signal(str)
    deleteRequested = Signal(str)
    versionRequested = Signal(str, int)
    fileOpened = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setAccessibleName(self.tr("Conversation"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._theme = load_theme("light")
        self._messages: Sequence[TranscriptMessage] = ()
        self._first = self._end = 0  # of the messages that are built; those before and after them are not
        self._views: dict[str, ReplyView | PersonView] = {}
        self._follows = True
        self._revealed: str | None = None
        self._reveal_end = QTimer(self)
        self._reveal_end.setSingleShot(True)
        self._reveal_end.setInterval(FLASH_MS)
        self._reveal_end.timeout.connect(self._end_reveal)
        self._content = QWidget(self)
        self._content.setObjectName("transcriptContent")
        self._column = QVBoxLayout(self._content)
        self._column.setSpacing(22)
        self._column.addStretch(1)
        self._placeholder = self._make_placeholder()
        self.setWidget(self._content)
        self._jump = QToolButton(self)
        self._jump.setObjectName("jumpToEnd")
        self._jump.setAccessibleName(self.tr("Jump to the end"))
        self._jump.setToolTip(self.tr("Jump to the end"))
        self._jump.setIconSize(QSize(18, 18))
        self._jump.clicked.connect(self.scroll_to_end)
        self._jump.hide()
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.verticalScrollBar().rangeChanged.connect(self._range_changed)
        self._content.installEventFilter(self)
        self._set_margins()

    def show_messages(self, messages: Sequence[TranscriptMessage]) -> None:
        """Show a conversation from its end. Views of messages that stay are kept as they are.

        Only the messages that come into view are asked for.
        """
        kept = [view.message.id for view in self._views.values()]
        common = 0
        if self._first == 0 and self._end == len(self._messages):
            while common < min(len(kept), len(messages)) and kept[common] == messages[common].id:
                common += 1
        self._messages = messages
        if common == 0:
            self._show_from(max(len(messages) - PAGE, 0))
        else:
            for message_id in kept[common:]:
                self._remove(message_id)
            for message in messages[:common]:
                self._views[message.id].show_message(message)
            for message in messages[common:]:
                self._add(message)
            self._first, self._end = 0, len(messages)
        self._placeholder.setVisible(not messages)
        self.scroll_to_end()

    def reveal(self, message_id: str) -> None:
        """Scroll to a message and mark it for a moment; does nothing when it is not on the path that is shown."""
        if message_id not in self._views:
            number = next((at for at, message in enumerate(self._messages) if message.id == message_id), None)
            if number is None:
                return
            self._show_from(max(number - PAGE // 2, 0))
        self._follows = False
        self._revealed = message_id
        self._views[message_id].flash()
        self._reveal_end.start()
        self._column.activate()
        self._content.resize(self._content.width(), self._content.sizeHint().height())
        self._scroll_to_revealed()

    def _show_from(self, first: int) -> None:
        """Build one page of messages anew, beginning with number `first`."""
        for message_id in [*self._views]:
            self._remove(message_id)
        self._first, self._end = first, min(first + PAGE, len(self._messages))
        for message in self._messages[self._first : self._end]:
            self._add(message)

    def _has_later(self) -> bool:
        return self._end < len(self._messages)

    def update_message(self, message: TranscriptMessage) -> None:
        """Show a newer state of a message."""
        view = self._views.get(message.id)
        if view is not None:
            view.show_message(message)

    def show_stream(self, message_id: str, thinking: str, text: str) -> None:
        """Show what a reply says by now; called at most once a frame."""
        view = self._views.get(message_id)
        if isinstance(view, ReplyView):
            view.show_stream(thinking, text)

    def clear(self) -> None:
        """Show the placeholder."""
        self.show_messages([])

    def set_placeholder(self, title: str, sentence: str) -> None:
        """What an empty conversation says."""
        self._placeholder_title.setText(title)
        self._placeholder_sentence.setText(sentence)

    def plain_text(self, message_id: str) -> str:
        """The text that is shown for a message."""
        return self._views[message_id].plain_text()

    def views(self) -> tuple[ReplyView | PersonView, ...]:
        """The messages that have been built, in order."""
        return tuple(self._views.values())

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self._jump.setIcon(tinted_icon("chevron-down", theme.colors["text"], size=18))
        self._flame.setPixmap(tinted_icon("flame", theme.colors["accent"], size=44).pixmap(44, 44))
        for view in self._views.values():
            view.apply_theme(theme)

    def scroll_to_end(self) -> None:
        """Show the end, and follow it from now on."""
        if self._has_later():
            self._show_from(max(len(self._messages) - PAGE, 0))
        self._end_reveal()
        self._follows = True
        self._jump.hide()
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the text column in the middle at its reading width."""
        super().resizeEvent(event)
        self._set_margins()
        self._jump.move((self.width() - self._jump.sizeHint().width()) // 2, self.height() - 48)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A person who scrolls leaves the message that was jumped to."""
        self._end_reveal()
        super().wheelEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the end when the content grows; stay at the message that was jumped to while it settles."""
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            if self._follows:
                self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
            elif self._revealed is not None:
                self._scroll_to_revealed()
        return super().eventFilter(watched, event)

    def _add(self, message: TranscriptMessage, *, at: int | None = None) -> None:
        kind = PersonView if message.role == "user" else ReplyView
        view = kind(message, self._theme, self._content)
        view.regenerateRequested.connect(self.regenerateRequested)
        view.continueRequested.connect(self.continueRequested)
        view.editRequested.connect(self.editRequested)
        view.continueEditedRequested.connect(self.continueEditedRequested)
        view.branchRequested.connect(self.branchRequested)
        view.deleteRequested.connect(self.deleteRequested)
        view.versionRequested.connect(self.versionRequested)
        view.fileOpened.connect(self.fileOpened)
        if at is None:
            self._views[message.id] = view
            self._column.insertWidget(self._column.count() - 1, view)
        else:
            self._views = {message.id: view, **self._views}
            self._column.insertWidget(at, view)

    def _remove(self, message_id: str) -> None:
        view = self._views.pop(message_id)
        self._column.removeWidget(view)
        view.hide()
        view.deleteLater()

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        is_at_end = bar.maximum() - value <= CLOSE_TO_END
        if is_at_end and self._has_later() and self._revealed is None:
            self._show_later()
        self._follows = is_at_end and not self._has_later() and self._revealed is None
        self._jump.setVisible(not is_at_end or self._has_later())
        self._jump.raise_()
        if value <= CLOSE_TO_END and self._first > 0 and bar.maximum() > 0:
            self._show_earlier()

    def _range_changed(self, _least: int, most: int) -> None:
        if self._follows:
            self.verticalScrollBar().setValue(most)

    def _show_earlier(self) -> None:
        """Build one page more above; what is on the screen stays where it is."""
        bar = self.verticalScrollBar()
        from_end = bar.maximum() - bar.value()
        earlier = self._messages[max(self._first - PAGE, 0) : self._first]
        self._first -= len(earlier)
        for message in reversed(earlier):
            self._add(message, at=0)
        self._column.activate()
        self._content.resize(self._content.width(), self._content.sizeHint().height())
        bar.setValue(bar.maximum() - from_end)

    def _show_later(self) -> None:
        """Build one page more below."""
        later = self._messages[self._end : self._end + PAGE]
        self._end += len(later)
        for message in later:
            self._add(message)

    def _scroll_to_revealed(self) -> None:
        view = self._views.get(self._revealed or "")
        if view is not None:
            self.verticalScrollBar().setValue(max(view.y() - ABOVE_REVEALED, 0))

    def _end_reveal(self) -> None:
        self._revealed = None
        self._reveal_end.stop()

    def _set_margins(self) -> None:
        side = max((self.viewport().width() - READING_WIDTH) // 2, 16)
        self._column.setContentsMargins(side, 20, side, 12)

    def _make_placeholder(self) -> QWidget:
        holder = QWidget(self.viewport())
        holder.setObjectName("placeholder")
        self._flame = QLabel(holder)
        self._flame.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._placeholder_title = QLabel(holder)
        self._placeholder_title.setObjectName("placeholderTitle")
        self._placeholder_sentence = QLabel(holder)
        self._placeholder_sentence.setObjectName("placeholderSentence")
        column = QVBoxLayout(holder)
        column.addStretch(1)
        for label in (self._flame, self._placeholder_title, self._placeholder_sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            column.addWidget(label)
        column.addStretch(1)
        holder.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._column.insertWidget(0, holder, 100)
        return holder
