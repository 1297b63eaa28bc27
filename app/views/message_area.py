"""MessageArea: the messages of a conversation below each other, the newest at the end; it scrolls.

Only what is visible has widgets: a message outside has a height, estimated until it was seen, and its view shows
another one. What a person looks at stays where it is when a height becomes known. `Transcript` is one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from app.theme import Theme, load_theme
from app.views.message_view import FLASH_MS, THINKING, TranscriptMessage
from app.views.message_views import MessageViews, View
from app.views.reply_view import ReplyView
from app.views.stacked_heights import StackedHeights
from app.views.transcript_selection import Place

READING_WIDTH = 748  # pixels: 70 to 80 characters of the reading font; the composer's column without its padding
LEAST_SIDE = 16  # pixels left of the column in a narrow window
ABOVE_FIRST, BETWEEN, BELOW_LAST = 20, 22, 12  # pixels around messages
ABOVE_REVEALED = 40  # pixels left above a message that was jumped to
CLOSE_TO_END = 48  # pixels; within these the view follows a streaming reply
MARGIN = 240  # pixels above and below what is visible that are laid out too
SAMPLE = 24  # messages whose length tells how high the others may be
ROUNDS = 8  # of laying out until nothing changes; two do, unless every estimate was far too high
WHEEL_STEP = 60  # pixels for one step of the wheel


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A line of a message that stays `screen_y` pixels below the top of what is visible; see `anchor_at`."""

    number: int
    line: tuple[int, int]
    screen_y: int


