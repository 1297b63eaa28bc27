"""Transcript: the messages of a conversation below each other, the newest at the end.

Long conversations are built from their end; earlier messages are added when a person scrolls up to them.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, load_theme, tinted_icon
from app.views.message_view import PersonView, ReplyView, TranscriptMessage

__all__ = ["Transcript", "TranscriptMessage"]

READING_WIDTH = 748  # pixels: 70 to 80 characters of the reading font; the composer's column without its padding
PAGE = 24  # messages built at once
CLOSE_TO_END = 48  # pixels; within these the view follows a streaming reply


class Transcript(QScrollArea):
    """Emits what a person wants done with a message; changes nothing itself."""

    regenerateRequested = Signal(str)
    editRequested = Signal(str, str)
    deleteRequested = Signal(str)
    versionRequested = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setAccessibleName(self.tr("Conversation"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._theme = load_theme("light")
        self._hidden: list[TranscriptMessage] = []
        self._views: dict[str, ReplyView | PersonView] = {}
        self._follows = True
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
        """Show a conversation from its end. Views of messages that stay are kept as they are."""
        messages = list(messages)
        kept = [view.message.id for view in self._views.values()]
        common = 0
        if not self._hidden:
            while common < min(len(kept), len(messages)) and kept[common] == messages[common].id:
                common += 1
        for message_id in kept[common:]:
            self._remove(message_id)
        if common == 0:
            self._hidden = messages[:-PAGE]
            new = messages[-PAGE:]
        else:
            for message in messages[:common]:
                self._views[message.id].show_message(message)
            new = messages[common:]
        for message in new:
            self._add(message)
        self._placeholder.setVisible(not messages)
        self.scroll_to_end()

    def update_message(self, message: TranscriptMessage) -> None:
        """Show a newer state of a message."""
        view = self._views.get(message.id)
        if view is not None:
            view.show_message(message)

    def append_text(self, message_id: str, text: str) -> None:
        """Add streamed text to a reply; called at most once a frame."""
        view = self._views.get(message_id)
        if view is not None:
            view.append_text(text)

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
        self._follows = True
        self._jump.hide()
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the text column in the middle at its reading width."""
        super().resizeEvent(event)
        self._set_margins()
        self._jump.move((self.width() - self._jump.sizeHint().width()) // 2, self.height() - 48)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the end when the content grows."""
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest and self._follows:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        return super().eventFilter(watched, event)

    def _add(self, message: TranscriptMessage, *, at: int | None = None) -> None:
        kind = PersonView if message.role == "user" else ReplyView
        view = kind(message, self._theme, self._content)
        view.regenerateRequested.connect(self.regenerateRequested)
        view.editRequested.connect(self.editRequested)
        view.deleteRequested.connect(self.deleteRequested)
        view.versionRequested.connect(self.versionRequested)
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
        self._follows = bar.maximum() - value <= CLOSE_TO_END
        self._jump.setVisible(not self._follows)
        self._jump.raise_()
        if value <= CLOSE_TO_END and self._hidden and bar.maximum() > 0:
            self._show_earlier()

    def _range_changed(self, _least: int, most: int) -> None:
        if self._follows:
            self.verticalScrollBar().setValue(most)

    def _show_earlier(self) -> None:
        """Build one page more above; what is on the screen stays where it is."""
        bar = self.verticalScrollBar()
        from_end = bar.maximum() - bar.value()
        earlier, self._hidden = self._hidden[-PAGE:], self._hidden[:-PAGE]
        for message in reversed(earlier):
            self._add(message, at=0)
        self._column.activate()
        self._content.resize(self._content.width(), self._content.sizeHint().height())
        bar.setValue(bar.maximum() - from_end)

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
