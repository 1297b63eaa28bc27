"""ModelDetails: everything that is known of one model, what can be done with it, and how it alone is loaded."""

from __future__ import annotations

import os
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.known_model import KnownModel, Place
from app.core.settings import CACHE_TYPES, CHAT_TEMPLATES, LARGEST_CONTEXT, MOST_THREADS, LoadSettings
from app.views.conversation_list import one_line
from app.views.dialog_pages import button
from app.views.known_sentences import said
from app.views.library_table import LibraryRow
from app.views.model_words import (
    fit_sentences,
    parameters_text,
    size_text,
    source_title,
    template_title,
    tokens_text,
)
from app.views.settings_page import WheelGuard, choose, combo, name_choices, number_of, optional_number, show_number
from engine.builtin_templates import TEMPLATE_NAMES

CONTEXT_STEP = 256  # tokens


class ModelDetails(QScrollArea):
    """Emits what a person wants done with the model that is shown.

    `showRequested(path)` names one of its places; `loadSettingsChanged(model, settings)` has None for the usual ones.
    """

    loadRequested = Signal(object)
    forgetRequested = Signal(object)
    findRequested = Signal(object)
    showRequested = Signal(str)
    loadSettingsChanged = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelDetails")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is inside has the focus, and is scrolled to
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._row: LibraryRow | None = None
        self._guard = WheelGuard(self)
        self._inside = _Content(self)
        self._name = _label("modelName")
        self._told = _label("modelTold")
        self._load = button(self, "loadModel", self.tr("Load"))
        self._load.setDefault(True)
        self._find = button(self, "findModel", self.tr("Find again…"))
        self._forget = button(self, "forgetModel", self.tr("Remove from the list"))
        self._forget.setToolTip(self.tr("Leave it out of the lists until it is opened again. The file stays."))
        self._load.clicked.connect(lambda: self._emit(self.loadRequested))
        self._find.clicked.connect(lambda: self._emit(self.findRequested))
        self._forget.clicked.connect(lambda: self._emit(self.forgetRequested))
        self._facts = QWidget(self)
        self._settings = self._load_settings()
        self._lay_out()
        self.show_row(None)

    def show_row(self, row: LibraryRow | None) -> None:
        """Show a model, or that none is chosen."""
        if row == self._row and row is not None:
            return
        self._row = row
        self._inside.setVisible(row is not None)
        if row is None:
            return
        model = row.model
        self._name.setText(breakable_name(one_line(model.name)))
        self._told.setText(_told(row))
        self._load.setEnabled(model.is_loadable)
        self._load.setText(self.tr("Load again") if row.is_loaded else self.tr("Load"))
        self._find.setVisible(not model.is_there)
        self._forget.setEnabled(not model.is_starter)
        self._show_facts(model)
        self._settings.setVisible(model.is_loadable)
        self._show_load(row.load)

    def _load_settings(self) -> QWidget:
        """Editors for how this model alone is loaded."""
        part = QWidget(self)
        self._own = QCheckBox(self.tr("Load this model in its own way"), part)
        self._own.setObjectName("ownLoadSettings")
        self._context = optional_number(
            "modelContext", smallest=CONTEXT_STEP, largest=LARGEST_CONTEXT, step=CONTEXT_STEP
        )
        self._cache = combo("modelCacheType", CACHE_TYPES)
        name_choices(self._cache, (self.tr("Automatic"), "f32", "f16", "q8_0"))
        self._threads = optional_number("modelThreads", smallest=1, largest=MOST_THREADS)
        self._draft = combo("modelDraft", ())
        self._draft.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._draft_note = _label("modelDraftNote")
        self._draft_note.setText(
            self.tr(
                "A draft model guesses ahead; what is said stays the same. Measured: one that is always right and a "
                "sixth as costly gave 30 tokens a second instead of 24. Where it does not pay, it pauses by itself; "
                "a reply's details say how many guesses were right."
            )
        )
        self._template = combo("modelChatTemplate", CHAT_TEMPLATES)
        name_choices(self._template, (self.tr("Automatic"), *map(template_title, TEMPLATE_NAMES)))
        self._template.setToolTip(
            self.tr(
                "How a conversation is written for the model. Automatic: as its file says, or where that says "
                "nothing, as suits its vocabulary. Another one helps when its own fails."
            )
        )
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for title, editor in (
            (self.tr("Context length"), self._context),
            (self.tr("Conversation cache"), self._cache),
            (self.tr("Threads"), self._threads),
            (self.tr("Draft model"), self._draft),
            (self.tr("Chat template"), self._template),
        ):
            editor.setAccessibleName(title)
            self._guard.guard(editor)
            form.addRow(title, editor)
        for box in (self._context, self._threads):
            box.setSpecialValueText(self.tr("Automatic"))
        rows = QVBoxLayout(part)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._own)
        rows.addLayout(form)
        rows.addWidget(self._draft_note)
        self._own.clicked.connect(lambda is_on: self._change(LoadSettings() if is_on else None))
        self._cache.activated.connect(lambda _index: self._change_one(cache_type=self._cache.currentData()))
        self._template.activated.connect(lambda _index: self._change_one(chat_template=self._template.currentData()))
        self._context.valueChanged.connect(lambda _value: self._change_one(context_length=number_of(self._context)))
        self._draft.activated.connect(lambda _index: self._change_one(draft_path=self._draft.currentData() or None))
        self._threads.valueChanged.connect(lambda _value: self._change_one(threads=number_of(self._threads)))
        return part

    def _lay_out(self) -> None:
        inside = self._inside
        inside.setObjectName("modelDetailsContent")
        buttons = QHBoxLayout()
        for one in (self._load, self._find, self._forget):
            buttons.addWidget(one)
        buttons.addStretch(1)
        self._rows = rows = QVBoxLayout(inside)
        rows.setContentsMargins(16, 8, 12, 12)
        rows.setSpacing(12)
        rows.addWidget(self._name)
        rows.addWidget(self._told)
        rows.addLayout(buttons)
        rows.addWidget(self._facts)
        rows.addWidget(self._settings)
        rows.addStretch(1)
        self.setWidget(inside)

    def _show_facts(self, model: KnownModel) -> None:
        """Build the list of facts and places anew, which differs from model to model."""
        facts = QWidget(self._inside)
        grid = QGridLayout(facts)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(1, 1)
        for title, value in self._facts_of(model):
            if value:
                name, shown = _label("modelFactName"), _label("modelFact", can_select=True)
                name.setText(title)
                name.setWordWrap(False)
                shown.setText(one_line(value))
                shown.setAccessibleName(title)
                row = grid.rowCount()
                grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(shown, row, 1)
        for place in model.places:
            self._add_place(grid, place)
        before: QWidget = self._forget
        for part in facts.findChildren(QWidget):
            if part.focusPolicy() != Qt.FocusPolicy.NoFocus:
                QWidget.setTabOrder(before, part)
                before = part
        self._rows.replaceWidget(self._facts, facts)
        self._facts.hide()
        self._facts.deleteLater()
        self._facts = facts

    def _facts_of(self, model: KnownModel) -> list[tuple[str, str]]:
        info = model.info
        facts = [(self.tr("Size"), size_text(model.size_bytes) if model.size_bytes else "")]
        recommended = dict(model.settings)
        if info is not None:
            recommended = {**dict(info.recommended), **recommended}
            facts += [
                (self.tr("Family"), info.family),
                (self.tr("Parameters"), parameters_text(info.parameters)),
                (self.tr("Layers"), tokens_text(info.layers)),
                (self.tr("Weights"), info.quantisation),
                (self.tr("Longest context"), tokens_text(info.context_length)),
                (self.tr("Tokenizer"), info.tokenizer),
                (self.tr("Chat template"), self.tr("yes") if info.has_chat_template else self.tr("none")),
                (self.tr("Licence"), info.licence or self.tr("not named")),
            ]
        return [
            *facts,
            ("SHA-256", "\u200b".join(textwrap.wrap(model.sha256 or "", 16))),
            (self.tr("Recommended"), ", ".join(f"{key} {value:g}" for key, value in recommended.items())),
            (self.tr("System prompt"), model.system_prompt),
        ]

    def _add_place(self, grid: QGridLayout, place: Place) -> None:
        """One place: who keeps it, its path, and a way there."""
        where, path = _label("modelFactName"), _label("modelPlace", can_select=True)
        where.setText(source_title(place.source))
        shown = breakable(one_line(str(place.path)))
        path.setText(shown if place.is_there else self.tr("{path} (not there any more)").format(path=shown))
        path.setAccessibleName(source_title(place.source))
        row = grid.rowCount()
        grid.addWidget(where, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(path, row, 1)
        if place.is_there:
            show = button(self, "showModelInFolder", self.tr("Show in folder"))
            show.setAccessibleDescription(str(place.path))
            show.clicked.connect(lambda: self.showRequested.emit(str(place.path)))
            grid.addWidget(show, row + 1, 1, Qt.AlignmentFlag.AlignLeading)

    def _show_load(self, load: LoadSettings | None) -> None:
        self._own.setChecked(load is not None)
        for editor in (self._context, self._cache, self._threads, self._draft, self._template):
            editor.setEnabled(load is not None)
        shown = load or LoadSettings()
        show_number(self._context, shown.context_length)
        show_number(self._threads, shown.threads)
        choose(self._cache, shown.cache_type)
        choose(self._template, shown.chat_template)
        self._show_drafts(shown.draft_path)

    def _show_drafts(self, chosen: str | None) -> None:
        """What may guess ahead; a chosen model stays in the list when it is not known any more."""
        drafts = dict(() if self._row is None else self._row.drafts)
        if chosen is not None:
            drafts.setdefault(chosen, Path(chosen).name)
        self._draft.clear()
        self._draft.addItem(self.tr("None"), "")
        for path, name in drafts.items():
            self._draft.addItem(one_line(name), path)
        choose(self._draft, chosen or "")
        self._draft.setToolTip(
            self._draft_note.text() if drafts else self.tr("No smaller model of the same vocabulary is known here")
        )
        self._draft_note.setVisible(bool(drafts))

    def _change_one(self, **changes: Any) -> None:  # fields of LoadSettings
        if self._row is not None and self._row.load is not None:
            self._change(replace(self._row.load, **changes))

    def _change(self, load: LoadSettings | None) -> None:
        if self._row is not None:
            self._row = replace(self._row, load=load)
            self._show_load(load)
            self.loadSettingsChanged.emit(self._row.model, load)

    def _emit(self, signal: Any) -> None:  # a bound Signal, whose type PySide does not export
        if self._row is not None:
            signal.emit(self._row.model)


class _Content(QWidget):
    """As high as its texts need in its width, which a scroll area does not see to by itself."""

    def event(self, event: QEvent) -> bool:
        """Follow the width and the texts."""
        is_handled = super().event(event)
        layout = self.layout()
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and layout is not None:
            self.setMinimumHeight(layout.totalHeightForWidth(self.width()))
        return is_handled


def _told(row: LibraryRow) -> str:
    if row.model.problem is not None:
        return said(row.model.problem)
    return "" if row.fit is None else fit_sentences(row.fit)


def breakable_name(name: str) -> str:
    """A name that may be broken behind hyphens and underscores, however long it is."""
    return name.replace("-", "-\u200b").replace("_", "_\u200b")


def breakable(path: str) -> str:
    """A path that may be broken behind each folder, as labels break lines only where they see a word end."""
    return path.replace(os.sep, f"{os.sep}\u200b")


def _label(object_name: str, *, can_select: bool = False) -> QLabel:
    label = QLabel()
    label.setObjectName(object_name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if can_select:
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return label
