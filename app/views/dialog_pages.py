"""What the pages of our dialogs are laid out with, so that they look alike."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

SPACING = 12  # pixels between the rows of a page


def column(page: QWidget) -> QVBoxLayout:
    """The rows of a page."""
    rows = QVBoxLayout(page)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(SPACING)
    return rows


def button(parent: QWidget, object_name: str, title: str) -> QPushButton:
    """A button that Enter presses only when it has the focus."""
    made = QPushButton(title, parent)
    made.setObjectName(object_name)
    made.setAutoDefault(False)
    return made


def at_end(*buttons: QPushButton) -> QHBoxLayout:
    """Buttons in the corner where a dialog's answers are."""
    row = QHBoxLayout()
    row.addStretch(1)
    for each in buttons:
        row.addWidget(each)
    return row
