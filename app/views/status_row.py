"""StatusRow: the quiet line below the composer: what happens now, how fast, and how full the context is."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QEvent, QLocale, QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.views.language import in_every_language
from app.views.plain_tips import plain_tip

MOST_SPARE = 4  # letters that figures may be shorter than their label


class ContextState(StrEnum):
    """Whether the conversation fits into the context; the style sheet knows them by these words."""

    FITS = "fits"
    LEAVES_OUT = "leaves_out"
    TOO_LONG = "too_long"
    TOLD = "told"  # by the server of a remote model, at the last reply; what comes next is not counted


class FigureLabel(QLabel):
    """Figures that change while a reply streams, in a label that keeps its size while they fit.

    Every other label asks the whole window to lay itself out for each text.
    """

    def setText(self, text: str) -> None:
        """Show other figures; an empty text takes no room."""
        super().setText(text)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Other letters need other room."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        wanted = self.sizeHint() if self.text() else QSize(0, 0)
        spare = self.minimumWidth() - wanted.width()
        most = MOST_SPARE * self.fontMetrics().averageCharWidth() if self.text() else 0
        if not 0 <= spare <= most or wanted.height() != self.minimumHeight():
            self.setFixedSize(wanted)


class StatusRow(QWidget):
    """Three labels; an empty text takes no room, and the last is not there where nothing is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = ""
        self._decode_tok_s: float | None = None
        self._used_tokens: int | None = None
        self._context_length: int | None = None
        self._context_state = ContextState.FITS
        self._text = self._label(QLabel(self), "statusText")
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._speed = self._label(FigureLabel(self), "statusSpeed")
        self._context = self._label(FigureLabel(self), "contextMeter")
        for figures in (self._speed, self._context):
            figures.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(16)
        row.addWidget(self._text, 1)
        row.addWidget(self._speed)
        row.addWidget(self._context)
        in_every_language(self, self._say_texts)

    def show_text(self, sentence: str) -> None:
        """What happens now, such as reading the prompt; empty when nothing does."""
        self._sentence = sentence
        self._elide()

    def show_speed(self, decode_tok_s: float | None) -> None:
        """Tokens per second of the running or the last reply."""
        self._decode_tok_s = decode_tok_s
        speed = "" if decode_tok_s is None else QLocale().toString(decode_tok_s, "f", 1)
        self._speed.setText(self.tr("{speed} tok/s").format(speed=speed) if speed else "")

    def show_context(
        self, used_tokens: int | None, context_length: int | None, state: ContextState = ContextState.FITS
    ) -> None:
        """How many tokens of the context the conversation takes, and whether it fits, in words and by colour."""
        self._used_tokens, self._context_length = used_tokens, context_length
        if state is not self._context_state:
            self._context_state = state
            self._context.setProperty("state", state.value)
            self._context.style().unpolish(self._context)
            self._context.style().polish(self._context)
        self._context.setVisible(used_tokens is not None and bool(context_length))
        if used_tokens is None or not context_length:
            self._context.setText("")
            return
        used, total = QLocale().toString(used_tokens), QLocale().toString(context_length)
        match state:
            case ContextState.FITS | ContextState.TOLD:
                shown = self.tr("{used} of {total} tokens")
            case ContextState.LEAVES_OUT:
                shown = self.tr("{used} of {total} tokens: the oldest turns are left out")
            case ContextState.TOO_LONG:
                shown = self.tr("{used} of {total} tokens: too long for the model")
        self._context.setText(shown.format(used=used, total=total))
        percent = min(round(100 * used_tokens / context_length), 100)
        if state is ContextState.TOLD:
            told = self.tr("The server counted {used} of {total} tokens with the last reply ({percent}%).")
        else:
            told = self.tr(
                "{used} of {total} tokens are in use ({percent}%). "
                "When the context is full, the oldest turns are left out of what the model reads."
            )
        detail = told.format(used=used, total=total, percent=percent)
        self._context.setToolTip(detail)
        self._context.setAccessibleDescription(detail)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the sentence into the new width."""
        super().resizeEvent(event)
        self._elide()

    def _say_texts(self) -> None:
        self._text.setAccessibleName(self.tr("Status"))
        self._speed.setAccessibleName(self.tr("Speed"))
        self._context.setAccessibleName(self.tr("Context used"))
        self.show_speed(self._decode_tok_s)
        self.show_context(self._used_tokens, self._context_length, self._context_state)

    def _label(self, label: QLabel, object_name: str) -> QLabel:
        label.setObjectName(object_name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _elide(self) -> None:
        metrics = QFontMetrics(self._text.font())
        shown = metrics.elidedText(self._sentence, Qt.TextElideMode.ElideRight, max(self._text.width(), 120))
        self._text.setText(shown)
        self._text.setToolTip(plain_tip(self._sentence) if shown != self._sentence else "")
