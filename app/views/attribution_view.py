"""AttributionView: what a reply rests on: how much less likely it is without each message or sentence, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QRect, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent, QTextCharFormat
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme
from app.views.alternatives_view import GROUND, SHARE, ShareDelegate
from app.views.confidence_view import GROUNDS, LINES
from app.views.inspector_parts import AskOrStop, token_table
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.plain_tips import plain_tip
from app.views.role_names import role_name

MESSAGES, SENTENCES = "messages", "sentences"  # as `engine.inspection.api.Parts`
PART, CHANGE = range(2)
LIKELIER = ("found", QTextCharFormat.UnderlineStyle.WaveUnderline)  # of words that are likelier without a part
LEAST_LIKELIER = -2  # the level from which on they are


@dataclass(frozen=True, slots=True)
class AttributedPart:
    """A part of the prompt; without it the reply is less likely by `change` nats, or likelier where that is negative.

    `words` are the tokens of the reply with the largest changes. `is_emptied`: only the text could be left out.
    """

    role: str
    text: str
    change: float
    words: Sequence[tuple[str, float]]
    is_emptied: bool


@dataclass(frozen=True, slots=True)
class AttributionOutcome:
    """How it ended: the reply's log-probability with all parts, or stopped, or a problem; nothing of it: not yet."""

    logprob: float | None = None
    is_stopped: bool = False
    problem: str = ""


