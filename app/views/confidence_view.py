"""ConfidenceView: how sure the model was of each word: the legend of the tints, and the least sure words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QTextCharFormat
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.confidence import LEVELS, Measure, UnsureWord
from app.theme import Theme, load_theme
from app.views.alternatives_view import percent
from app.views.flow_layout import FlowLayout
from app.views.inspector_parts import AskOrStop
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language

GROUNDS = ("", *(f"doubt_{level}" for level in range(1, LEVELS)))
_STYLE = QTextCharFormat.UnderlineStyle
LINES = (_STYLE.NoUnderline, _STYLE.NoUnderline, _STYLE.DotLine, _STYLE.DashUnderline, _STYLE.SingleUnderline)
_PENS = (None, None, Qt.PenStyle.DotLine, Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine)  # the same, for the legend
SPOKEN = 5  # of the least sure words that the summary names


class ConfidenceView(InspectorView):
    """`measureChosen(Measure or None)`, `wordChosen(index)`, `scoreRequested()` and `stopRequested()`."""

    measureChosen = Signal(object)
    wordChosen = Signal(int)
    scoreRequested = Signal()
    stopRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confidenceView")
        self._words: Sequence[UnsureWord] = ()
        self._mean: float | None = None
        self._can_score, self._sentence = False, ""
        self._measure_label = QLabel(self)
        self._measure = QComboBox(self)
        self._measure.setObjectName("confidenceMeasure")
        self._measure_label.setBuddy(self._measure)
        self._measure.currentIndexChanged.connect(lambda _index: self._choose_measure())
        self._legend = _Legend(self)
        self._summary = QLabel(self)
        self._summary.setObjectName("confidenceSummary")
        self._list_title = QLabel(self)
        for label in (self._summary, self._list_title, self._measure_label):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._list = QListWidget(self)
        self._list.setObjectName("leastSure")
        self._list_title.setBuddy(self._list)
        self._list.itemActivated.connect(self._choose_word)
        self._list.itemClicked.connect(self._choose_word)
        self._score = AskOrStop(self, button="scoreText", progress="scoreProgress")
        self._score.askRequested.connect(self.scoreRequested)
        self._score.stopRequested.connect(self.stopRequested)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        for part in (self._measure_label, self._measure, self._legend, self._summary, self._score):
            column.addWidget(part)
        column.addWidget(self._list_title)
        column.addWidget(self._list, 1)
        column.addStretch(0)
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("How sure it was")

    @property
    def measure(self) -> Measure | None:
        """What tints go by; None: there are none."""
        chosen = self._measure.currentData()
        return None if not chosen else Measure(chosen)

    def show_words(self, words: Sequence[UnsureWord], *, mean: float | None, sentence: str, can_score: bool) -> None:
        """The least sure words, the mean probability of a token, or a sentence, and whether to offer a score."""
        self._words, self._mean, self._sentence, self._can_score = words, mean, sentence, can_score
        self._say()

    def show_scoring(self, done: int, total: int) -> None:
        """How many tokens are scored; of 0 tokens: none any more."""
        self._score.show_progress(done, total)
        self._say()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._legend.show_theme(theme)

    def _choose_measure(self) -> None:
        self._say()
        self.measureChosen.emit(self.measure)

    def _choose_word(self, item: QListWidgetItem) -> None:
        self.wordChosen.emit(self._words[self._list.row(item)].index)

    def _say(self) -> None:
        self._list.clear()
        for word in self._words:
            text = self.tr("{word} ({chance})").format(word=word.word, chance=percent(word.probability))
            self._list.addItem(QListWidgetItem(text))
        has_words = bool(self._words)
        self._list.setVisible(has_words)
        self._list_title.setVisible(has_words)
        self._score.setVisible(self._can_score or self._score.is_asking)
        summary = self._sentence
        if has_words and self._mean is not None:
            named = self.tr(", ").join(word.word for word in self._words[:SPOKEN])
            summary = self.tr("On average {chance} for a token. Least sure: {words}.").format(
                chance=percent(self._mean), words=named
            )
        self._summary.setText(summary)
        self._summary.setVisible(bool(summary))
        self._list.setAccessibleDescription(summary)
        self._legend.setVisible(self.measure is not None)
        self._legend.show_texts(self._bounds())

    def _bounds(self) -> Sequence[str]:
        match self.measure:
            case Measure.PROBABILITY:
                return (">90%", ">60%", ">30%", ">10%", "<10%")
            case Measure.RANK:
                return ("1", "2", "3–5", "6–20", ">20")
            case Measure.ENTROPY:
                return ("<0.5", ">0.5", ">1.2", ">2", ">3")
        return ()

    def _say_texts(self) -> None:
        self._measure_label.setText(self.tr("Colour the words of the reply"))
        chosen = self._measure.currentIndex()
        self._measure.blockSignals(True)
        self._measure.clear()
        for text, measure in (
            (self.tr("Off"), ""),
            (self.tr("By probability"), Measure.PROBABILITY),
            (self.tr("By rank"), Measure.RANK),
            (self.tr("By entropy (nats)"), Measure.ENTROPY),
        ):
            self._measure.addItem(text, str(measure))
        self._measure.setCurrentIndex(max(chosen, 0))
        self._measure.blockSignals(False)
        self._measure.setAccessibleName(self._measure_label.text())
        self._measure.setToolTip(self.tr("Darker grounds and stronger lines: less sure"))
        self._score.say(
            ask=self.tr("Score this text"),
            stop=self.tr("Stop"),
            help_text=self.tr("How likely the model in use finds each word of it"),
            progress=self.tr("Score this text"),
        )
        self._list_title.setText(self.tr("Least sure words"))
        self._list.setAccessibleName(self._list_title.text())
        self._list.setToolTip(self.tr("Look at the word (Enter)"))
        self._legend.setAccessibleName(self.tr("Legend: from sure to least sure"))
        self._say()


class _Legend(QWidget):
    """The grounds side by side, with where they begin."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("confidenceLegend")
        self._swatches = [_Swatch(level, self) for level in range(LEVELS)]
        row = FlowLayout(self, spacing=2)
        for swatch in self._swatches:
            row.addWidget(swatch)

    def show_texts(self, texts: Sequence[str]) -> None:
        for swatch, text in zip(self._swatches, texts, strict=False):
            swatch.setText(text)
        self.setAccessibleDescription("; ".join(texts))

    def show_theme(self, theme: Theme) -> None:
        for swatch in self._swatches:
            swatch.theme = theme
            swatch.update()


class _Swatch(QLabel):
    """One ground with its line, as words have it."""

    def __init__(self, level: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = load_theme("light")
        self._level = level
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMargin(5)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, then the text."""
        painter = QPainter(self)
        if self._level:
            painter.fillRect(self.rect(), QColor(self.theme.colors[GROUNDS[self._level]]))
        style = _PENS[self._level]
        if style is not None:
            painter.setPen(QPen(QColor(self.theme.colors["text"]), 1, style))
            below = self.rect().bottom() - 2
            painter.drawLine(4, below, self.rect().right() - 4, below)
        painter.end()
        super().paintEvent(event)
