"""SettingsPanel: how replies are drawn and the system prompt; one line of help for each field."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.settings import ReplySettings
from app.theme import Theme, tinted_icon
from app.views.settings_page import WheelGuard
from engine.api import SamplerSettings

LARGEST_SEED = 2**63 - 1
MOST_TOKENS = 1_000_000


class SettingsPanel(QFrame):
    """Emits `settingsChanged(ReplySettings)`."""

    settingsChanged = Signal(object)
    closeRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsPanel")
        self._guard = WheelGuard(self)
        self._shows_foreign_values = False
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(16, 4, 16, 16)
        self._rows.setSpacing(4)
        self._system_prompt = QPlainTextEdit()
        self._system_prompt.setObjectName("systemPrompt")
        self._system_prompt.setFixedHeight(96)
        self._system_prompt.setTabChangesFocus(True)
        self._system_prompt.setPlaceholderText(self.tr("None"))
        self._temperature = self._fraction("temperature", largest=5.0)
        self._top_k = self._count("topK", largest=1000, zero=self.tr("Off"))
        self._top_p = self._fraction("topP", smallest=0.01, largest=1.0)
        self._min_p = self._fraction("minP", largest=1.0)
        self._repetition_penalty = self._fraction("repetitionPenalty", smallest=0.01, largest=3.0)
        self._seed = QLineEdit()
        self._seed.setObjectName("seed")
        self._seed.setPlaceholderText(self.tr("New for each reply"))
        self._seed.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]{0,19}"), self._seed))
        self._max_tokens = self._count("maxTokens", largest=MOST_TOKENS, zero=self.tr("No limit"))
        self._add_rows()
        self._lay_out()
        self.show_settings(ReplySettings())
        self._connect()

    def settings(self) -> ReplySettings:
        """What the fields say now."""
        seed = self._seed.text()
        sampler = SamplerSettings(
            temperature=round(self._temperature.value(), 2),
            top_k=self._top_k.value(),
            top_p=round(self._top_p.value(), 2),
            min_p=round(self._min_p.value(), 2),
            repetition_penalty=round(self._repetition_penalty.value(), 2),
            seed=min(int(seed), LARGEST_SEED) if seed else None,
        )
        return ReplySettings(sampler, self._max_tokens.value() or None, self._system_prompt.toPlainText())

    def show_settings(self, settings: ReplySettings) -> None:
        """Fill the fields without emitting `settingsChanged`."""
        self._shows_foreign_values = True
        sampler = settings.sampler
        self._temperature.setValue(sampler.temperature)
        self._top_k.setValue(sampler.top_k)
        self._top_p.setValue(sampler.top_p)
        self._min_p.setValue(sampler.min_p)
        self._repetition_penalty.setValue(sampler.repetition_penalty)
        self._seed.setText("" if sampler.seed is None else str(sampler.seed))
        self._max_tokens.setValue(settings.max_tokens or 0)
        self._system_prompt.setPlainText(settings.system_prompt)
        self._shows_foreign_values = False

    def focus_first(self) -> None:
        """Put the focus where the panel begins."""
        self._system_prompt.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def apply_theme(self, theme: Theme) -> None:
        """Tint the close button."""
        self._close.setIcon(tinted_icon("close", theme.colors["text_muted"], size=16))

    def _add_rows(self) -> None:
        self._row(
            self.tr("System prompt"),
            self.tr("Told to the model before the first message. Empty: none."),
            self._system_prompt,
        )
        self._row(
            self.tr("Temperature"),
            self.tr("Higher is more varied. 0: always the likeliest word."),
            self._temperature,
        )
        self._row(self.tr("Top-k"), self.tr("Only the k likeliest tokens may be drawn. 0: off."), self._top_k)
        self._row(self.tr("Top-p"), self.tr("Only the likeliest tokens that together reach p. 1: off."), self._top_p)
        self._row(
            self.tr("Min-p"),
            self.tr("Drops tokens less likely than p times the likeliest. 0: off."),
            self._min_p,
        )
        self._row(
            self.tr("Repetition penalty"),
            self.tr("Above 1, words already used become less likely. 1: off."),
            self._repetition_penalty,
        )
        self._row(self.tr("Seed"), self.tr("The same seed gives the same reply. Empty: a new one."), self._seed)
        self._row(self.tr("Longest reply"), self.tr("In tokens. 0: up to the context's end."), self._max_tokens)
        self._rows.addStretch(1)

    def _row(self, title: str, help_text: str, editor: QWidget) -> None:
        label = QLabel(title)
        label.setBuddy(editor)
        help_label = QLabel(help_text)
        help_label.setObjectName("settingHelp")
        help_label.setWordWrap(True)
        editor.setAccessibleName(title)
        editor.setAccessibleDescription(help_text)
        editor.setToolTip(help_text)
        if isinstance(editor, QAbstractSpinBox):
            self._guard.guard(editor)
        self._rows.addWidget(label)
        self._rows.addWidget(editor)
        self._rows.addWidget(help_label)
        self._rows.addSpacing(10)

    def _lay_out(self) -> None:
        content = QWidget()
        content.setObjectName("settingsContent")
        content.setLayout(self._rows)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        title = QLabel(self.tr("Settings"))
        title.setObjectName("panelTitle")
        self._close = QToolButton(self)
        self._close.setAccessibleName(self.tr("Close settings"))
        self._close.setToolTip(self.tr("Close settings"))
        self._close.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._close.clicked.connect(self.closeRequested)
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 8, 4)
        head.addWidget(title, 1)
        head.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(area, 1)

    def _connect(self) -> None:
        for box in (self._temperature, self._top_p, self._min_p, self._repetition_penalty):
            box.valueChanged.connect(self._changed)
        self._top_k.valueChanged.connect(self._changed)
        self._max_tokens.valueChanged.connect(self._changed)
        self._seed.textChanged.connect(self._changed)
        self._system_prompt.textChanged.connect(self._changed)

    def _changed(self) -> None:
        if not self._shows_foreign_values:
            self.settingsChanged.emit(self.settings())

    def _fraction(self, object_name: str, *, smallest: float = 0.0, largest: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setObjectName(object_name)
        box.setRange(smallest, largest)
        box.setDecimals(2)
        box.setSingleStep(0.05)
        return box

    def _count(self, object_name: str, *, largest: int, zero: str) -> QSpinBox:
        box = QSpinBox()
        box.setObjectName(object_name)
        box.setRange(0, largest)
        box.setSpecialValueText(zero)
        return box
