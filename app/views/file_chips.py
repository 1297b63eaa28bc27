"""FileChips: the files of a message as small cards, in the composer and below what was sent.

A file that could not be read is a line with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.core.markdown import visible
from app.theme import Theme, load_theme, tinted_icon
from app.views.flow_layout import FlowLayout
from app.views.plain_tips import plain_tip

LONGEST_NAME = 36  # characters shown; the middle of a longer name is left out
SPACING = 6  # pixels


class ChipState(Enum):
    """How far a file is."""

    READING = auto()
    READY = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class FileChip:
    """What is shown of one file; `detail` is its size and cost, or why it was refused."""

    id: str
    name: str
    detail: str
    state: ChipState = ChipState.READY
    is_picture: bool = False


class FileChips(QWidget):
    """Emits `opened(id)` for a chip that was clicked and, where they can be removed, `removed(id)`."""

    opened = Signal(str)
    removed = Signal(str)

    def __init__(self, parent: QWidget, *, can_remove: bool, at_end: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName("fileChips")
        self._can_remove = can_remove
        self._theme = load_theme("light")
        self._chips: dict[str, _Chip] = {}
        self._refused = QVBoxLayout()
        self._refused.setSpacing(SPACING)
        flow_holder = QWidget(self)
        self._flow = FlowLayout(flow_holder, spacing=SPACING, at_end=at_end)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(flow_holder)
        column.addLayout(self._refused)
        self._flow_holder = flow_holder
        self.hide()

    def show_chips(self, chips: tuple[FileChip, ...]) -> None:
        """Show these files and no others; hidden without any."""
        wanted = {chip.id: chip for chip in chips}
        for identifier, old in [*self._chips.items()]:
            new = wanted.get(identifier)
            if new is None or (new.state is ChipState.REFUSED) != old.is_refused:
                self._take_out(identifier)
        for chip in chips:
            if chip.id not in self._chips:
                self._put_in(chip)
            self._chips[chip.id].show_chip(chip)
        self._flow_holder.setVisible(any(not chip.is_refused for chip in self._chips.values()))
        self.setVisible(bool(chips))
        self.updateGeometry()

    def shown(self) -> tuple[FileChip, ...]:
        """The files that are shown."""
        return tuple(chip.chip for chip in self._chips.values())

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons."""
        self._theme = theme
        for chip in self._chips.values():
            chip.apply_theme(theme)

    def _put_in(self, chip: FileChip) -> None:
        made = _Chip(chip, self._theme, self._flow_holder, can_remove=self._can_remove)
        made.opened.connect(lambda: self.opened.emit(chip.id))
        made.removed.connect(lambda: self.removed.emit(chip.id))
        self._chips[chip.id] = made
        if made.is_refused:
            self._refused.addWidget(made)
        else:
            self._flow.addWidget(made)

    def _take_out(self, identifier: str) -> None:
        gone = self._chips.pop(identifier)
        (self._refused if gone.is_refused else self._flow).removeWidget(gone)
        gone.hide()
        gone.deleteLater()


class _Chip(QFrame):
    """One file."""

    opened = Signal()
    removed = Signal()

    def __init__(self, chip: FileChip, theme: Theme, parent: QWidget, *, can_remove: bool) -> None:
        super().__init__(parent)
        self.setObjectName("fileChip")
        self.chip = chip
        self.is_refused = chip.state is ChipState.REFUSED
        self.setProperty("refused", self.is_refused)
        self._theme = theme
        self._open = QToolButton(self)
        self._open.setObjectName("openFile")
        self._open.setIconSize(QSize(16, 16))
        self._open.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._open.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._open.clicked.connect(self.opened)
        self._detail = QLabel(self)
        self._detail.setObjectName("fileDetail")
        self._detail.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 4, 2)
        row.setSpacing(2)
        row.addWidget(self._open)
        row.addWidget(self._detail, 1)
        self._remove: QToolButton | None = None
        if can_remove:
            self._remove = QToolButton(self)
            self._remove.setObjectName("removeFile")
            self._remove.setIconSize(QSize(14, 14))
            self._remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._remove.clicked.connect(self.removed)
            row.addWidget(self._remove)
        if self.is_refused:
            self._open.hide()
            self._detail.setWordWrap(True)
            row.setContentsMargins(10, 4, 4, 4)
        else:
            self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_chip(self, chip: FileChip) -> None:
        """Show a newer state."""
        self.chip = chip
        name = visible(chip.name)
        self._open.setText(_shortened(name).replace("&", "&&"))
        self._open.setEnabled(chip.state is ChipState.READY)
        self._open.setAccessibleName(self.tr("Show “{name}”").format(name=name))
        self._detail.setText(chip.detail)
        self._detail.setVisible(bool(chip.detail))
        self.setAccessibleName(f"{name}, {chip.detail}" if chip.detail else name)
        if self._remove is not None:
            remove = self.tr("Remove “{name}”").format(name=name)
            self._remove.setAccessibleName(remove)
            self._remove.setToolTip(plain_tip(remove))
        self._open.setToolTip(plain_tip(name))
        self.apply_theme(self._theme)

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons."""
        self._theme = theme
        muted = theme.colors["text_muted"]
        self._open.setIcon(tinted_icon("image" if self.chip.is_picture else "file", muted, disabled=muted, size=16))
        if self._remove is not None:
            self._remove.setIcon(tinted_icon("close", muted, size=14))


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 13]}…{name[-12:]}"