class MessageArea(QAbstractScrollArea):
    """Base of the transcript, which hears by `_connect`, `_replaced` and `_arranged` what becomes of the views."""

    messagesChanged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._theme = load_theme("light")
        self._messages: Sequence[TranscriptMessage] = ()
        self._ids: Sequence[str] = ()
        self._numbers: dict[str, int] = {}
        self._newer: dict[str, TranscriptMessage] = {}  # states that came after the messages were given
        self._heights = self._no_heights(0)
        self._views: dict[int, View] = {}
        self._unfolded: set[str] = set()  # messages whose thinking is open
        self._placed: dict[int, int] = {}  # where the views that have a place begin, in pixels of the viewport
        self._pool = MessageViews(self._theme, self.viewport(), self._connect)
        self._width = 0
        self._room = QSize()  # for messages and the bar
        self._follows = True
        self._anchor: _Anchor | None = None
        self._is_arranging = False
        self._arrange_later = QTimer(self)
        self._arrange_later.setSingleShot(True)
        self._arrange_later.setInterval(0)
        self._arrange_later.timeout.connect(self._arrange)
        self._reveal_end = QTimer(self)
        self._reveal_end.setSingleShot(True)
        self._reveal_end.setInterval(FLASH_MS)
        self._reveal_end.timeout.connect(self._end_reveal)

    def show_messages(self, messages: Sequence[TranscriptMessage], ids: Sequence[str] | None = None) -> None:
        """Show a conversation. What it has in common with the one before stays where it is, else its end is shown.

        Only the messages that come into view are asked for, where their `ids` are given.
        """
        ids = [message.id for message in messages] if ids is None else ids
        pairs = zip(self._ids, ids, strict=False)
        common = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        is_answered = len(messages) > 0 and messages[-1].is_streaming
        is_left = self._anchor is None or self._anchor.number < len(messages)  # what is read
        stays = common > 0 and is_left and not self._follows and not is_answered
        old, self._messages, self._newer, self._ids = self._heights, messages, {}, ids
        self._numbers = {message_id: number for number, message_id in enumerate(ids)}
        self._replaced(common)
        self._heights = self._no_heights(len(messages))
        self._heights.begin_like(old, common)
        for number, view in [*self._views.items()]:
            if number < common:
                view.show_message(messages[number])
            else:
                self._put_away(number)
        if stays:
            self._arrange()
        else:
            self.scroll_to_end()
        self.messagesChanged.emit()

    def reveal(self, message_id: str) -> None:
        """Scroll to a message and mark it for a moment; does nothing when it is not on the path that is shown."""
        number = self._numbers.get(message_id)
        if number is None:
            return
        self._follows = False
        self._anchor = _Anchor(number, (-1, 0), ABOVE_REVEALED)
        self._reveal_end.start()
        self._arrange()
        self._views[number].flash()

    def update_message(self, message: TranscriptMessage) -> None:
        """Show a newer state of a message."""
        number = self._numbers.get(message.id)
        if number is None:
            return
        self._newer[message.id] = message
        view = self._views.get(number)
        if view is not None:
            view.show_message(message)
            self._arrange()

    def show_stream(self, message_id: str, thinking: str, text: str) -> None:
        """Show what a reply says by now; called at most once a frame."""
        number = self._numbers.get(message_id)
        if number is None:
            return
        self._newer[message_id] = replace(self.message(number), thinking=thinking, text=text)
        view = self._views.get(number)
        if isinstance(view, ReplyView) and view.show_stream(thinking, text):
            self._arrange(changed=view)

    @property
    def count(self) -> int:
        """How many messages there are."""
        return len(self._messages)

    def first_visible(self) -> int:
        """The number of the message at the top of what is visible."""
        return self._heights.row_at(self.verticalScrollBar().value())

    @property
    def is_near_end(self) -> bool:
        """Whether the end is visible, or almost."""
        bar = self.verticalScrollBar()
        return bar.maximum() - bar.value() <= CLOSE_TO_END

    def show_place(self, place: Place) -> None:
        """Scroll to a place in the text, unless it is visible; thinking is unfolded for it."""
        if place.block == THINKING:
            self._unfolded.add(self._ids[place.message])
            self._unfold(place.message)
            self._arrange()
        bottom = self.viewport().height()
        for _ in range(2):  # first to where its block must be, then to its letter
            view = self._views.get(place.message)
            if view is not None:
                view.settle()
            line = (place.block, 0)
            surface = None if view is None or view.surface_count <= place.block else view.surface(place.block)
            if view is not None and surface is not None:
                rect = surface.rect_at(place.letter)
                y = surface.mapTo(self.viewport(), rect.topLeft()).y()
                if 0 <= y <= bottom - rect.height():
                    return
                line = view.anchor_at(surface.mapTo(view, rect.topLeft()).y())
            self._end_reveal()
            self._follows = False
            if view is None:
                self._anchor = _Anchor(place.message, (-1, 0), 0)
                self._arrange()
                self._views[place.message].settle()
            self._anchor = _Anchor(place.message, line, bottom // 3)
            self._arrange()

    def message(self, number: int) -> TranscriptMessage:
        """The newest state of a message."""
        newer = self._newer.get(self._ids[number])
        return self._messages[number] if newer is None else newer

    def focused_reply(self) -> str | None:
        """The reply that has the focus, or a part of it."""
        focused = (view for view in self._views.values() if isinstance(view, ReplyView) and view.is_in_use)
        return next((view.message.id for view in focused), None)

    def views(self) -> tuple[View, ...]:
        """The messages that have widgets now, in order."""
        return tuple(view for _, view in sorted(self._views.items()))

    def forget_unseen(self) -> None:
        """Let go of the widgets that are kept for messages to come, as before everything gets another look."""
        self._pool.forget()
        for view in self._views.values():
            if isinstance(view, ReplyView):
                view.column.forget_spare()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self._theme = theme
        self._pool.apply_theme(theme)
        for view in self._views.values():
            view.apply_theme(theme)
        self._arrange()

    def scroll_to_end(self) -> None:
        """Show the end, and follow it from now on."""
        self._end_reveal()
        self._follows = True
        self._arrange()

    def focus_message(self, step: int) -> None:
        """Give the focus to the message before or behind the one that has it, or to the first that is visible."""
        if not self._messages:
            return
        focused = next((at for at, view in self._views.items() if view.is_in_use), None)
        first = self._heights.row_at(self.verticalScrollBar().value() + ABOVE_FIRST)
        number = first if focused is None else min(max(focused + step, 0), len(self._messages) - 1)
        self._follows = False
        self._anchor = _Anchor(number, (-1, 0), ABOVE_REVEALED)
        self._arrange()
        self._views[number].setFocus(Qt.FocusReason.TabFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the text column in the middle at its reading width."""
        super().resizeEvent(event)
        if self._room != self.maximumViewportSize():  # else the bar came or went, which changes no place
            self._room = self.maximumViewportSize()
            self._arrange()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A person who scrolls leaves the message that was jumped to."""
        self._end_reveal()
        super().wheelEvent(event)

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """The bar was moved by a person."""
        if self._is_arranging:
            return
        top = self.verticalScrollBar().value()
        self._follows = self.is_near_end and not self._reveal_end.isActive()
        if not self._reveal_end.isActive():
            self._anchor = self._anchor_at(top)
        self._arrange(moved_to=top)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A message wants another height: something in it was unfolded, edited or came late."""
        is_asked = event.type() == QEvent.Type.LayoutRequest and not self._is_arranging
        if is_asked and watched in self._views.values():
            self._arrange_later.start()  # once for all of them: each view tells of itself
        return super().eventFilter(watched, event)

    def _connect(self, view: View) -> None:
        """Listen to a view that is new."""
        view.installEventFilter(self)
        view.thinkingToggled.connect(self._remember_unfolded)
        view.editorOpened.connect(self._show_editor)

    def _replaced(self, common: int) -> None:
        """Other messages are about to be shown, but for the first `common`."""

    def _arranged(self) -> None:
        """What is visible has its place."""

    @property
    def _holds_views(self) -> bool:
        """Whether the views that there are must stay for a while."""
        return False

    def _arrange(self, *, moved_to: int | None = None, changed: View | None = None) -> None:
        """Lay out what is visible and put it in its place, so that what a person reads does not move.

        When nothing but a view has `changed`, no other one is measured again.
        """
        if self._is_arranging:
            return
        self._is_arranging = True
        try:
            self._take_width()
            top = 0
            for _ in range(ROUNDS):
                top = self._top(moved_to)
                if not self._lay_out(top - MARGIN, top + self.viewport().height() + MARGIN, changed):
                    break
            self._put_far_away(top - MARGIN, top + self.viewport().height() + MARGIN)
            self._place(self._top(moved_to))
            self._arranged()
            for view in self._views.values():  # what measuring them has asked for: later, it would go on for ever
                QCoreApplication.sendPostedEvents(view, QEvent.Type.LayoutRequest.value)
        finally:
            self._is_arranging = False

    def _take_width(self) -> None:
        # With room for the bar in any case: where messages were higher without it, it came and went for ever.
        room = self.maximumViewportSize().width() - self.verticalScrollBar().sizeHint().width()
        side = max((room - READING_WIDTH) // 2, LEAST_SIDE)
        self._side, width = side, max(room - 2 * side, 1)
        if width != self._width:
            self._width = width
            known = self._heights
            self._heights = self._no_heights(len(self._messages))
            self._heights.begin_like(known, min(len(known), len(self._messages)))

    def _top(self, moved_to: int | None) -> int:
        """What stands at the top of the viewport now."""
        most = max(self._total() - self.viewport().height(), 0)
        if self._follows:
            return most
        if self._anchor is None:
            return min(moved_to or 0, most)
        view = self._views.get(self._anchor.number)
        line = self._anchor.line[1] if view is None else view.line_of(self._anchor.line)
        return min(max(self._heights.top(self._anchor.number) + line - self._anchor.screen_y, 0), most)

    def _total(self) -> int:
        return self._heights.total + BELOW_LAST

    def _lay_out(self, top: int, bottom: int, changed: View | None) -> bool:
        """Give the messages between two lines their views; whether a height is another than it was.

        Of views that there are, measure all or the one that has changed.
        """
        has_changed = False
        number = self._heights.row_at(top)
        while number < len(self._messages) and self._heights.top(number) < bottom:
            view = self._views.get(number)
            if view is None:  # by its own estimate another part of it may be visible than by that for all
                view = self._take(number)
                has_changed = True
            elif changed is None or changed is view:
                y = self._heights.top(number)
                view.show_part(top - y, bottom - y)
            else:
                number += 1
                continue
            has_changed |= self._heights.set_height(number, view.height_for(self._width))
            number += 1
        return has_changed

    def _place(self, top: int) -> None:
        placed, self._placed = self._placed, {number: self._heights.top(number) - top for number in self._views}
        still = max(placed.keys() & self._placed.keys(), default=None)
        if still is not None and self._placed[still] != placed[still]:
            self.viewport().scroll(0, self._placed[still] - placed[still])  # what stays in sight is not painted again
        for number, view in self._views.items():
            view.setGeometry(self._side, self._placed[number], self._width, self._heights.height(number))
            view.show()
            view.place()
        bar = self.verticalScrollBar()
        most = max(self._total() - self.viewport().height(), 0)
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(WHEEL_STEP // 3)
        bar.setRange(0, most)
        bar.setValue(top)
        if not self._reveal_end.isActive():
            self._anchor = self._anchor_at(top)

    def _anchor_at(self, top: int) -> _Anchor | None:
        """The line at the top of the viewport."""
        if not len(self._messages):
            return None
        number = self._heights.row_at(top)
        view = self._views.get(number)
        y = top - self._heights.top(number)
        return _Anchor(number, (-1, y) if view is None else view.anchor_at(y), 0)

    def _take(self, number: int) -> View:
        view = self._views[number] = self._pool.take(self.message(number))
        self._unfold(number)
        view.height_for(self._width)
        view.show()
        return view

    def _show_editor(self, message_id: str) -> None:
        """Scroll to a message that is edited unless it is seen as a whole: the editor is not as high as the text."""
        self._arrange()
        number = self._numbers[message_id]
        view, room = self._views[number], self.viewport().height()
        if view.y() < 0 or view.geometry().bottom() > room:
            self._end_reveal()
            self._follows = False
            self._anchor = _Anchor(number, (-1, 0), min(ABOVE_REVEALED, max(room - view.height(), 0)))
            self._arrange()

    def _remember_unfolded(self, message_id: str, is_open: bool) -> None:
        (self._unfolded.add if is_open else self._unfolded.discard)(message_id)

    def _unfold(self, number: int) -> None:
        """Open the thinking of a message where a person had it open, else fold it."""
        view = self._views.get(number)
        if isinstance(view, ReplyView):
            view.unfold_thinking(view.message.id in self._unfolded)

    def _put_far_away(self, top: int, bottom: int) -> None:
        first = self._heights.row_at(top)  # as in `_lay_out`: what one takes and the other puts away never rests
        for number, view in [*self._views.items()]:
            is_far = number < first or self._heights.top(number) > bottom
            if is_far and not view.is_in_use and not self._holds_views:
                self._put_away(number)

    def _put_away(self, number: int) -> None:
        self._placed.pop(number, None)
        self._pool.put_away(self._views.pop(number))

    def _no_heights(self, count: int) -> StackedHeights:
        """Heights of messages that nobody has seen, guessed from the length of a few."""
        guess = 120
        if count:
            line = self._theme.font_size * 1.45
            letters = max(self._width or READING_WIDTH, 200) / (self._theme.font_size * 0.5)
            sample = [self._messages[at * (count - 1) // SAMPLE].text for at in range(min(SAMPLE, count))]
            guess = round(40 + sum(max(len(text) / letters, 1) for text in sample) / len(sample) * line)
        return StackedHeights(count, estimate=guess, gap=BETWEEN, above=ABOVE_FIRST)

    def _end_reveal(self) -> None:
        self._reveal_end.stop()
