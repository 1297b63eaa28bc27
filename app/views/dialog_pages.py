"""What the pages of our dialogs and panels are laid out with, so that they look alike."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

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


def press_by_delete(button: QPushButton, view: QWidget) -> None:
    """Let the Delete key press a button while `view` has the focus."""
    keys = QKeySequence(QKeySequence.StandardKey.Delete)
    QShortcut(keys, view, context=Qt.ShortcutContext.WidgetShortcut).activated.connect(button.click)


def at_end(*buttons: QPushButton) -> QHBoxLayout:
    """Buttons in the corner where a dialog's answers are."""
    row = QHBoxLayout()
    row.addStretch(1)
    for each in buttons:
        row.addWidget(each)
    return row


def scrolled(page: QWidget) -> QScrollArea:
    """A page that scrolls where it is higher than its place."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area
