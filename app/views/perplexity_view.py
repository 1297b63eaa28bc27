"""PerplexityView: how much a document surprises the model: one figure, and each word tinted by how sure it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import Theme, code_font, load_theme
from app.views.confidence_view import GROUNDS
from app.views.inspector_parts import AskOrStop
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.reading_field import reading_field
from app.views.time_slices import TimeSlices

AT_ONCE = 200  # tokens put into the text in one go


class PerplexityView(InspectorView):
    """`openRequested()`, `stopRequested()` and `saveRequested()`."""

    openRequested = Signal()
    stopRequested = Signal()
    saveRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("perplexityView")
        self._theme = load_theme("light")
        self._name, self._sentence = "", ""
        self._figures: tuple[float, float] | None = None  # perplexity, and nats a token
        self._begin = ""
        self._texts: Sequence[str] = ()
        self._levels: Sequence[int] = ()
        self._hint, self._result = QLabel(self), QLabel(self)
        self._hint.setObjectName("perplexityHint")
        self._result.setObjectName("perplexityResult")
        for label in (self._hint, self._result):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._open = AskOrStop(self, button="openDocument", progress="perplexityProgress")
        self._open.askRequested.connect(self.openRequested)
        self._open.stopRequested.connect(self.stopRequested)
        self._save = QPushButton(self)
        self._save.setObjectName("savePerplexity")
        self._save.clicked.connect(self.saveRequested)
        self._text = reading_field(self, "perplexityText")
        self._filling = TimeSlices(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        for part in (self._hint, self._open, self._result):
            column.addWidget(part)
        column.addWidget(self._text, 1)
        column.addWidget(self._save)
        column.addStretch(0)
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("Perplexity of a document")

    def show_scoring(self, done: int, total: int) -> None:
        """How many tokens of the document are scored; of 0 tokens: it is over."""
        self._open.show_progress(done, total)

    def show_document(
        self,
        name: str,
        texts: Sequence[str],
        levels: Sequence[int],
        *,
        begin: str,
        perplexity: float,
        nats: float,
    ) -> None:
        """The tokens of a document with how strongly to tint each, and what they come to.

        `begin` is text before them, which nothing foretells.
        """
        self._name, self._begin, self._texts, self._levels = name, begin, texts, levels
        self._figures, self._sentence = (perplexity, nats), ""
        self._fill()

    def tell(self, sentence: str) -> None:
        """There is no document to show, and why."""
        self._texts, self._levels, self._figures, self._sentence = (), (), None, sentence
        self._fill()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self._theme = theme
        self._text.setFont(code_font(theme))
        self._fill()

    def _fill(self) -> None:
        for part in (self._text, self._save):
            part.setVisible(bool(self._texts))
        self._say_result()
        self._text.setPlainText(self._begin if self._texts else "")
        self._filling.run(self._filled())

    def _filled(self) -> Iterator[None]:
        """Put the tokens into the text, some at once."""
        forms = [QTextCharFormat() for _ in GROUNDS]
        for form, ground in zip(forms[1:], GROUNDS[1:], strict=True):
            form.setBackground(QColor(self._theme.colors[ground]))
        for begin in range(0, len(self._texts), AT_ONCE):
            cursor = QTextCursor(self._text.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.beginEditBlock()
            for at in range(begin, min(begin + AT_ONCE, len(self._texts))):
                cursor.insertText(self._texts[at], forms[self._levels[at]])
            cursor.endEditBlock()
            yield

    def _say_result(self) -> None:
        told = self._sentence
        if self._figures is not None:
            perplexity, nats = self._figures
            number = QLocale()
            told = self.tr("“{name}”: perplexity {perplexity}, {nats} nats a token over {tokens} tokens.").format(
                name=self._name,
                perplexity=number.toString(perplexity, "f", 2),
                nats=number.toString(nats, "f", 3),
                tokens=number.toString(len(self._texts)),
            )
        self._result.setText(told)
        self._result.setVisible(bool(told))
        self._text.setAccessibleDescription(told)

    def _say_texts(self) -> None:
        self._hint.setText(
            self.tr(
                "The model in use reads a document of yours and says how likely it finds each word. "
                "The less it is surprised, the lower the perplexity."
            )
        )
        self._open.say(
            ask=self.tr("Open a file…"),
            stop=self.tr("Stop"),
            help_text=self.tr("A text or PDF file; it stays on this machine"),
            progress=self.tr("Tokens that were read"),
        )
        self._text.setAccessibleName(self.tr("The document, tinted by how likely each word is"))
        self._text.setToolTip(self.tr("Darker: less likely"))
        self._save.setText(self.tr("Save as a table…"))
        self._save.setAccessibleName(self._save.text())
        self._save.setToolTip(self.tr("Every token with its log-probability, rank and entropy (CSV)"))
        self._say_result()
