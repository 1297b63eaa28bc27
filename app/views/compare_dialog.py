"""CompareDialog: one prompt and two models: what both say, where they differ, and how each finds the other's reply.

It shows and emits; `CompareController` asks the engine. Built anew each time it opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.comparison import Comparison
from app.theme import Theme
from app.views.compared_column import ComparedColumn, ComparedModel
from app.views.dialog_pages import SPACING, button
from app.views.endless_words import bear_endless_words
from app.views.flow_layout import FlowLayout
from app.views.inspector_parts import AskOrStop
from app.views.settings_page import WheelGuard, pad
from engine.inspection.api import CompareStep

PROMPT_LINES = 3
COLUMN_LETTERS = 48  # of the mean width; narrower, the replies stand below each other
USUAL_TOKENS, MOST_TOKENS = 200, 4096  # of a reply


@dataclass(frozen=True, slots=True)
class CompareChoice:
    """What a person wants compared; `models` are paths with what each one's cache is kept in (auto: its settings)."""

    prompt: str
    has_context: bool
    models: tuple[tuple[str, str], tuple[str, str]]
    max_tokens: int
    is_greedy: bool


class CompareDialog(QDialog):
    """`compareRequested(CompareChoice)`, `stopRequested()`, `choiceChanged()`, `saveRequested(ending)`: md or csv.

    `lastRequested()` wants the comparison back that was made before this dialog opened.
    """

    compareRequested = Signal(object)
    stopRequested = Signal()
    choiceChanged = Signal()
    saveRequested = Signal(str)
    lastRequested = Signal()

    def __init__(
        self,
        models: Sequence[ComparedModel],
        theme: Theme,
        parent: QWidget,
        *,
        prompt: str,
        context: int,
        has_last: bool,
    ) -> None:
        """`context` is how many messages stand before the prompt; `has_last` whether another comparison is kept."""
        super().__init__(parent)
        self.setObjectName("compareDialog")
        self.setWindowTitle(self.tr("Compare two models"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._shown: Comparison | None = None
        self._at = -1  # the difference that stands out
        self._has_last = has_last
        self._prompt = QPlainTextEdit(self)
        self._prompt.setObjectName("comparePrompt")
        bear_endless_words(self._prompt)
        self._prompt.setPlainText(prompt)
        self._prompt.setTabChangesFocus(True)
        self._prompt.setMinimumHeight(self._prompt.fontMetrics().lineSpacing() * (PROMPT_LINES + 1))
        self._prompt.setMaximumHeight(self._prompt.fontMetrics().lineSpacing() * (2 * PROMPT_LINES))
        prompt_title = self._label(self.tr("Message for both models"))
        prompt_title.setBuddy(self._prompt)
        self._prompt.setAccessibleName(prompt_title.text())
        self._prompt.setToolTip(self.tr("Both models get this message, each in its own template"))
        self._context = QCheckBox(self.tr("With the %Ln message(s) before it", "", context), self)
        self._context.setObjectName("compareContext")
        self._context.setChecked(context > 0)
        self._context.setVisible(context > 0)
        self._context.setToolTip(self.tr("The system prompt counts as one of them"))
        self._greedy = QCheckBox(self.tr("Always the likeliest token"), self)
        self._greedy.setObjectName("compareGreedy")
        self._greedy.setChecked(True)
        self._greedy.setToolTip(
            self.tr("What differs is then the models' doing; else both draw with the chat's settings and one seed")
        )
        self._tokens = QSpinBox(self)
        self._tokens.setObjectName("compareTokens")
        self._tokens.setRange(1, MOST_TOKENS)
        self._tokens.setValue(USUAL_TOKENS)
        tokens_title = self._label(self.tr("Longest reply, in tokens"))
        tokens_title.setWordWrap(False)
        tokens_title.setBuddy(self._tokens)
        self._tokens.setAccessibleName(tokens_title.text())
        self._tokens.setToolTip(tokens_title.text())
        self._tokens.valueChanged.connect(lambda _value: self.choiceChanged.emit())
        WheelGuard(self).guard(self._tokens)
        pad(self._tokens)
        self.columns = [ComparedColumn(models, theme, self, number=number) for number in (1, 2)]
        for column in self.columns:
            column.modelChosen.connect(self.choiceChanged)
        self._memory = self._label("", name="compareMemory")
        self._state = self._label("", name="compareState")
        self._error = self._label("", name="dialogError")
        self._summary = self._label("", name="compareSummary")
        self._asking = AskOrStop(self, button="compareModels", progress="compareProgress")
        self._asking.say(
            ask=self.tr("Compare"),
            stop=self.tr("Stop"),
            help_text=self.tr("Both reply, and read the other's reply; the model in use comes back afterwards"),
            progress=self.tr("Steps that are done"),
        )
        self._asking.askRequested.connect(self._ask)
        self._asking.stopRequested.connect(self.stopRequested)
        self._back = button(self, "previousDifference", self.tr("Previous difference"))
        self._on = button(self, "nextDifference", self.tr("Next difference"))
        self._save_report = button(self, "saveComparison", self.tr("Save as Markdown…"))
        self._save_table = button(self, "saveComparisonTable", self.tr("Save as a table…"))
        self._last = button(self, "lastComparison", self.tr("Show the last comparison"))
        self._close = button(self, "closeComparison", self.tr("Close"))
        for one, told in (
            (self._back, self._back.text()),
            (self._on, self._on.text()),
            (self._save_report, self.tr("Figures, both replies and their differences")),
            (self._save_table, self.tr("Every token with both log-probabilities and the divergence (CSV)")),
            (self._last, self.tr("The one that was made before, on another message")),
            (self._close, self._close.text()),
        ):
            one.setAccessibleName(one.text())
            one.setToolTip(told)
        self._back.clicked.connect(lambda: self._go(self._at - 1))
        self._on.clicked.connect(lambda: self._go(self._at + 1))
        self._save_report.clicked.connect(lambda: self.saveRequested.emit("md"))
        self._save_table.clicked.connect(lambda: self.saveRequested.emit("csv"))
        self._last.clicked.connect(self.lastRequested)
        self._close.clicked.connect(self.reject)
        self.finished.connect(lambda _result: self.stopRequested.emit())
        self._lay_out(prompt_title, tokens_title)
        self._show_result()
        self.setMinimumSize(360, 320)
        self.resize(QSize(1000, 760).boundedTo(parent.screen().availableSize()))
        self._prompt.setFocus()

    @property
    def choice(self) -> CompareChoice:
        """What is chosen now."""
        first, second = self.columns
        return CompareChoice(
            self._prompt.toPlainText(),
            self._context.isChecked(),
            ((first.path, first.cache_type), (second.path, second.cache_type)),
            self._tokens.value(),
            self._greedy.isChecked(),
        )

    def show_choice(self, choice: CompareChoice) -> None:
        """Show what was chosen before."""
        self._prompt.setPlainText(choice.prompt)
        self._context.setChecked(choice.has_context)
        self._tokens.setValue(choice.max_tokens)
        self._greedy.setChecked(choice.is_greedy)
        for column, (path, cache_type) in zip(self.columns, choice.models, strict=True):
            column.choose_model(path, cache_type)

    def show_memory(self, sentence: str) -> None:
        """What the two models need, and what there is."""
        self._say(self._memory, sentence)

    def show_error(self, sentence: str) -> None:
        """Why there is no comparison; empty: nothing is wrong."""
        self._say(self._error, sentence)
        if sentence:
            self._area.ensureWidgetVisible(self._error)

    def begin(self) -> None:
        """The models are asked; nothing is known yet."""
        self._shown = None
        self.show_error("")
        for column in self.columns:
            column.clear()
            column.set_choosing(is_possible=False)
        self._show_result()
        self._last.hide()

    def show_progress(self, done: int, total: int, *, which: int, step: CompareStep, name: str, text: str) -> None:
        """How far it is; `text` goes on with what model `which` says."""
        self._asking.show_progress(done, total)
        if text:
            self.columns[which].add_text(text)
        self._say(
            self._state,
            {
                CompareStep.LOADING: self.tr("{name} is loaded…"),
                CompareStep.REPLYING: self.tr("{name} writes…"),
                CompareStep.SCORING: self.tr("{name} reads the replies…"),
            }[step].format(name=name),
        )

    def tell(self, sentence: str) -> None:
        """What came of something that a person wanted."""
        self._say(self._state, sentence)

    def end(self) -> None:
        """Nothing is asked any more."""
        self._asking.show_progress(0, 0)
        self.tell("")
        self._show_result()
        if self._shown is not None:
            QTimer.singleShot(0, self, self._bring_result)  # when it has its place
        for column in self.columns:
            column.set_choosing(is_possible=True)

    def show_comparison(self, found: Comparison) -> None:
        """What the two models say, and the first place where that differs."""
        self._shown, self._at = found, -1
        places = zip(*((run.first, run.second) for run in found.differences), strict=True)
        marked = [*places] or [(), ()]
        names = [side.name for side in found.sides]
        for column, side, marks, other in zip(self.columns, found.sides, marked, reversed(names), strict=True):
            column.show_side(side, marks, other_name=other)
        self._show_result()
        if found.differences:
            self._go(0)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        for column in self.columns:
            column.apply_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where two replies have no room beside each other, they stand below each other."""
        super().resizeEvent(event)
        least = 2 * COLUMN_LETTERS * self.fontMetrics().averageCharWidth()
        self._place_columns(is_wide=self.width() >= least)

    def _place_columns(self, *, is_wide: bool) -> None:
        """Side by side, strips and notes begin at one height each; else every column has its notes below it."""
        first, second = self.columns
        grid, rows = self._replies, 1 + len(first.notes)
        row, at = (0, 1) if is_wide else (rows, 0)
        there = grid.itemAtPosition(row, at)
        if there is not None and there.widget() is second:
            return
        for column, top, left in ((first, 0, 0), (second, row, at)):
            grid.addWidget(column, top, left)
            for number, note in enumerate(column.notes, top + 1):
                grid.addWidget(note, number, left, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(rows, 0 if is_wide else 1)
        grid.setColumnStretch(1, 1 if is_wide else 0)

    def _bring_result(self) -> None:
        self._rows.activate()
        self._area.verticalScrollBar().setValue(self._summary.y())

    def _ask(self) -> None:
        if self._prompt.toPlainText().strip():
            self.compareRequested.emit(self.choice)
        else:
            self.show_error(self.tr("Write a message for both models first."))
            self._prompt.setFocus()

    def _go(self, at: int) -> None:
        """Bring a difference into view in both replies."""
        assert self._shown is not None
        differences = self._shown.differences
        self._at = at
        for column, place in zip(self.columns, (differences[at].first, differences[at].second), strict=True):
            column.show_place(place)
        self._show_summary()

    def _show_result(self) -> None:
        has_result = self._shown is not None
        has_difference = self._shown is not None and bool(self._shown.differences)
        for one in (self._back, self._on):
            one.setVisible(has_difference)
        for one in (self._save_report, self._save_table):
            one.setVisible(has_result)
        self._last.setVisible(self._has_last and not has_result)
        self._show_summary()

    def _show_summary(self) -> None:
        found = self._shown
        if found is None:
            self._say(self._summary, "")
            return
        number, count = QLocale(), len(found.differences)
        if not count:
            told = self.tr("Both say the same.")
        else:
            told = self.tr("Difference {number} of {count}.").format(
                number=number.toString(self._at + 1), count=number.toString(count)
            )
        if not found.has_divergence:
            told += "\n" + self.tr(
                "Their vocabularies differ, so no divergence is defined; each figure is by that model's own tokens."
            )
        self._back.setEnabled(self._at > 0)
        self._on.setEnabled(self._at + 1 < count)
        self._say(self._summary, told)

    def _say(self, label: QLabel, sentence: str) -> None:
        label.setText(sentence)
        label.setVisible(bool(sentence))

    def _label(self, text: str, *, name: str = "") -> QLabel:
        label = QLabel(text, self)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _lay_out(self, prompt_title: QLabel, tokens_title: QLabel) -> None:
        content = QWidget(self)
        options = QWidget(content)
        flow = FlowLayout(options, spacing=SPACING)
        length = QWidget(options)
        beside = QHBoxLayout(length)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(tokens_title)
        beside.addWidget(self._tokens)
        for part in (self._context, self._greedy, length):
            flow.addWidget(part)
        start = QHBoxLayout()
        start.addWidget(self._asking, 1)
        start.addStretch(1)
        self._replies = QGridLayout()
        self._replies.setSpacing(SPACING)
        self._replies.setRowStretch(0, 1)
        self._replies.setColumnStretch(0, 1)
        steps = QHBoxLayout()
        steps.setSpacing(SPACING)
        steps.addWidget(self._back)
        steps.addWidget(self._on)
        steps.addStretch(1)
        self._rows = rows = QVBoxLayout(content)
        rows.setSpacing(SPACING)
        asked: tuple[QWidget, ...] = (prompt_title, self._prompt, options, self._memory, self._error)
        for row in asked:
            rows.addWidget(row)
        rows.addLayout(start)
        for told in (self._state, self._summary):
            rows.addWidget(told)
        rows.addLayout(steps)
        rows.addLayout(self._replies, 1)
        self._place_columns(is_wide=True)
        self._area = QScrollArea(self)
        self._area.setObjectName("compareArea")
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(content)
        ends = QWidget(self)
        answers = FlowLayout(ends, spacing=SPACING, at_end=True)
        for answer in (self._last, self._save_report, self._save_table, self._close):
            answers.addWidget(answer)
        whole = QVBoxLayout(self)
        whole.addWidget(self._area, 1)
        whole.addWidget(ends)
