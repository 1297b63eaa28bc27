"""ComparedColumn: one of two models that are compared: which one, what it says, and how both find each token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QFont, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QComboBox, QLabel, QTextEdit, QVBoxLayout, QWidget

from app.core.comparison import ComparedSide
from app.core.settings import CACHE_TYPES
from app.theme import Theme
from app.views.alternatives_view import percent
from app.views.divergence_strip import DivergenceStrip
from app.views.reading_field import reading_field
from app.views.settings_page import WheelGuard

SPACING = 6  # pixels
TEXT_LINES = 8  # of a reply that can be read without scrolling, at least

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ComparedModel:
    """A model that can be chosen."""

    path: str
    name: str
    detail: str


class ComparedColumn(QWidget):
    """`modelChosen()` when a person chooses another model or what its cache is kept in.

    Its `notes` stand below it, and not in it: those of two columns are of different lengths.
    """

    modelChosen = Signal()

    def __init__(self, models: Sequence[ComparedModel], theme: Theme, parent: QWidget, *, number: int) -> None:
        """`number` is 1 or 2, and ends the object names of the parts."""
        super().__init__(parent)
        self.setObjectName(f"compared{number}")
        self._theme, self._guard = theme, WheelGuard(self)
        title = self.tr("First model") if number == 1 else self.tr("Second model")
        self._side: ComparedSide | None = None
        self._other_name = ""
        self._marks: Sequence[Place] = ()
        self._standing_out: Place = (0, 0)  # of a difference or a token
        heading = self._label(title)
        self._model = self._choice(f"comparedModel{number}", title)
        for one in models:
            self._model.addItem("  ".join(filter(None, (one.name, one.detail))), one.path)
        cache_title = self.tr("What its cache is kept in")
        self._cache = self._choice(f"comparedCache{number}", cache_title)
        for cache_type in CACHE_TYPES:
            name = self.tr("Cache as in its settings") if cache_type == "auto" else cache_type
            self._cache.addItem(name, cache_type)
        self._cache.setToolTip(self.tr("The same file with another cache counts as another model"))
        heading.setBuddy(self._model)
        self._figures = self._label("")
        self._figures.setObjectName(f"comparedFigures{number}")
        self._text = reading_field(self, f"comparedText{number}")
        self._text.setMinimumHeight(self._text.fontMetrics().lineSpacing() * TEXT_LINES)
        self._text.setAccessibleName(
            self.tr("What the first model says") if number == 1 else self.tr("What the second model says")
        )
        self._text.setToolTip(self.tr("Underlined: not in the other reply; click or arrow keys choose a word"))
        self._text.cursorPositionChanged.connect(self._choose_at_cursor)
        self.strip = DivergenceStrip(theme, self.described, self)
        self.strip.setObjectName(f"comparedStrip{number}")
        self.strip.setAccessibleName(self.tr("How much the models differ at each token"))
        self.strip.setToolTip(self.tr("Higher: the models differ more; go from token to token by arrow keys"))
        self.strip.chosen.connect(self.choose)
        self._detail = self._label("")
        self._detail.setObjectName(f"comparedDetail{number}")
        self.notes = (self._detail, self._figures)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for choice in (heading, self._model, self._cache):
            column.addWidget(choice)
        column.addWidget(self._text, 1)
        column.addWidget(self.strip)
        column.addStretch(0)
        self.clear()

    @property
    def path(self) -> str:
        """The model that is chosen."""
        return str(self._model.currentData() or "")

    @property
    def cache_type(self) -> str:
        """What its cache is to be kept in; auto: as its settings say."""
        return str(self._cache.currentData())

    def choose_model(self, path: str, cache_type: str = "auto") -> None:
        """Show a choice without emitting `modelChosen`."""
        self._model.setCurrentIndex(max(self._model.findData(path), 0))
        self._cache.setCurrentIndex(self._cache.findData(cache_type))

    def set_choosing(self, *, is_possible: bool) -> None:
        """Whether another model may be chosen."""
        self._model.setEnabled(is_possible)
        self._cache.setEnabled(is_possible)

    def clear(self) -> None:
        """There is no reply yet."""
        self._side, self._marks = None, ()
        self._text.clear()
        self._text.setExtraSelections([])
        self._text.setAccessibleDescription("")
        self.strip.show_values(())
        for part in (self._text, self.strip, *self.notes):
            part.hide()

    def add_text(self, text: str) -> None:
        """The reply goes on."""
        self._text.show()
        self._text.moveCursor(QTextCursor.MoveOperation.End)
        self._text.insertPlainText(text)

    def show_side(self, side: ComparedSide, differing: Sequence[Place], *, other_name: str) -> None:
        """The whole reply, with the characters in it that are not in the other one."""
        self._side, self._other_name, self._standing_out = side, other_name, (0, 0)
        self._marks = [(start, end) for start, end in differing if start < end]
        self._fill()
        self.strip.show_values([token.kl for token in side.tokens])
        self._figures.setText(self._said(side))
        count = QLocale().toString(len(differing))
        self._text.setAccessibleDescription(self.tr("Places that differ: {count}").format(count=count))
        self._detail.setText(self.tr("Choose a word to see how likely both models found it."))
        has_kl = side.mean_kl is not None
        for part in (self._text, *self.notes):
            part.show()
        self.strip.setVisible(has_kl)

    def show_place(self, place: Place) -> None:
        """Bring characters of the reply into view and let them stand out."""
        if self._side is None:
            return
        inside = [at for at, token in enumerate(self._side.tokens) if token.place[1] > place[0]]
        if inside and place[0] < place[1]:
            self._say_token(inside[0])
        self._stand_out(place)

    def choose(self, index: int) -> None:
        """Look at a token of the reply."""
        if self._side is not None:
            self._say_token(index)
            self._stand_out(self._side.tokens[index].place)

    def described(self, index: int) -> str:
        """How both models found a token."""
        assert self._side is not None
        number, token = QLocale(), self._side.tokens[index]
        values = {
            "number": number.toString(index + 1),
            "count": number.toString(len(self._side.tokens)),
            "text": token.text,
            "own": percent(math.exp(token.own)),
        }
        if token.other is None:
            return self.tr("Token {number} of {count}, “{text}”: {own} by this model").format(**values)
        values |= {"other": percent(math.exp(token.other)), "name": self._other_name}
        if token.kl is None:
            return self.tr("Token {number} of {count}, “{text}”: {own} by this model, {other} by {name}").format(
                **values
            )
        return self.tr(
            "Token {number} of {count}, “{text}”: {own} by this model, {other} by {name}; divergence {kl} nats"
        ).format(kl=number.toString(token.kl, "f", 4), **values)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.strip.apply_theme(theme)
        if self._side is not None:
            self._fill()

    def _choose_at_cursor(self) -> None:
        """A person clicked into the text, or went through it by keys."""
        cursor = self._text.textCursor()
        if self._side is None or cursor.hasSelection():
            return
        at = _characters(self._side.text, cursor.position())
        index = next((number for number, token in enumerate(self._side.tokens) if token.place[1] > at), None)
        if index is not None:
            self._say_token(index)
            self._mark(self._side.tokens[index].place)

    def _fill(self) -> None:
        """Put the text into its field; what differs is underlined and lies on a ground, its first word in bold."""
        assert self._side is not None
        text, done = self._side.text, 0
        blocker = QSignalBlocker(self._text)  # nobody moved the cursor
        self._text.clear()
        cursor = QTextCursor(self._text.document())
        cursor.beginEditBlock()
        for number, (start, end) in enumerate(self._marks):
            cursor.insertText(text[done:start], QTextCharFormat())
            form = QTextCharFormat()
            form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DashUnderline)
            form.setBackground(QColor(self._theme.colors["doubt_1"]))
            word = _first_word(text[start:end]) if number == 0 else ""
            form.setFontWeight(QFont.Weight.Bold)
            cursor.insertText(word, form)
            form.setFontWeight(QFont.Weight.Normal)
            cursor.insertText(text[start + len(word) : end], form)
            done = end
        cursor.insertText(text[done:], QTextCharFormat())
        cursor.endEditBlock()
        self._text.moveCursor(QTextCursor.MoveOperation.Start)
        blocker.unblock()
        self._mark(self._standing_out)

    def _say_token(self, index: int) -> None:
        self.strip.show_chosen(index)
        self._detail.setText(self.described(index))

    def _stand_out(self, place: Place) -> None:
        assert self._side is not None
        cursor = self._text.textCursor()
        cursor.setPosition(_units(self._side.text, place[0]))
        blocker = QSignalBlocker(self._text)
        self._text.setTextCursor(cursor)
        blocker.unblock()
        self._text.centerCursor()
        self._mark(place)

    def _mark(self, place: Place) -> None:
        """Put the ground of what is chosen below characters."""
        assert self._side is not None
        self._standing_out = place
        marked, cursor, form = QTextEdit.ExtraSelection(), QTextCursor(self._text.document()), QTextCharFormat()
        cursor.setPosition(_units(self._side.text, place[0]))
        cursor.setPosition(_units(self._side.text, place[1]), QTextCursor.MoveMode.KeepAnchor)
        form.setBackground(QColor(self._theme.colors["token_chosen"]))
        marked.cursor, marked.format = cursor, form
        self._text.setExtraSelections([marked])

    def _said(self, side: ComparedSide) -> str:
        number = QLocale()
        own = self.tr("By itself: {nats} nats, perplexity {perplexity}, %Ln token(s).", "", len(side.tokens)).format(
            nats=number.toString(side.own_logprob, "f", 2), perplexity=number.toString(side.own_perplexity, "f", 2)
        )
        other = self.tr(
            "By {name}: {nats} nats, perplexity {perplexity}, %Ln token(s).", "", side.other_tokens
        ).format(
            name=self._other_name,
            nats=number.toString(side.other_logprob, "f", 2),
            perplexity=number.toString(side.other_perplexity, "f", 2),
        )
        told = [own, other]
        if side.mean_kl is not None:
            most = max(side.tokens, key=lambda token: token.kl or 0.0)
            divergence = self.tr("Divergence: {mean} nats a token, at most {most}, at “{token}”.")
            told.append(
                divergence.format(
                    mean=number.toString(side.mean_kl, "f", 4),
                    most=number.toString(most.kl or 0.0, "f", 4),
                    token=most.text,
                )
            )
        return "\n".join(told)

    def _choice(self, object_name: str, title: str) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(object_name)
        box.setAccessibleName(title)
        box.setToolTip(title)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.activated.connect(lambda _index: self.modelChosen.emit())
        self._guard.guard(box)
        return box

    def _label(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label


def _first_word(text: str) -> str:
    """A text up to the end of its first word."""
    words = text.split(maxsplit=1)
    return text[: text.index(words[0]) + len(words[0])] if words else text


def _units(text: str, at: int) -> int:
    """The place of a character in Qt's text, where those beyond the first plane count twice."""
    return len(text[:at].encode("utf-16-le", "surrogatepass")) // 2


def _characters(text: str, unit: int) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * unit].decode("utf-16-le", "ignore"))
