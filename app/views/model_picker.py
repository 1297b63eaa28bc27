"""ModelPicker: the button that names the model in use; it opens a list of the models that are known.

A remote one has a picture and a colour of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from app.theme import Theme, tinted_icon
from app.views.language import in_every_language
from app.views.model_menu import ModelChoice, ModelMenu

__all__ = ["ModelChoice", "ModelPicker"]

MOST_LETTERS = 44  # of a model's name in the button


class ModelPicker(QToolButton):
    """Emits `modelChosen(path)`, or the wish to open a file or folder, or to see the whole library."""

    modelChosen = Signal(str)
    openFileRequested = Signal()
    openFolderRequested = Signal()
    libraryRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelPicker")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setIconSize(QSize(18, 18))
        self._menu = ModelMenu(self)
        self._menu.modelChosen.connect(self.modelChosen)
        self._menu.openFileRequested.connect(self.openFileRequested)
        self._menu.openFolderRequested.connect(self.openFolderRequested)
        self._menu.libraryRequested.connect(self.libraryRequested)
        self.clicked.connect(self.open_menu)
        self.choices: tuple[ModelChoice, ...] = ()
        self._named: str | None = None
        self._current: str | None = None
        self._host = ""
        self._theme: Theme | None = None
        in_every_language(self, self._say_texts)

    def set_choices(self, choices: Sequence[ModelChoice]) -> None:
        """The models that can be chosen, those that were used lately first."""
        self.choices = tuple(choices)
        if self._menu.isVisible():
            self._menu.show_choices(self.choices, self._current)

    def show_state(self, text: str | None, current_path: str | None, host: str = "") -> None:
        """Name the model in use or being loaded, None for none; `current_path` gets the check mark.

        `host` is where a remote one runs.
        """
        self._named, self._current, self._host = text, current_path, host
        self.setProperty("remote", bool(host))
        self.style().unpolish(self)
        self.style().polish(self)
        self._draw()
        self._say_texts()

    def open_menu(self) -> None:
        """Show the list below the button."""
        self._menu.show_choices(self.choices, self._current)
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        corner = self.rect().bottomRight() if is_mirrored else self.rect().bottomLeft()
        place = self.mapToGlobal(corner) + QPoint(0, 4)
        room = self.screen().availableGeometry()
        size = self._menu.fitting_size(room.height() - place.y() + room.y() - 8)
        size.setWidth(min(size.width(), room.width()))
        self._menu.resize(size)
        left = place.x() - size.width() if is_mirrored else place.x()
        place.setX(max(room.left(), min(left, room.right() - size.width())))
        self._menu.move(place)
        self._menu.show()
        self._menu.focus_filter()

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icon."""
        self._theme = theme
        self._draw()
        self._menu.apply_theme(theme)

    def _draw(self) -> None:
        if self._theme is not None:
            name, color = ("remote", "remote") if self._host else ("model", "accent")
            self.setIcon(tinted_icon(name, self._theme.colors[color]))

    def _say_texts(self) -> None:
        text = self.tr("No model") if self._named is None else self._named
        shown = text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
        self.setText(shown.replace("&", "&&"))
        if self._host:
            self.setAccessibleName(self.tr("Remote model: {name} at {host}").format(name=text, host=self._host))
            self.setToolTip(self.tr("Remote: your messages go to {host}").format(host=self._host))
            return
        self.setAccessibleName(self.tr("Model: {name}").format(name=text))
        self.setToolTip(self._current or self.tr("Choose a model"))