class AttributionView(InspectorView):
    """`partsChosen()` when a person wants messages or sentences, see `by`; `askRequested()` and `stopRequested()`.

    `partChosen(index or None)` is the part that is looked at; none while the view is hidden.
    """

    partsChosen = Signal()
    partChosen = Signal(object)
    askRequested = Signal()
    stopRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attributionView")
        self._parts: list[AttributedPart] = []  # as they are listed
        self._has_reply = False
        self._outcome = AttributionOutcome()
        self._hint, self._by_label, self._summary, self._detail = (QLabel(self) for _ in range(4))
        self._hint.setObjectName("attributionHint")
        self._summary.setObjectName("attributionSummary")
        self._detail.setObjectName("attributionDetail")
        for label in (self._hint, self._by_label, self._summary, self._detail):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._by = QComboBox(self)
        self._by.setObjectName("attributionParts")
        self._by_label.setBuddy(self._by)
        for by in (MESSAGES, SENTENCES):
            self._by.addItem("", by)
        self._by.activated.connect(lambda _index: self.partsChosen.emit())
        self._asking = AskOrStop(self, button="attributeReply", progress="attributionProgress")
        self._asking.askRequested.connect(self.askRequested)
        self._asking.stopRequested.connect(self.stopRequested)
        self._list = token_table(self, "attributedParts", columns=2)
        self._bars = _ChangeDelegate(self._list)
        self._list.setItemDelegateForColumn(CHANGE, self._bars)
        self._list.currentItemChanged.connect(lambda _now, _before: self._choose_part())
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        for part in (self._hint, self._by_label, self._by, self._asking, self._summary):
            column.addWidget(part)
        column.addWidget(self._list, 1)
        column.addWidget(self._detail)
        column.addStretch(0)
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("What it rests on")

    @property
    def by(self) -> str:
        """What is left out in turn: `MESSAGES` or `SENTENCES`."""
        return str(self._by.currentData())

    def show_parts(self, parts: Sequence[AttributedPart], outcome: AttributionOutcome, *, has_reply: bool) -> None:
        """The parts in the order of the prompt, and how it ended."""
        self._parts, self._outcome, self._has_reply = [*parts], outcome, has_reply
        self._fill()

    def add_part(self, part: AttributedPart) -> None:
        """One more part, which stands before the others."""
        self._parts.insert(0, part)
        self._list.insertTopLevelItem(0, self._item(part))
        self._show_list()

    def show_asking(self, done: int, total: int) -> None:
        """How many parts were left out; of 0 parts: it is over."""
        self._asking.show_progress(done, total)
        self._by.setEnabled(not self._asking.is_asking)

    def show_outcome(self, outcome: AttributionOutcome) -> None:
        """It ended."""
        self._outcome = outcome
        self._say_summary()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._bars.theme = theme
        self._list.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:
        """The chosen part is looked at."""
        super().showEvent(event)
        self._choose_part()

    def hideEvent(self, event: QHideEvent) -> None:
        """No part is looked at."""
        super().hideEvent(event)
        self.partChosen.emit(None)

    def _fill(self) -> None:
        self._list.clear()
        self._list.addTopLevelItems([self._item(part) for part in self._parts])
        for widget in (self._hint, self._by_label, self._by, self._asking):
            widget.setVisible(self._has_reply)
        self._show_list()

    def _show_list(self) -> None:
        self._bars.most = max((abs(part.change) for part in self._parts), default=0.0)
        self._list.setVisible(bool(self._parts))
        self._list.viewport().update()
        self._say_summary()
        self._say_detail()

    def _item(self, part: AttributedPart) -> QTreeWidgetItem:
        name = self.tr("{role}: {text}").format(role=role_name(part.role), text=part.text)
        item = QTreeWidgetItem([name, _signed(part.change)])
        item.setData(CHANGE, SHARE, part.change)
        item.setData(CHANGE, GROUND, "token_chosen" if part.change >= 0 else "doubt_2")
        number = QLocale().toString(abs(part.change), "f", 2)
        told = (
            self.tr("{part}\nWithout it the reply is less likely by {nats} nats.")
            if part.change >= 0
            else self.tr("{part}\nWithout it the reply is likelier by {nats} nats.")
        ).format(part=name, nats=number)
        item.setData(PART, Qt.ItemDataRole.AccessibleTextRole, told)
        for column in (PART, CHANGE):
            item.setToolTip(column, plain_tip(told))
        return item

    def _say_summary(self) -> None:
        sentence = self._outcome.problem
        if self._outcome.is_stopped:
            sentence = self.tr("Stopped: some parts were not left out yet.")
        elif self._outcome.logprob is not None:
            nats = QLocale().toString(self._outcome.logprob, "f", 2)
            sentence = self.tr("With all of them the reply's log-probability is {nats} nats.").format(nats=nats)
        self._summary.setText(sentence)
        self._summary.setVisible(bool(sentence))
        self._list.setAccessibleDescription(sentence)

    def _chosen(self) -> int:
        """The part that is chosen; -1: none."""
        item = self._list.currentItem()
        return -1 if item is None else self._list.indexOfTopLevelItem(item)

    def _choose_part(self) -> None:
        self._say_detail()
        if self.isVisible():
            at = self._chosen()
            self.partChosen.emit(at if 0 <= at < len(self._parts) else None)

    def _say_detail(self) -> None:
        item, at = self._list.currentItem(), self._chosen()
        told = ""
        if item is not None and 0 <= at < len(self._parts):
            part = self._parts[at]
            words = (self.tr("{word} ({chance})").format(word=word, chance=_signed(by)) for word, by in part.words)
            told = item.text(PART) + "\n"
            told += self.tr("Words that it changes most: {words}").format(words=self.tr(", ").join(words))
            told += "\n" + self.tr(
                "In the reply: darker words are less likely without it, those with a wavy line likelier."
            )
            if part.is_emptied:
                told += "\n" + self.tr("The template needs this message, so only its text was left out.")
        elif self._parts:
            told = self.tr("Choose a part to see which words of the reply it changes most.")
        self._detail.setText(told)
        self._detail.setVisible(bool(told))

    def _say_texts(self) -> None:
        self._hint.setText(
            self.tr("Each part is left out, and the model in use says how likely it finds the same reply then.")
        )
        self._by_label.setText(self.tr("What to leave out"))
        self._by.setItemText(0, self.tr("Messages"))
        self._by.setItemText(1, self.tr("Sentences"))
        self._by.setAccessibleName(self._by_label.text())
        self._by.setToolTip(self.tr("Sentences say more and take longer"))
        self._asking.say(
            ask=self.tr("Leave each out in turn"),
            stop=self.tr("Stop"),
            help_text=self.tr("Reads the prompt once for each part"),
            progress=self.tr("Parts that were left out"),
        )
        self._list.setHeaderLabels([self.tr("Part"), self.tr("Change in nats")])
        self._list.setAccessibleName(self.tr("What the reply rests on"))
        self._list.setToolTip(self.tr("To the right: the reply is less likely without the part"))
        self._fill()


class _ChangeDelegate(ShareDelegate):
    """Bars that begin in the middle: what speaks for the reply to one side, what speaks against it to the other."""

    most = 0.0  # the change that fills a side

    def bar(self, room: QRect, share: float) -> QRect:
        """Where the bar of a change lies."""
        middle = room.left() + room.width() // 2
        width = max(round(room.width() / 2 * abs(share) / (self.most or 1.0)), 1)
        return QRect(middle if share >= 0 else middle - width, room.top(), width, room.height())


def change_tint(level: int) -> tuple[str, QTextCharFormat.UnderlineStyle] | None:
    """The ground and line of a word by the level of its change; None for words that hardly change."""
    if level > 0:
        return GROUNDS[level], LINES[level]
    return LIKELIER if level <= LEAST_LIKELIER else None


def _signed(change: float) -> str:
    """A number with its sign, also where it is positive."""
    told = QLocale().toString(abs(change), "f", 2)
    return f"+{told}" if change >= 0 else f"−{told}"
