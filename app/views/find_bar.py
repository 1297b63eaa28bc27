"""FindBar: looks for words in the open conversation, in what is seen of it and in the rest, thinking included.

A slim bar above the transcript. Messages are looked through between frames, the text of blocks as it is shown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.core.block_stream import Block, Plain
from app.core.block_text import whole_text
from app.theme import Theme, tinted_icon
from app.views.language import in_every_language
from app.views.message_view import THINKING
from app.views.text_surface import Span, units
from app.views.time_slices import TimeSlices
from app.views.transcript import Transcript
from app.views.transcript_selection import Place

TYPING_MS = 150  # after the last key before the search begins
MOST_FOUND = 5_000  # places; more help nobody


@dataclass(frozen=True, slots=True)
class Found:
    """The place and the length of what was found."""

    place: Place
    length: int


class FindBar(QWidget):
    """Hidden until `begin`; Escape hides it again."""

    closed = Signal()

    def __init__(self, transcript: Transcript, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._transcript = transcript
        self._found: list[Found] = []
        self._current = -1
        self._is_complete = True
        self._search = TimeSlices(self)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self._start)
        self._field = QLineEdit(self)
        self._field.setObjectName("findField")
        self._field.setClearButtonEnabled(True)
        self._field.textChanged.connect(lambda _text: self._typing.start())
        self._field.installEventFilter(self)
        self._count = QLabel(self)
        self._count.setObjectName("findCount")
        self._buttons = {
            self._button("findPrevious", lambda: self._step(-1)): "chevron-up",
            self._button("findNext", lambda: self._step(1)): "chevron-down",
            self._button("findClose", self.close_bar): "close",
        }
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(4)
        row.addWidget(self._field, 1)
        row.addWidget(self._count)
        for button in self._buttons:
            row.addWidget(button)
        transcript.messagesChanged.connect(self._start_later)
        in_every_language(self, self._say_texts)
        self.hide()

    def begin(self) -> None:
        """Show the bar, ready to be typed into; what it found already stays."""
        is_new = self.isHidden()
        self.show()
        self._field.setFocus()
        self._field.selectAll()
        if is_new:
            self._start()

    def go_on(self, step: int) -> None:
        """To the next place (1) or the one before (-1); begins a search if there is none."""
        if self.isHidden():
            self.begin()
        else:
            self._step(step)

    def close_bar(self) -> None:
        """Hide the bar and what it marked."""
        self._typing.stop()
        self._search.cancel()
        self.hide()
        self._found, self._current = [], -1
        self._transcript.show_found({}, None)
        self.closed.emit()

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons."""
        for button, icon in self._buttons.items():
            button.setIcon(tinted_icon(icon, theme.colors["text_muted"], size=16))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter goes on, with Shift back; Escape closes and does not stop a reply."""
        if isinstance(event, QKeyEvent):
            is_escape = event.key() == Qt.Key.Key_Escape
            if event.type() == QEvent.Type.ShortcutOverride and is_escape:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and is_escape:
                self.close_bar()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
        return super().eventFilter(watched, event)

    def _start_later(self) -> None:
        self._search.cancel()
        if not self.isHidden():
            self._typing.start()

    def _start(self) -> None:
        self._typing.stop()
        self._found, self._current = [], -1
        query = units(self._field.text())
        if query.strip():
            self._is_complete = False
            self._search.run(self._searching(re.compile(re.escape(query), re.IGNORECASE)))
        else:
            self._search.cancel()
            self._is_complete = True
            self._show()

    def _searching(self, query: re.Pattern[str]) -> Iterator[None]:
        """Look through all messages; the first place from what is visible on becomes the current one."""
        words = [word.casefold() for word in query.pattern.replace("\\", "").split()]
        visible = self._transcript.first_visible()
        for number in range(self._transcript.count):
            message = self._transcript.message(number)
            source = f"{message.thinking}\n{message.text}".casefold()
            if all(word in source for word in words):
                self._found += self._in_message(number, query)
                if self._current < 0 and self._found and self._found[-1].place.message >= visible:
                    self._go_to(next(at for at, one in enumerate(self._found) if one.place.message >= visible))
            if len(self._found) >= MOST_FOUND:
                break
            yield
        self._is_complete = True
        if self._current < 0 and self._found:
            self._go_to(0)
        self._show()

    def _in_message(self, number: int, query: re.Pattern[str]) -> Iterator[Found]:
        message = self._transcript.message(number)
        if message.role == "user":
            for hit in query.finditer(units(message.text)):
                yield Found(Place(number, 0, hit.start()), hit.end() - hit.start())
            return
        blocks, references = whole_text(message.text)
        thought: list[tuple[int, Block]] = [(THINKING, Plain(message.thinking))] if message.thinking else []
        for at, block in [*thought, *enumerate(blocks)]:
            for hit in query.finditer(self._transcript.shown_text(block, references)):
                yield Found(Place(number, at, hit.start()), hit.end() - hit.start())

    def _step(self, step: int) -> None:
        if self._typing.isActive():  # what was found is of another query, or of messages that are not there any more
            self._start()
        elif self._found:
            self._go_to((self._current + step) % len(self._found))

    def _go_to(self, current: int) -> None:
        self._current = current
        self._show()
        self._transcript.show_place(self._found[current].place)

    def _show(self) -> None:
        """Mark what was found, and say which of how many this is."""
        spans: dict[tuple[int, int], list[Span]] = defaultdict(list)
        current: tuple[int, int, int] | None = None
        for number, found in enumerate(self._found):
            place = found.place
            in_block = spans[place.message, place.block]
            if number == self._current:
                current = (place.message, place.block, len(in_block))
            in_block.append((place.letter, place.letter + found.length))
        self._transcript.show_found(spans, current)
        if not self._field.text().strip():
            self._count.setText("")
        elif self._found:
            text = self.tr("{current} of {count}") if self._is_complete else self.tr("{current} of {count}…")
            self._count.setText(text.format(current=self._current + 1, count=len(self._found)))
        else:
            self._count.setText(self.tr("Not found") if self._is_complete else self.tr("Searching…"))

    def _button(self, name: str, on_click: object) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(on_click)
        return button

    def _say_texts(self) -> None:
        self._field.setPlaceholderText(self.tr("Find in this chat"))
        self._field.setAccessibleName(self.tr("Find in this chat"))
        names = (self.tr("Previous (Shift+Enter)"), self.tr("Next (Enter)"), self.tr("Close (Esc)"))
        for button, name in zip(self._buttons, names, strict=True):
            button.setAccessibleName(name)
            button.setToolTip(name)
        self._show()
