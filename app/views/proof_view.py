"""ProofView: what a reply's record says of how it was made, and whether it comes again when it is made so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QLabel,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme
from app.views.alternatives_view import GROUND, SHARE, ShareDelegate, percent
from app.views.inspector_parts import AskOrStop, token_table
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.plain_tips import plain_tip

NAME, RECORDED, FOUND = range(3)


@dataclass(frozen=True, slots=True)
class ProofFact:
    """Something that the record says, by its name there; `found` where it is otherwise now."""

    name: str
    recorded: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class ProofToken:
    """A token that could have come at the first difference: its chance in the record and now; None: not known."""

    text: str
    recorded: float | None
    found: float | None


@dataclass(frozen=True, slots=True)
class ProofOutcome:
    """`same` tokens of `total` are the same; `came` and `comes` are written alone, empty where the reply ended.

    `was_chosen`: a person chose the token in the place of the one that was drawn, so this one must differ.
    """

    same: int
    total: int
    came: str = ""
    comes: str = ""
    was_chosen: bool = False
    tokens: Sequence[ProofToken] = ()


class ProofView(InspectorView):
    """`verifyRequested()` and `stopRequested()`."""

    verifyRequested = Signal()
    stopRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("proofView")
        self._facts: Sequence[ProofFact] = ()
        self._outcome: ProofOutcome | None = None
        self._sentence, self._is_stopped = "", False
        self._result, self._hint, self._facts_title, self._tokens_title = (QLabel(self) for _ in range(4))
        self._result.setObjectName("proofResult")
        self._hint.setObjectName("proofHint")
        for label in (self._result, self._hint, self._facts_title, self._tokens_title):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._verify = AskOrStop(self, button="verifyReply", progress="proofProgress")
        self._verify.askRequested.connect(self.verifyRequested)
        self._verify.stopRequested.connect(self.stopRequested)
        self._tokens = token_table(self, "proofTokens", columns=3)
        self._record = token_table(self, "proofRecord", columns=3)
        self._tokens_title.setBuddy(self._tokens)
        self._facts_title.setBuddy(self._record)
        self._bars = ShareDelegate(self._tokens)
        for column in (RECORDED, FOUND):
            self._tokens.setItemDelegateForColumn(column, self._bars)
        column_of_parts = QVBoxLayout(self)
        column_of_parts.setContentsMargins(16, 4, 16, 12)
        column_of_parts.setSpacing(8)
        for part in (self._hint, self._verify, self._result, self._tokens_title):
            column_of_parts.addWidget(part)
        column_of_parts.addWidget(self._tokens, 1)
        column_of_parts.addWidget(self._facts_title)
        column_of_parts.addWidget(self._record, 2)
        column_of_parts.addStretch(0)
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("Proof")

    def show_facts(self, facts: Sequence[ProofFact]) -> None:
        """What the record of another reply says; it was not made again yet."""
        self._facts, self._outcome, self._sentence, self._is_stopped = facts, None, "", False
        self._fill()

    def show_outcome(self, facts: Sequence[ProofFact], outcome: ProofOutcome) -> None:
        """The reply was made again."""
        self._facts, self._outcome, self._sentence, self._is_stopped = facts, outcome, "", False
        self._fill()

    def show_progress(self, same: int, total: int) -> None:
        """How many tokens came again; of 0 tokens: it is not made any more."""
        self._verify.show_progress(same, total)

    def tell(self, sentence: str) -> None:
        """Why it was not made again."""
        self._outcome, self._sentence, self._is_stopped = None, sentence, False
        self._fill()

    def tell_stopped(self) -> None:
        """It was stopped."""
        self._outcome, self._sentence, self._is_stopped = None, "", True
        self._fill()

    def show_nothing(self) -> None:
        """There is no reply whose tokens are known."""
        self.show_facts(())

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._bars.theme = theme
        self._tokens.viewport().update()

    def _fill(self) -> None:
        self._record.clear()
        for fact in self._facts:
            item = QTreeWidgetItem(self._record, [self._fact_name(fact.name), fact.recorded, fact.found])
            told = (
                self.tr("{name}: {recorded}, now {found}") if fact.found else self.tr("{name}: {recorded}")
            ).format(name=item.text(NAME), recorded=fact.recorded, found=fact.found)
            for column in (NAME, RECORDED, FOUND):
                item.setToolTip(column, plain_tip(told))
            item.setData(NAME, Qt.ItemDataRole.AccessibleTextRole, told)
            if fact.found:
                bold = QFont(self._record.font())
                bold.setBold(True)
                for column in (NAME, RECORDED, FOUND):
                    item.setFont(column, bold)
        self._record.setColumnHidden(FOUND, not any(fact.found for fact in self._facts))
        self._tokens.clear()
        tokens = self._outcome.tokens if self._outcome is not None else ()
        for token in tokens:
            item = QTreeWidgetItem(self._tokens, [token.text])
            for column, chance, ground in (
                (RECORDED, token.recorded, "doubt_2"),
                (FOUND, token.found, "token_chosen"),
            ):
                item.setText(column, "–" if chance is None else percent(chance))
                item.setData(column, SHARE, chance)
                item.setData(column, GROUND, ground)
            item.setToolTip(NAME, plain_tip(token.text))
        for part in (self._tokens_title, self._tokens):
            part.setVisible(bool(tokens))
        for widget in (self._hint, self._verify, self._facts_title, self._record):
            widget.setVisible(bool(self._facts))
        stopped = self.tr("Stopped before the end; nothing differed so far.") if self._is_stopped else ""
        self._result.setText(self._said(self._outcome) if self._outcome is not None else stopped or self._sentence)
        self._result.setVisible(bool(self._result.text()))
        self._result.setAccessibleName(self._result.text())

    def _said(self, outcome: ProofOutcome) -> str:
        number = QLocale()
        if outcome.same == outcome.total:
            return self.tr("Identical: %Ln token(s).", "", outcome.total)
        place = number.toString(outcome.same + 1)
        if outcome.was_chosen:
            return self.tr("Identical up to token {place}, which a person chose: “{came}”.").format(
                place=place, came=outcome.came
            )
        if not outcome.comes:
            return self.tr("Differs at token {place} of {total}: the reply ends there now.").format(
                place=place, total=number.toString(outcome.total)
            )
        return self.tr("Differs at token {place} of {total}: “{came}” came, “{comes}” comes now.").format(
            place=place, total=number.toString(outcome.total), came=outcome.came, comes=outcome.comes
        )

    def _fact_name(self, name: str) -> str:
        names = {
            "seed": self.tr("Seed"),
            "model_name": self.tr("Model"),
            "model_sha256": self.tr("SHA-256 of the model's file"),
            "quantisation": self.tr("Quantisation"),
            "fingerprint": self.tr("Weights (fingerprint)"),
            "engine_version": self.tr("Version of the engine"),
            "device": self.tr("Device"),
            "dtype": self.tr("Number type"),
            "cache_type": self.tr("Kept keys and values"),
            "kernels": self.tr("Kernels"),
            "prompt": self.tr("Prompt (digest)"),
            "reused": self.tr("Tokens read before"),
        }
        return names.get(name, name)

    def _say_texts(self) -> None:
        self._hint.setText(
            self.tr("The reply is made again with the recorded settings and seed, and compared token by token.")
        )
        self._verify.say(
            ask=self.tr("Verify this reply"),
            stop=self.tr("Stop"),
            help_text=self.tr("Takes as long as the reply did"),
            progress=self.tr("Tokens that came again"),
        )
        self._tokens_title.setText(self.tr("What could have come there"))
        self._tokens.setAccessibleName(self._tokens_title.text())
        self._tokens.setToolTip(self.tr("The model's chances in the record and now"))
        self._tokens.setHeaderLabels([self.tr("Token"), self.tr("Recorded"), self.tr("Now")])
        self._facts_title.setText(self.tr("What the record says"))
        self._record.setAccessibleName(self._facts_title.text())
        self._record.setToolTip(self.tr("Exports hold this record"))
        self._record.setHeaderLabels([self.tr("What"), self.tr("Recorded"), self.tr("Now")])
        self._fill()
