"""A field for text that is read and copied, not written: by mouse and keyboard, and with Tab leading out of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.views.endless_words import bear_endless_words


def reading_field(parent: QWidget, object_name: str) -> QPlainTextEdit:
    """An empty one, which also bears words without an end."""
    field = QPlainTextEdit(parent)
    field.setObjectName(object_name)
    bear_endless_words(field)
    field.setReadOnly(True)
    field.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    field.setTabChangesFocus(True)
    return field
