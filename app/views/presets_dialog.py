"""PresetsDialog: the presets, the person's own to rename, restyle, copy and delete; all to import and export."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.core.presets import LONGEST_NAME, Preset
from app.theme import Theme
from app.views.dialog_pages import button, press_by_delete
from app.views.message_bar import MessageBar
from app.views.preset_names import preset_name, preset_title
from app.views.value_texts import spoken_value, value_texts

COLOR_SIZE = 12  # pixels
LONGEST_VALUE = 200  # letters shown of a value


class PresetsDialog(QDialog):
    """Emits what a person wants; `show_presets` shows what became of it. Ids name presets."""

    newRequested = Signal()
    renameRequested = Signal(str, str)
    lookRequested = Signal(str, str, str)  # id, emoji, color
    takeChatRequested = Signal(str)
    duplicateRequested = Signal(str)
    deleteRequested = Signal(str)
    importRequested = Signal()
    exportRequested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("presetsDialog")
        self.setWindowTitle(self.tr("Presets"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 520)
        self._presets: tuple[Preset, ...] = ()
        self._list = QListWidget(self)
        self._list.setObjectName("presetList")
        self._list.setAccessibleName(self.tr("Presets"))
        self._list.currentRowChanged.connect(self._show)
        self._name = self._line("presetName", self.tr("Name"), LONGEST_NAME)
        self._name.editingFinished.connect(self._rename)
        self._emoji = self._line("presetEmoji", self.tr("Emoji"), 8)
        self._emoji.editingFinished.connect(self._restyle)
        self._color = button(self, "presetColor", self.tr("Colour…"))
        self._color.setToolTip(self.tr("The colour of this persona"))
        self._color.clicked.connect(self._ask_color)
        self._values = QLabel(self)
        self._values.setObjectName("presetValues")
        self._values.setTextFormat(Qt.TextFormat.PlainText)
        self._values.setWordWrap(True)
        self._values.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading)
        self._built_in = QLabel(self.tr("Built in. Duplicate it to change it."), self)
        self._built_in.setObjectName("dialogHelp")
        self._built_in.setWordWrap(True)
        self._take_chat = self._act("takeChatValues", self.tr("Set to this chat's values"), self.takeChatRequested)
        self._duplicate = self._act("duplicatePreset", self.tr("Duplicate"), self.duplicateRequested)
        self._delete = self._act("deletePreset", self.tr("Delete"), self.deleteRequested)
        press_by_delete(self._delete, self._list)
        self.message_bar = MessageBar(self)
        self.message_bar.apply_theme(theme)
        self._lay_out()

    def show_presets(self, presets: Sequence[Preset], selected_id: str | None = None) -> None:
        """List presets and select one; by default the one that was selected, or its neighbour."""
        row = self._list.currentRow()
        self._presets = tuple(presets)
        ids = [preset.id for preset in presets]
        self._list.blockSignals(True)
        self._list.clear()
        for preset in presets:
            item = QListWidgetItem(preset_title(preset))
            if preset.color:
                item.setIcon(_color_icon(preset.color))
            self._list.addItem(item)
        if selected_id in ids:
            row = ids.index(selected_id)
        self._list.blockSignals(False)
        self._list.setCurrentRow(min(max(row, 0), len(ids) - 1))
        self._show()

    def edit_name(self) -> None:
        """Let the name of the selected preset be typed over."""
        self._name.setFocus()
        self._name.selectAll()

    def _selected(self) -> Preset:
        return self._presets[self._list.currentRow()]

    def _show(self) -> None:
        preset = self._selected()
        self._name.setText(preset_name(preset))
        self._emoji.setText(preset.emoji)
        self._color.setIcon(_color_icon(preset.color) if preset.color else QIcon())
        for part in (self._name, self._emoji, self._color, self._take_chat, self._delete):
            part.setEnabled(not preset.is_built_in)
        self._built_in.setVisible(preset.is_built_in)
        texts = value_texts()
        lines = [
            self.tr("{title}: {value}").format(
                title=text.title, value=spoken_value(preset.values[name])[:LONGEST_VALUE]
            )
            for name, text in texts.items()
            if name in preset.values
        ]
        self._values.setText("\n".join(lines) or self.tr("This preset sets no value yet."))

    def _rename(self) -> None:
        preset, name = self._selected(), " ".join(self._name.text().split())
        if not name:
            self._name.setText(preset.name)
        elif name != preset.name and not preset.is_built_in:
            self.renameRequested.emit(preset.id, name)

    def _restyle(self) -> None:
        preset, emoji = self._selected(), self._emoji.text().strip()
        if emoji != preset.emoji and not preset.is_built_in:
            self.lookRequested.emit(preset.id, emoji, preset.color)

    def _ask_color(self) -> None:
        preset = self._selected()
        dialog = QColorDialog(QColor(preset.color), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda color: self.lookRequested.emit(preset.id, preset.emoji, color.name()))
        dialog.open()

    def _lay_out(self) -> None:
        new = button(self, "newPreset", self.tr("New"))
        new.clicked.connect(self.newRequested)
        bring = button(self, "importPresets", self.tr("Import…"))
        bring.clicked.connect(self.importRequested)
        take = button(self, "exportPresets", self.tr("Export…"))
        take.clicked.connect(self.exportRequested)
        left = QVBoxLayout()
        left.addWidget(self._list, 1)
        for each in (new, bring, take):
            left.addWidget(each)
        look = QHBoxLayout()
        look.addWidget(self._emoji)
        look.addWidget(self._color)
        look.addStretch(1)
        acts = QHBoxLayout()
        for each in (self._duplicate, self._delete):
            acts.addWidget(each)
        acts.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self._built_in)
        right.addWidget(self._name)
        right.addLayout(look)
        right.addWidget(self._values, 1)
        right.addWidget(self._take_chat, 0, Qt.AlignmentFlag.AlignLeading)
        right.addLayout(acts)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left, 2)
        row.addLayout(right, 3)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        close.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(row, 1)
        column.addWidget(self.message_bar)
        column.addWidget(close)

    def _line(self, object_name: str, title: str, longest: int) -> QLineEdit:
        line = QLineEdit(self)
        line.setObjectName(object_name)
        line.setAccessibleName(title)
        line.setPlaceholderText(title)
        line.setToolTip(title)
        line.setMaxLength(longest)
        return line

    def _act(self, object_name: str, title: str, wish: SignalInstance) -> QPushButton:
        made = button(self, object_name, title)
        made.clicked.connect(lambda: wish.emit(self._selected().id))
        return made


def _color_icon(color: str) -> QIcon:
    pixmap = QPixmap(QSize(COLOR_SIZE, COLOR_SIZE))
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
