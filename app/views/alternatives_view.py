"""AlternativesView: what else the chosen token could have been, before and after the samplers, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme, load_theme
from app.views.inspector_parts import token_table
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.plain_tips import plain_tip

SHARE = Qt.ItemDataRole.UserRole  # of a cell with a bar: 0 to 1
GROUND = SHARE + 1  # the bar's colour, by its name in the theme
TOKEN, BEFORE, AFTER = range(3)
BAR_MARGIN = 3  # pixels above and below a bar
NUMBER_MARGIN = 3  # pixels before its number
SMALLEST = 0.001  # shares below are said to be less


@dataclass(frozen=True, slots=True)
class AlternativeRow:
    """A token that could have come: its chance by the model, and its share when the samplers were done.

    `removed_by` is a sampler as it is shown, empty while that is not known or where it stayed.
    """

    token_id: int
    text: str
    chance: float
    share: float
    came: bool
    ends_reply: bool
    removed_by: str = ""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What is known of the token that came. `rank` counts from 0; `survivors` is 0 where nothing was drawn.

    `is_told`: only a server knows more; rank and entropy are not certain, and nothing can go on from another token.
    """

    rank: int
    entropy: float
    chance: float
    survivors: int
    seed: int | None
    position: int
    is_told: bool = False


class AlternativesView(InspectorView):
    """`branchRequested(token id)` when a person wants the reply to go on with another token.

    `endRequested()` when a person wants to see what else than the reply's end could have come.
    """

    branchRequested = Signal(int)
    endRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("alternativesView")
        self._rows: Sequence[AlternativeRow] = ()
        self._facts: TokenFacts | None = None
        self._sentence, self._offers_end = "", False
        self._summary = QLabel(self)
        self._summary.setObjectName("tokenFacts")
        self._hint = QLabel(self)
        self._hint.setObjectName("alternativesHint")
        for label in (self._summary, self._hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._list = token_table(self, "alternatives", columns=3)
        self._bars = ShareDelegate(self._list)
        for column in (BEFORE, AFTER):
            self._list.setItemDelegateForColumn(column, self._bars)
        self._list.itemActivated.connect(lambda _item, _column: self._branch())
        self._list.currentItemChanged.connect(lambda _now, _before: self._show_branch())
        self._go_on = QPushButton(self)
        self._go_on.setObjectName("branchFromToken")
        self._go_on.clicked.connect(self._branch)
        column_of_parts = QVBoxLayout(self)
        column_of_parts.setContentsMargins(16, 4, 16, 12)
        column_of_parts.setSpacing(8)
        column_of_parts.addWidget(self._summary)
        column_of_parts.addWidget(self._list, 1)
        column_of_parts.addWidget(self._go_on)
        column_of_parts.addWidget(self._hint)
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("What else could have come")

    def show_rows(self, facts: TokenFacts, rows: Sequence[AlternativeRow]) -> None:
        """The alternatives of a token, the likeliest first."""
        kept = self._current()
        self._facts, self._rows, self._sentence = facts, rows, ""
        self._fill()
        chosen = next((at for at, row in enumerate(rows) if kept is not None and row.token_id == kept.token_id), None)
        came = next((at for at, row in enumerate(rows) if row.came), 0)
        self._list.setCurrentIndex(self._list.model().index(came if chosen is None else chosen, TOKEN))

    def show_nothing(self, sentence: str) -> None:
        """There are no alternatives, and why."""
        self._facts, self._rows, self._sentence = None, (), sentence
        self._fill()

    def offer_end(self, *, is_possible: bool) -> None:
        """Whether the token is the last one of a reply that ended by itself; the button asks for the end then."""
        self._offers_end = is_possible
        self._show_branch()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._bars.theme = theme
        self._list.viewport().update()

    def _current(self) -> AlternativeRow | None:
        item = self._list.currentItem()
        at = -1 if item is None else self._list.indexOfTopLevelItem(item)
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def _branch(self) -> None:
        row = self._current()
        if row is not None and self._may_go_on(row):
            self.branchRequested.emit(row.token_id)
        elif self._is_last(row):
            self.endRequested.emit()

    def _may_go_on(self, row: AlternativeRow) -> bool:
        is_told = self._facts is not None and self._facts.is_told
        return not row.came and not row.ends_reply and not is_told

    def _is_last(self, row: AlternativeRow | None) -> bool:
        """Whether it is the token that came, before the reply's end."""
        return row is not None and row.came and self._offers_end

    def _show_branch(self) -> None:
        row = self._current()
        is_last = self._is_last(row)
        self._go_on.setEnabled(is_last or (row is not None and self._may_go_on(row)))
        self._go_on.setText(self.tr("Instead of its end") if is_last else self.tr("Go on from here"))
        self._go_on.setAccessibleName(self._go_on.text())
        self._go_on.setToolTip(
            self.tr("The tokens that could have come where the reply ended (Enter)")
            if is_last
            else self.tr("Another version of the reply that begins the same (Enter)")
        )
        if row is not None and row.ends_reply and row.came:
            hint = self.tr("The reply ended here. Choose another token to go on instead.")
        elif row is not None and row.ends_reply:
            hint = self.tr("With this token the reply would end here.")
        elif is_last:
            hint = self.tr("This is the token that came, and the reply ended behind it.")
        elif row is not None and row.came:
            hint = self.tr("This is the token that came. Choose another one to go on from there.")
        else:
            hint = self.tr("The reply goes on from here as another version; this one stays.")
        self._hint.setText(hint)

    def _fill(self) -> None:
        self._list.clear()
        for row in self._rows:
            item = QTreeWidgetItem(self._list)
            item.setText(TOKEN, row.text)
            item.setToolTip(TOKEN, plain_tip(self._spoken(row)))
            item.setData(TOKEN, Qt.ItemDataRole.AccessibleTextRole, self._spoken(row))
            item.setText(BEFORE, percent(row.chance))
            item.setData(BEFORE, SHARE, row.chance)
            item.setData(BEFORE, GROUND, "doubt_2")
            is_left = row.share > 0.0
            item.setText(AFTER, percent(row.share) if is_left else row.removed_by or self.tr("out"))
            item.setData(AFTER, SHARE, row.share if is_left else None)
            item.setData(AFTER, GROUND, "token_chosen")
            if row.came:
                bold = QFont(self._list.font())
                bold.setBold(True)
                item.setFont(TOKEN, bold)
        has_rows = bool(self._rows)
        self._list.setColumnHidden(AFTER, self._facts is not None and not self._facts.survivors)
        is_told = self._facts is not None and self._facts.is_told
        self._list.setVisible(has_rows)
        for part in (self._go_on, self._hint):
            part.setVisible(has_rows and not is_told)
        self._say_facts()
        self._show_branch()

    def _spoken(self, row: AlternativeRow) -> str:
        chance = percent(row.chance)
        if self._facts is not None and not self._facts.survivors:
            told = self.tr("{text}: {chance} by the model").format(text=row.text, chance=chance)
        elif row.share > 0.0:
            told = self.tr("{text}: {chance} by the model, {share} after the samplers").format(
                text=row.text, chance=chance, share=percent(row.share)
            )
        elif row.removed_by:
            told = self.tr("{text}: {chance} by the model, removed by {sampler}").format(
                text=row.text, chance=chance, sampler=row.removed_by
            )
        else:
            told = self.tr("{text}: {chance} by the model, removed by the samplers").format(
                text=row.text, chance=chance
            )
        return self.tr("{row} (it came)").format(row=told) if row.came else told

    def _say_facts(self) -> None:
        facts = self._facts
        if facts is None:
            self._summary.setText(self._sentence)
            return
        if facts.is_told:
            told = self.tr("Its chance was {chance}, as the server tells")
            self._summary.setText(told.format(chance=percent(facts.chance)))
            return
        number = QLocale()
        lines = [
            self.tr("Rank {rank} with {chance}; entropy {entropy} nats").format(
                rank=facts.rank + 1, chance=percent(facts.chance), entropy=number.toString(facts.entropy, "f", 2)
            )
        ]
        if facts.survivors:
            lines.append(self.tr("Drawn from %Ln token(s)", "", facts.survivors))
        if facts.seed is not None:
            lines.append(
                self.tr("Seed {seed}, token {position} of the reply").format(
                    seed=facts.seed, position=facts.position + 1
                )
            )
        self._summary.setText("\n".join(lines))

    def _say_texts(self) -> None:
        self._list.setAccessibleName(self.tr("Tokens that could have come"))
        self._list.setToolTip(self.tr("Go on from another token (Enter)"))
        self._list.setHeaderLabels([self.tr("Token"), self.tr("Model"), self.tr("Samplers")])
        self._fill()


class ShareDelegate(QStyledItemDelegate):
    """Draws a cell's share as a bar, and its number over it; a cell without a share is drawn as any other."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = load_theme("light")

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Leave the number of a share to `paint`."""
        super().initStyleOption(option, index)
        if index.data(SHARE) is not None:
            option.text = ""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The ground of the row, the bar, the number."""
        super().paint(painter, option, index)
        share = index.data(SHARE)
        if share is None:
            return
        room = option.rect.adjusted(2, BAR_MARGIN, -2, -BAR_MARGIN)
        bar = self.bar(room, float(share))
        ground = QColor(self.theme.colors[index.data(GROUND)])
        painter.fillRect(QStyle.visualRect(option.direction, room, bar), ground)
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        painter.save()
        painter.setFont(own.font)
        painter.setPen(QColor(self.theme.colors["text"]))
        aligned = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        place = room.adjusted(NUMBER_MARGIN, 0, 0, 0)
        text = own.fontMetrics.elidedText(index.data(), Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, aligned, text)
        painter.restore()

    def bar(self, room: QRect, share: float) -> QRect:
        """Where the bar of a share lies, in a language that is read from left to right."""
        return QRect(room.left(), room.top(), max(round(room.width() * share), 1), room.height())


def percent(share: float) -> str:
    """A share as a person reads it: two digits that count, in the language's own way."""
    if 0.0 < share < SMALLEST:
        return f"<{QLocale().toString(SMALLEST * 100, 'f', 1)}%"
    return f"{QLocale().toString(share * 100, 'f', 1 if share < 0.995 else 0)}%"
