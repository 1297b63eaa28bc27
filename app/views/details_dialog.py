"""DetailsDialog: how a reply was made, row by row, to be read and copied."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.views.dialog_pages import at_end, button

SIZE = QSize(560, 520)


class DetailsDialog(QDialog):
    """Shows `rows` of a label and a value."""

    def __init__(self, rows: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("messageDetails")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Details of the reply"))
        self.resize(SIZE)
        self._rows = tuple(rows)
        page = QWidget(self)
        form = QFormLayout(page)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setHorizontalSpacing(18)
        for label, value in self._rows:
            form.addRow(self._label("detailLabel", label), self._label("detailValue", value))
        area = QScrollArea(self)
        area.setObjectName("detailsArea")
        area.setAccessibleName(self.windowTitle())
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        copy_all = button(self, "copyDetails", self.tr("Copy all"))
        copy_all.clicked.connect(self._copy)
        close = button(self, "closeDetails", self.tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.addWidget(area, 1)
        column.addLayout(at_end(copy_all, close))

    def _label(self, object_name: str, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setObjectName(object_name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        if object_name == "detailValue":
            label.setWordWrap(True)
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        return label

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(f"{label}: {value}" for label, value in self._rows))
