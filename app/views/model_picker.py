"""ModelPicker: the button that names the model in use, and its menu of the models known on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.theme import Theme, tinted_icon

MOST_LETTERS = 44  # of a model's name in the button


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line of the menu."""

    path: str
    name: str
    detail: str


class ModelPicker(QToolButton):
    """Emits `modelChosen(path)`, or the wish to open a file or folder."""

    modelChosen = Signal(str)
    openFileRequested = Signal()
    openFolderRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelPicker")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setIconSize(QSize(18, 18))
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self._group = QActionGroup(self)
        self.choices: tuple[ModelChoice, ...] = ()
        self._current: str | None = None
        self.show_state(self.tr("No model"), None)
        self._rebuild()

    def set_choices(self, choices: Sequence[ModelChoice]) -> None:
        """The models the menu offers, in this order."""
        self.choices = tuple(choices)
        self._rebuild()

    def show_state(self, text: str, current_path: str | None) -> None:
        """Name the model in use or being loaded; `current_path` gets the check mark."""
        shown = text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
        self.setText(shown.replace("&", "&&"))
        self.setAccessibleName(self.tr("Model: {name}").format(name=text))
        self.setToolTip(current_path or self.tr("Choose a model"))
        self._current = current_path
        self._check_current()

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icon."""
        self.setIcon(tinted_icon("model", theme.colors["accent"]))

    def _rebuild(self) -> None:
        self._menu.clear()
        for choice in self.choices:
            action = QAction(f"{choice.name}   {choice.detail}".replace("&", "&&"), self._menu)
            action.setCheckable(True)
            action.setData(choice.path)
            action.setToolTip(choice.path)
            action.triggered.connect(lambda _checked=False, path=choice.path: self.modelChosen.emit(path))
            self._group.addAction(action)
            self._menu.addAction(action)
        if self.choices:
            self._menu.addSeparator()
        self._menu.addAction(self.tr("Open model file…")).triggered.connect(self.openFileRequested)
        self._menu.addAction(self.tr("Open model folder…")).triggered.connect(self.openFolderRequested)
        self._check_current()

    def _check_current(self) -> None:
        for action in self._group.actions():
            action.setChecked(action.data() == self._current)
