"""Transcript: a conversation to read, to select and search in, and what a person may want done with a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QMenu, QToolButton, QWidget

from app.core.block_stream import Block
from app.core.markdown import References
from app.theme import Theme, tinted_icon
from app.views.block_column import shown_text
from app.views.empty_chat import EmptyChat
from app.views.language import in_every_language
from app.views.links import open_link
from app.views.message_area import MessageArea
from app.views.message_view import THINKING, TranscriptMessage
from app.views.message_views import View
from app.views.reply_view import ReplyView
from app.views.text_block import SurfaceWidget
from app.views.text_surface import Span, Tint, word_at
from app.views.time_slices import TimeSlices
from app.views.transcript_marks import TranscriptMarks
from app.views.transcript_mouse import TranscriptMouse
from app.views.transcript_selection import END, Place, TranscriptSelection

__all__ = ["Transcript", "TranscriptMessage"]


class Transcript(MessageArea):
    """Emits what a person wants done with a message; changes nothing itself."""

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
    textClicked = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setObjectName("transcriptContent")
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # what lies below need not paint itself
        bar = self.verticalScrollBar()
        self.selection = TranscriptSelection()
        self._marks = TranscriptMarks(self.selection)
        self._copying = TimeSlices(self)
        self._mouse = TranscriptMouse(self.selection, self.place_at, self._word_around, self._link_at, self)
        self._mouse.selected.connect(self._show_selection)
        self._mouse.scrollAsked.connect(lambda step: bar.setValue(bar.value() + step))
        self._mouse.linkClicked.connect(self._open_link)
        self._mouse.clicked.connect(self.textClicked)
        self._placeholder = EmptyChat(self.viewport())
        self._jump = QToolButton(self)
        self._jump.setObjectName("jumpToEnd")
        self._jump.setIconSize(QSize(18, 18))
        self._jump.clicked.connect(self.scroll_to_end)
        self._jump.hide()
        in_every_language(self, self._say_texts)

    def show_found(
        self, found: Mapping[tuple[int, int], Sequence[Span]], current: tuple[int, int, int] | None
    ) -> None:
        """Mark what a search found in blocks, by the numbers of message and block; `current` is one span of them."""
        self._marks.set_found(found, current)
        self._marks.show_in(self._views)

    def show_tints(self, message_id: str, tints: Sequence[Tint], thinking: Sequence[Tint] = ()) -> None:
        """Put grounds below characters of one reply and its thinking; those of any other are gone."""
        self._marks.set_tints(message_id, tints, thinking)
        self._marks.show_in(self._views)

    def text_at(self, point: QPoint) -> tuple[str, int] | None:
        """The message at a point of the viewport, and the character of its text that stands there."""
        place = self.place_at(point)
        view = self._views.get(place.message)
        if not isinstance(view, ReplyView) or place.block == THINKING:
            return None
        surface = view.surface(place.block)
        if surface is None or not surface.rect().contains(surface.mapFrom(self.viewport(), point)):
            return None
        letter = place.letter
        if letter and surface.rect_at(letter).left() > surface.mapFrom(self.viewport(), point).x():
            letter -= 1  # the place between two letters that is nearest lies behind the one that was clicked
        at = view.text_at(place.block, letter)
        return None if at is None else (view.message.id, at)

    def show_figures(self, message_id: str, sentence: str) -> None:
        """Tell how fast a reply was while a person looks at it."""
        view = self._views.get(self._numbers.get(message_id, -1))
        if isinstance(view, ReplyView):
            view.show_figures(sentence)

    def clear(self) -> None:
        """Show the placeholder."""
        self.show_messages([])

    def plain_text(self, message_id: str) -> str:
        """The text of a message as it was written."""
        number = self._numbers.get(message_id)
        return "" if number is None else self.message(number).text

    def select(self, anchor: Place, head: Place) -> None:
        """Select from one place to another."""
        self.selection.anchor, self.selection.head = anchor, head
        self._show_selection()

    def select_all(self) -> None:
        """Select every message."""
        self.select(Place(0, THINKING, 0), Place(max(len(self._messages) - 1, 0), END, END))

    def copy_selection(self) -> None:
        """Put what is selected on the clipboard; of very long conversations a moment later."""
        if not self.selection.is_empty:
            self._copying.run(self.selection.copying(self._as_seen, self._views.get, self.shown_text))

    def shown_text(self, block: Block, references: References) -> str:
        """The text of a block that has no widget, as one would show it."""
        return shown_text(block, references, self._theme, self)

    def place_at(self, point: QPoint) -> Place:
        """The place in the text that is nearest to a point of the viewport."""
        if not self._messages:
            return Place(0, 0, 0)
        number = self._heights.row_at(self.verticalScrollBar().value() + point.y())
        view = self._views.get(number)
        if view is None:
            return Place(number, 0, 0)
        inside = point - view.pos()
        block = view.surface_near(inside)
        if block is None:
            return Place(number, 0, 0)
        surface = view.surface(block)
        if surface is None:
            return Place(number, block, 0)
        local = surface.mapFrom(view, inside)
        if local.y() < 0:
            return Place(number, block, 0)
        if local.y() >= surface.height():
            return Place(number, block, len(surface.shown_text()))
        return Place(number, block, surface.position_at(local))

    def show_remote_host(self, host: str) -> None:
        """Say in an empty chat to which host messages go; an empty one: they stay here."""
        self._placeholder.show_remote_host(host)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self._jump.setIcon(tinted_icon("chevron-down", theme.colors["text"], size=18))
        self._placeholder.apply_theme(theme)
        super().apply_theme(theme)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus to who came by keys; who clicked knows where, and reads on without a frame."""
        super().focusInEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.setProperty("byKeys", event.reason() != Qt.FocusReason.MouseFocusReason)
            self.style().unpolish(self)
            self.style().polish(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Nothing shines through between messages."""
        QPainter(self.viewport()).fillRect(event.rect(), QColor(self._theme.colors["background"]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what lies over the messages in its place."""
        self._placeholder.setGeometry(self.viewport().rect())
        self._jump.move((self.width() - self._jump.sizeHint().width()) // 2, self.height() - 48)
        super().resizeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to select."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._mouse.press(event, self._in_viewport(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select a word."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._mouse.double_click(self._in_viewport(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on selecting."""
        if event.buttons() & Qt.MouseButton.LeftButton and self._mouse.is_pressed:
            self._mouse.move(self._in_viewport(event), height=self.viewport().height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End selecting."""
        if event.button() == Qt.MouseButton.LeftButton and self._mouse.is_pressed:
            self._mouse.release(self._in_viewport(event))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the selection, and with the link under the mouse; without them, with the message."""
        point = self.viewport().mapFromGlobal(event.globalPos())
        link = self._link_at(point)
        view = next((view for view in self._views.values() if view.geometry().contains(point)), None)
        if view is not None and self.selection.is_empty and not link:
            self.menuRequested.emit(view.message.id, event.globalPos())
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Copy"), self.copy_selection).setEnabled(not self.selection.is_empty)
        menu.addAction(self.tr("Select all"), self.select_all)
        if link:
            menu.addAction(self.tr("Copy link"), lambda: QGuiApplication.clipboard().setText(link))
        menu.popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, select, scroll, and go from message to message with Alt."""
        bar = self.verticalScrollBar()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focus_message(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() == Qt.Key.Key_Home:
            bar.setValue(0)
        elif event.key() == Qt.Key.Key_End:
            self.scroll_to_end()
        else:
            super().keyPressEvent(event)

    def _replaced(self, common: int) -> None:
        if common <= self.selection.ends[1].message:
            self.select(Place(0, 0, 0), Place(0, 0, 0))
        self._placeholder.setGeometry(self.viewport().rect())
        self._placeholder.setVisible(self.count == 0)

    def _arranged(self) -> None:
        self._marks.show_in(self._views)
        self._jump.setVisible(not self.is_near_end)

    @property
    def _holds_views(self) -> bool:
        return self._mouse.is_pressed

    def _in_viewport(self, event: QMouseEvent) -> QPoint:
        return self.viewport().mapFromGlobal(event.globalPosition().toPoint())

    def _as_seen(self, number: int) -> TranscriptMessage:
        """A message without what is folded of it."""
        message = self.message(number)
        return message if message.id in self._unfolded else replace(message, thinking="")

    def _word_around(self, place: Place) -> Span:
        view = self._views.get(place.message)
        surface = None if view is None else view.surface(place.block)
        return (0, 0) if surface is None else word_at(surface.shown_text(), place.letter)

    def _link_at(self, point: QPoint) -> str:
        """The address of the link under a point of the viewport, or nothing."""
        widget = self.viewport().childAt(point)
        if isinstance(widget, SurfaceWidget):
            return widget.link_at(widget.mapFrom(self.viewport(), point))
        return ""

    def _open_link(self, link: str, point: QPoint) -> None:
        widget = self.viewport().childAt(point)
        if isinstance(widget, SurfaceWidget):
            open_link(link, self, text=widget.link_text_at(widget.mapFrom(self.viewport(), point)))

    def _show_selection(self) -> None:
        self._marks.selection_changed()
        self._marks.show_in(self._views)

    def _connect(self, view: View) -> None:
        super()._connect(view)
        view.regenerateRequested.connect(self.regenerateRequested)
        view.continueRequested.connect(self.continueRequested)
        view.editRequested.connect(self.editRequested)
        view.continueEditedRequested.connect(self.continueEditedRequested)
        view.branchRequested.connect(self.branchRequested)
        view.deleteRequested.connect(self.deleteRequested)
        view.versionRequested.connect(self.versionRequested)
        view.fileOpened.connect(self.fileOpened)
        view.menuRequested.connect(self.menuRequested)
        view.figuresWanted.connect(self.figuresWanted)
        view.lookInsideRequested.connect(self.lookInsideRequested)

    def _say_texts(self) -> None:
        self.setAccessibleName(self.tr("Conversation"))
        self._jump.setAccessibleName(self.tr("Jump to the end"))
        self._jump.setToolTip(self.tr("Jump to the end"))
