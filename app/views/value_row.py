"""ValueRow: one value of the settings panel: title, editor, help, and where the value comes from, with a way back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, tinted_icon
from app.views.plain_tips import plain_tip
from app.views.value_editors import ValueEditor
from app.views.value_texts import ValueText

ICON_SIZE = 14  # pixels


class ValueRow(QWidget):
    """Emits `edited(name, value)`, or `resetRequested(name)` when the chat should use the value from below again."""

    edited = Signal(str, object)
    resetRequested = Signal(str)

    def __init__(self, name: str, editor: ValueEditor) -> None:
        super().__init__()
        self.name, self.editor = name, editor
        self._title, self._help, self._origin = QLabel(), QLabel(), QLabel()
        for label in (self._title, self._help, self._origin):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._title.setBuddy(editor)
        self._help.setObjectName("settingHelp")
        self._origin.setObjectName("settingOrigin")
        self._back = QToolButton()
        self._back.setObjectName(f"{editor.focus_part.objectName()}Back")
        self._back.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._back.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._back.clicked.connect(lambda: self.resetRequested.emit(self.name))
        editor.edited.connect(lambda value: self.edited.emit(self.name, value))
        origin = QHBoxLayout()
        origin.setSpacing(4)
        origin.addWidget(self._origin, 1)
        origin.addWidget(self._back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self._title, editor, self._help):
            column.addWidget(part)
        column.addLayout(origin)
        self.show_origin("", None)

    def say(self, text: ValueText) -> None:
        """Name the value and what it does."""
        self._title.setText(text.title)
        self._help.setText(text.help)
        self.editor.say(text)

    def show_origin(self, origin: str, way_back: str | None) -> None:
        """Say where the value comes from; `way_back` says what it would be without this chat's own, if it has one."""
        self._origin.setText(origin)
        self._origin.setVisible(bool(origin))
        self._origin.setProperty("own", way_back is not None)
        self._origin.style().unpolish(self._origin)
        self._origin.style().polish(self._origin)
        self._back.setVisible(way_back is not None)
        if way_back is not None:
            self._back.setText(way_back)
            self._back.setAccessibleName(f"{self._title.text()}: {way_back}")
            self._back.setToolTip(plain_tip(way_back))

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icon."""
        self._back.setIcon(tinted_icon("undo", theme.colors["text_muted"], size=ICON_SIZE))
