"""SettingsPanel: how the open chat is answered: its preset, its values, and where each of them comes from.

It shows what the reply settings controller resolved, and emits what a person wants changed in this chat. Most
samplers are folded away, and have no widgets until somebody unfolds them.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.presets import Preset
from app.core.reply_settings import Layer, Resolved
from app.theme import Theme, tinted_icon
from app.views.language import in_every_language
from app.views.preset_names import preset_name, preset_title
from app.views.settings_page import WheelGuard
from app.views.value_editors import (
    BiasEditor,
    CountEditor,
    FractionEditor,
    LinesEditor,
    SchemaEditor,
    SeedEditor,
    TextEditor,
    ValueEditor,
)
from app.views.value_row import ValueRow
from app.views.value_texts import spoken_value, value_texts

MOST_TOKENS = 1_000_000
MOST_LOOKED_AT = 4096  # tokens, see `engine.sampling`
ICON_SIZE = 16  # pixels
ROW_SPACING = 14  # pixels


class SettingsPanel(QFrame):
    """`presetChosen(id or "")`, `valueEdited(name, value)` and `valueResetRequested(name)` concern the open chat."""

    presetChosen = Signal(str)
    valueEdited = Signal(str, object)
    valueResetRequested = Signal(str)
    savePresetRequested = Signal()
    managePresetsRequested = Signal()
    beginWithPresetRequested = Signal()
    makeDefaultRequested = Signal(bool)  # True: for the model in use alone
    resetAllRequested = Signal()
    closeRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsPanel")
        self._guard = WheelGuard(self)
        self._presets: tuple[Preset, ...] = ()
        self._preset: Preset | None = None
        self._theme: Theme | None = None
        self._resolved: Resolved | None = None
        self._below: Resolved | None = None
        self._title, self._preset_label = QLabel(), QLabel()
        self._title.setObjectName("panelTitle")
        self._title.setWordWrap(True)
        self._close = self._tool_button("closeSettings")
        self._close.clicked.connect(self.closeRequested)
        self._picker = QComboBox()
        self._picker.setObjectName("presetPicker")
        self._picker.activated.connect(lambda _index: self.presetChosen.emit(self._picker.currentData()))
        self._guard.guard(self._picker)
        self._preset_label.setBuddy(self._picker)
        self._preset_menu = self._make_preset_menu()
        self._menu_button = self._tool_button("presetMenu")
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setMenu(self._preset_menu)
        self._rows: dict[str, ValueRow] = {}
        self._more = QWidget()
        self._more.setObjectName("moreSamplers")
        self._more_button = self._tool_button("moreSamplersButton")
        self._more_button.setCheckable(True)
        self._more_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more_button.toggled.connect(self._fold)
        self._lay_out()
        self._more.hide()
        in_every_language(self, self._say_texts)

    def show_presets(self, presets: Sequence[Preset]) -> None:
        """The presets that can be chosen."""
        self._presets = tuple(presets)
        self._fill_picker()

    def show_settings(self, resolved: Resolved, below: Resolved, preset: Preset | None) -> None:
        """What this chat is answered with, what it would be without the chat's own values, and the chat's preset."""
        self._resolved, self._below, self._preset = resolved, below, preset
        self._show_values()
        self._fill_picker()

    def focus_first(self) -> None:
        """Put the focus where the panel begins."""
        self._picker.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons."""
        muted = theme.colors["text_muted"]
        self._close.setIcon(tinted_icon("close", muted, size=ICON_SIZE))
        self._menu_button.setIcon(tinted_icon("more", muted, size=ICON_SIZE))
        self._theme = theme
        self._fold(self._more_button.isChecked())
        for row in self._rows.values():
            row.apply_theme(theme)

    def _fold(self, is_open: bool) -> None:
        if is_open and self._more.layout() is None:
            column = QVBoxLayout(self._more)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(ROW_SPACING)
            self._add_rows(self._more_editors(), column)
            self._show_values()
        self._more.setVisible(is_open)
        if self._theme is not None:
            icon = "chevron-down" if is_open else "chevron-right"
            self._more_button.setIcon(tinted_icon(icon, self._theme.colors["text_muted"], size=ICON_SIZE))

    def _first_editors(self) -> dict[str, ValueEditor]:
        guard = self._guard
        return {
            "system_prompt": TextEditor("systemPrompt", lines=5),
            "temperature": FractionEditor("temperature", guard, largest=5.0),
            "top_p": FractionEditor("topP", guard, smallest=0.01, largest=1.0),
            "max_tokens": CountEditor("maxTokens", guard, largest=MOST_TOKENS, is_zero_none=True),
            "seed": SeedEditor("seed"),
            "stop": LinesEditor("stopStrings", lines=2),
            "json_schema": SchemaEditor("jsonSchema"),
        }

    def _more_editors(self) -> dict[str, ValueEditor]:
        guard = self._guard
        return {
            "top_k": CountEditor("topK", guard, largest=1000),
            "min_p": FractionEditor("minP", guard, largest=1.0),
            "typical_p": FractionEditor("typicalP", guard, smallest=0.01, largest=1.0),
            "top_n_sigma": FractionEditor("topNSigma", guard, largest=5.0),
            "xtc_probability": FractionEditor("xtcProbability", guard, largest=1.0),
            "xtc_threshold": FractionEditor("xtcThreshold", guard, smallest=0.01, largest=1.0),
            "temperature_range": FractionEditor("temperatureRange", guard, largest=5.0),
            "temperature_exponent": FractionEditor("temperatureExponent", guard, smallest=0.01, largest=5.0),
            "repetition_penalty": FractionEditor("repetitionPenalty", guard, smallest=0.01, largest=3.0),
            "presence_penalty": FractionEditor("presencePenalty", guard, smallest=-2.0, largest=2.0),
            "frequency_penalty": FractionEditor("frequencyPenalty", guard, smallest=-2.0, largest=2.0),
            "repetition_window": CountEditor("repetitionWindow", guard, largest=MOST_LOOKED_AT),
            "dry_multiplier": FractionEditor("dryMultiplier", guard, largest=5.0),
            "dry_base": FractionEditor("dryBase", guard, smallest=1.0, largest=4.0),
            "dry_allowed_length": CountEditor("dryAllowedLength", guard, smallest=1, largest=100),
            "dry_breakers": LinesEditor("dryBreakers", lines=4),
            "mirostat_tau": FractionEditor("mirostatTau", guard, largest=10.0),
            "mirostat_eta": FractionEditor("mirostatEta", guard, smallest=0.01, largest=1.0),
            "logit_bias": BiasEditor("logitBias", lines=2),
        }

    def _add_rows(self, editors: dict[str, ValueEditor], column: QVBoxLayout) -> None:
        texts = value_texts()
        for name, editor in editors.items():
            row = self._rows[name] = ValueRow(name, editor)
            row.edited.connect(self.valueEdited)
            row.resetRequested.connect(self.valueResetRequested)
            row.say(texts[name])
            if self._theme is not None:
                row.apply_theme(self._theme)
            column.addWidget(row)

    def _make_preset_menu(self) -> QMenu:
        menu = QMenu(self)
        self._save_preset = menu.addAction("")
        self._save_preset.triggered.connect(lambda _checked: self.savePresetRequested.emit())
        self._begin_with = menu.addAction("")
        self._begin_with.triggered.connect(lambda _checked: self.beginWithPresetRequested.emit())
        self._for_model = menu.addAction("")
        self._for_model.triggered.connect(lambda _checked: self.makeDefaultRequested.emit(True))
        self._for_all = menu.addAction("")
        self._for_all.triggered.connect(lambda _checked: self.makeDefaultRequested.emit(False))
        menu.addSeparator()
        self._reset_all = menu.addAction("")
        self._reset_all.triggered.connect(lambda _checked: self.resetAllRequested.emit())
        menu.addSeparator()
        self._manage = menu.addAction("")
        self._manage.triggered.connect(lambda _checked: self.managePresetsRequested.emit())
        for action, name in (
            (self._save_preset, "savePreset"),
            (self._begin_with, "beginWithPreset"),
            (self._for_model, "makeModelDefault"),
            (self._for_all, "makeDefault"),
            (self._reset_all, "resetAllValues"),
            (self._manage, "managePresets"),
        ):
            action.setObjectName(name)
        return menu

    def _say_texts(self) -> None:
        self._title.setText(self.tr("Settings of this chat"))
        self._close.setAccessibleName(self.tr("Close settings"))
        self._close.setToolTip(self.tr("Close settings"))
        self._preset_label.setText(self.tr("Preset"))
        self._picker.setAccessibleName(self.tr("Preset"))
        self._picker.setToolTip(self.tr("A set of values under a name, such as a persona"))
        self._menu_button.setAccessibleName(self.tr("Presets and defaults"))
        self._menu_button.setToolTip(self.tr("Presets and defaults"))
        self._save_preset.setText(self.tr("Save as preset…"))
        self._begin_with.setText(self.tr("Begin new chats with this preset"))
        self._for_model.setText(self.tr("Make default for this model"))
        self._for_all.setText(self.tr("Make default for all models"))
        self._reset_all.setText(self.tr("Drop this chat's changes"))
        self._manage.setText(self.tr("Presets…"))
        self._more_button.setText(self.tr("More samplers"))
        self._more_button.setAccessibleName(self.tr("More samplers"))
        self._more_button.setToolTip(self.tr("All other ways to choose among the likely tokens"))
        texts = value_texts()
        for name, row in self._rows.items():
            row.say(texts[name])
        self._show_origins()
        self._fill_picker()

    def _fill_picker(self) -> None:
        self._picker.clear()
        self._picker.addItem(self.tr("None"), "")
        for preset in self._presets:
            self._picker.addItem(preset_title(preset), preset.id)
        if self._preset is not None:
            if self._picker.findData(self._preset.id) < 0:
                self._picker.addItem(
                    self.tr("{name} (deleted)").format(name=preset_title(self._preset)), self._preset.id
                )
            self._picker.setCurrentIndex(self._picker.findData(self._preset.id))

    def _show_values(self) -> None:
        if self._resolved is not None:
            for name, row in self._rows.items():
                row.editor.show_value(self._resolved.value(name))
            self._show_origins()

    def _show_origins(self) -> None:
        if self._resolved is None or self._below is None:
            return
        for name, row in self._rows.items():
            is_own = self._resolved.origins[name] is Layer.CHAT
            value = self._below.value(name)
            is_short = isinstance(value, int | float) and not isinstance(value, bool)
            way_back = self.tr("Back to {value}").format(value=spoken_value(value)) if is_short else self.tr("Back")
            row.show_origin(self._origin(self._resolved.origins[name]), way_back if is_own else None)

    def _origin(self, layer: Layer) -> str:
        match layer:
            case Layer.BUILT_IN:
                return ""
            case Layer.MODEL:
                return self.tr("from the model")
            case Layer.OWN:
                return self.tr("your default")
            case Layer.OWN_FOR_MODEL:
                return self.tr("your default for this model")
            case Layer.PRESET:
                name = "" if self._preset is None else preset_name(self._preset)
                return self.tr("from preset “{name}”").format(name=name)
            case Layer.CHAT:
                return self.tr("this chat")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 8, 4)
        head.addWidget(self._title, 1)
        head.addWidget(self._close)
        preset = QHBoxLayout()
        preset.setSpacing(4)
        preset.addWidget(self._picker, 1)
        preset.addWidget(self._menu_button)
        content = QWidget()
        content.setObjectName("settingsContent")
        rows = QVBoxLayout(content)
        rows.setContentsMargins(16, 4, 16, 16)
        rows.setSpacing(ROW_SPACING)
        chosen = QVBoxLayout()
        chosen.setSpacing(4)
        chosen.addWidget(self._preset_label)
        chosen.addLayout(preset)
        rows.addLayout(chosen)
        self._add_rows(self._first_editors(), rows)
        rows.addWidget(self._more_button, 0, Qt.AlignmentFlag.AlignLeading)
        rows.addWidget(self._more)
        rows.addStretch(1)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(area, 1)

    def _tool_button(self, object_name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(object_name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button
