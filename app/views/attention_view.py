"""AttentionView: which earlier words were read when a token was made, by a layer's heads or by all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QTextEdit,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.attention_shares import Rollup
from app.theme import Theme, code_font, load_theme
from app.views.alternatives_view import GROUND, SHARE, ShareDelegate, percent
from app.views.inspector_parts import token_table
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.plain_tips import plain_tip
from app.views.reading_field import reading_field
from app.views.time_slices import TimeSlices

GROUNDS = ("", "doubt_1", "doubt_2", "doubt_3", "doubt_4")  # by level, see `app.core.attention_shares`
AT_ONCE = 200  # tokens put into the text in one go
MOST_READ = 16  # tokens that are listed
MOST_ROWS = 8  # of the list before it scrolls


class AttentionView(InspectorView):
    """`headsChosen()` when a person wants to see other heads; `layer` and `head` say which."""

    headsChosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attentionView")
        self._theme = load_theme("light")
        self._texts: Sequence[str] = ()
        self._drawn: Sequence[str] = ()
        self._shares: Sequence[float] = ()
        self._levels: Sequence[int] = ()
        self._layers: tuple[int, ...] = ()
        self._heads, self._sentence = 0, ""
        self._begins: list[int] = [0]  # where each token begins in the text, and where the last one ends
        self._listed: list[int] = []
        self._summary = QLabel(self)
        self._summary.setObjectName("attentionSummary")
        self._summary.setWordWrap(True)
        self._summary.setTextFormat(Qt.TextFormat.PlainText)
        self._layer_label, self._head_label = QLabel(self), QLabel(self)
        self._layer, self._head = QComboBox(self), QComboBox(self)
        self._layer.setObjectName("attentionLayer")
        self._head.setObjectName("attentionHead")
        for label, box in ((self._layer_label, self._layer), (self._head_label, self._head)):
            label.setBuddy(box)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._layer.activated.connect(lambda _index: self._choose_layer())
        self._head.activated.connect(lambda _index: self.headsChosen.emit())
        self._list = token_table(self, "attentionTokens", columns=2)
        self._bars = ShareDelegate(self._list)
        self._list.setItemDelegateForColumn(1, self._bars)
        self._list.currentItemChanged.connect(lambda item, _before: self._go_to(item))
        self._text = reading_field(self, "attentionText")
        self._filling = TimeSlices(self)
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        form.addRow(self._layer_label, self._layer)
        form.addRow(self._head_label, self._head)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        column.addWidget(self._summary)
        column.addLayout(form)
        column.addWidget(self._list)
        column.addWidget(self._text, 1)
        column.addStretch(0)
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("What it looked back at")

    @property
    def layer(self) -> int | None:
        """The place of the chosen layer among those that have attention; None: all of them."""
        return self._layer.currentIndex() - 1 if self._layer.currentIndex() > 0 else None

    @property
    def head(self) -> int | Rollup:
        """The chosen head, or what is made of all of them."""
        at = self._head.currentIndex()
        return at - len(Rollup) if at >= len(Rollup) else [*Rollup][max(at, 0)]

    def show_text(self, texts: Sequence[str], drawn: Sequence[str], *, layers: tuple[int, ...], heads: int) -> None:
        """The tokens that were read, as they spell the text and as they are written alone, and who read them."""
        self._texts, self._drawn, self._sentence = texts, drawn, ""
        self._shares, self._levels = (), ()
        if (layers, heads) != (self._layers, self._heads):
            self._layers, self._heads = layers, heads
            self._name_layers()
        self._show_parts()
        self._text.clear()
        self._begins = [0]
        self._filling.run(self._filled())

    def show_shares(self, shares: Sequence[float], levels: Sequence[int]) -> None:
        """How much of each token was read by the chosen heads, and how strongly to shade it."""
        are_first = not self._shares
        self._shares, self._levels = shares, levels
        self._shade()
        self._fill_list()
        if are_first:
            self._go_to_end()

    def show_nothing(self, sentence: str) -> None:
        """There is nothing to show, and why."""
        self._texts, self._drawn, self._shares, self._levels, self._sentence = (), (), (), (), sentence
        self._filling.cancel()
        self._show_parts()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self._theme = self._bars.theme = theme
        self._text.setFont(code_font(theme))
        self._list.viewport().update()
        self._shade()

    def _choose_layer(self) -> None:
        self._name_heads()
        self.headsChosen.emit()

    def _filled(self) -> Iterator[None]:
        """Put the tokens into the text, some at once."""
        for at in range(0, len(self._texts), AT_ONCE):
            cursor = QTextCursor(self._text.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.beginEditBlock()
            for text in self._texts[at : at + AT_ONCE]:
                cursor.insertText(text)
                self._begins.append(cursor.position())
            cursor.endEditBlock()
            yield
        self._shade()
        self._go_to_end()

    def _go_to_end(self) -> None:
        """The last words are read most; the list above takes its room first."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self._text.moveCursor(QTextCursor.MoveOperation.End)

    def _shade(self) -> None:
        selections = []
        if len(self._begins) > len(self._levels):
            for at, level in enumerate(self._levels):
                if level:
                    selection = QTextEdit.ExtraSelection()
                    selection.cursor = self._cursor(at)
                    selection.format.setBackground(QColor(self._theme.colors[GROUNDS[level]]))
                    selection.format.setForeground(QColor(self._theme.colors["text"]))
                    selections.append(selection)
        self._text.setExtraSelections(selections)

    def _cursor(self, at: int) -> QTextCursor:
        cursor = QTextCursor(self._text.document())
        cursor.setPosition(self._begins[at])
        cursor.setPosition(self._begins[at + 1], QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _go_to(self, item: QTreeWidgetItem | None) -> None:
        """Show where a listed token stands."""
        at = -1 if item is None else self._list.indexOfTopLevelItem(item)
        if 0 <= at < len(self._listed) and self._listed[at] + 1 < len(self._begins):
            self._text.setTextCursor(self._cursor(self._listed[at]))
            self._text.centerCursor()

    def _fill_list(self) -> None:
        shares = self._shares
        self._listed = sorted(range(len(shares)), key=lambda at: -shares[at])[:MOST_READ]
        self._list.clear()
        for at in self._listed:
            item = QTreeWidgetItem(self._list)
            item.setText(0, self._drawn[at])
            item.setText(1, percent(shares[at]))
            item.setData(1, SHARE, min(shares[at], 1.0))
            item.setData(1, GROUND, "doubt_2")
            told = self.tr("{text}, token {number}: {share}").format(
                text=self._drawn[at], number=QLocale().toString(at + 1), share=percent(shares[at])
            )
            item.setToolTip(0, plain_tip(told))
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, told)
        if self._listed:
            row, head = self._list.sizeHintForRow(0), self._list.header().sizeHint().height()
            self._list.setFixedHeight(head + row * min(len(self._listed), MOST_ROWS) + 6)
        self._say_summary()

    def _show_parts(self) -> None:
        has_text = bool(self._texts)
        for part in (self._layer_label, self._layer, self._head_label, self._head, self._list, self._text):
            part.setVisible(has_text)
        self._say_summary()

    def _say_summary(self) -> None:
        told = self._sentence
        if self._shares:
            named = [self._drawn[at] for at in self._listed if at > 0][:3]
            told = self.tr("Read most: {words}. The first token has {share}: heads with nothing to read look there.")
            told = told.format(words=self.tr(", ").join(named) or self._drawn[0], share=percent(self._shares[0]))
        self._summary.setText(told)
        self._summary.setVisible(bool(told))
        self._text.setAccessibleDescription(told)

    def _name_layers(self) -> None:
        chosen = max(self._layer.currentIndex(), 0)
        number = QLocale()
        self._layer.clear()
        self._layer.addItem(self.tr("All layers"))
        for layer in self._layers:
            self._layer.addItem(self.tr("Layer {number}").format(number=number.toString(layer + 1)))
        self._layer.setCurrentIndex(chosen if chosen < self._layer.count() else 0)
        self._name_heads()

    def _name_heads(self) -> None:
        """Head 3 of one layer has nothing to do with that of another, so all layers have none to choose."""
        chosen = max(self._head.currentIndex(), 0)
        number = QLocale()
        self._head.clear()
        self._head.addItem(self.tr("Mean of the heads"))
        self._head.addItem(self.tr("Strongest head"))
        if self.layer is not None:
            for head in range(self._heads):
                self._head.addItem(self.tr("Head {number}").format(number=number.toString(head + 1)))
        self._head.setCurrentIndex(chosen if chosen < self._head.count() else 0)

    def _say_texts(self) -> None:
        self._layer_label.setText(self.tr("Layer"))
        self._layer.setAccessibleName(self._layer_label.text())
        self._layer.setToolTip(self.tr("Whose heads are shown"))
        self._head_label.setText(self.tr("Heads"))
        self._head.setAccessibleName(self._head_label.text())
        self._head.setToolTip(self.tr("One head of the layer, or all of them together"))
        self._list.setHeaderLabels([self.tr("Token"), self.tr("Read")])
        self._list.setAccessibleName(self.tr("Tokens that were read most"))
        self._list.setToolTip(self.tr("Go to where the token stands"))
        self._text.setAccessibleName(self.tr("The text before the token, shaded by how much it was read"))
        self._text.setToolTip(self.tr("Darker: read more when the chosen token was made"))
        self._name_layers()
        self._fill_list()
