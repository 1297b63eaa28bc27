"""SchemaDialog: where the JSON schema of a chat's replies is written, and checked while one types."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.core.json_schema import schema_problem, template
from app.theme import fixed_font
from app.views.dialog_pages import at_end, button
from app.views.endless_words import bear_endless_words

CHECK_MS = 300  # after the last letter


class SchemaDialog(QDialog):
    """Emits `schemaChosen(text)`, or `schemaChosen(None)` when replies are free again."""

    schemaChosen = Signal(object)

    def __init__(self, schema: str | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("schemaDialog")
        self.setWindowTitle(self.tr("JSON output"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(600, 520)
        explained = QLabel(self.tr("Every reply of this chat will be JSON that keeps to this schema."), self)
        explained.setWordWrap(True)
        explained.setObjectName("dialogHelp")
        self._templates = QComboBox(self)
        self._templates.setObjectName("schemaTemplate")
        self._templates.setAccessibleName(self.tr("Begin with"))
        self._templates.setToolTip(self.tr("Replaces the text below"))
        for title, name in (
            (self.tr("Begin with…"), ""),
            (self.tr("Object with fields"), "object"),
            (self.tr("List of strings"), "strings"),
            (self.tr("List of objects"), "objects"),
            (self.tr("One of some words"), "choice"),
        ):
            self._templates.addItem(title, name)
        self._templates.activated.connect(self._begin_with)
        self._text = QPlainTextEdit(self)
        self._text.setObjectName("schemaText")
        bear_endless_words(self._text)
        self._text.setAccessibleName(self.tr("JSON schema"))
        self._text.setTabChangesFocus(True)
        self._text.setFont(fixed_font(self.font()))
        self._text.setPlainText(schema or template("object"))
        self._told = QLabel(self)
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self._told.setWordWrap(True)
        cancel = button(self, "cancelSchema", self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self._use = button(self, "useSchema", self.tr("Use"))
        self._use.setDefault(True)
        self._use.clicked.connect(self._choose)
        drop = button(self, "dropSchema", self.tr("Turn off"))
        drop.setEnabled(schema is not None)
        drop.clicked.connect(self._drop)
        self._checking = QTimer(self)
        self._checking.setSingleShot(True)
        self._checking.setInterval(CHECK_MS)
        self._checking.timeout.connect(self._check)
        self._text.textChanged.connect(self._wait_to_check)
        bottom = at_end(cancel, self._use)
        bottom.insertWidget(0, drop)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        for part in (explained, self._templates, self._text, self._told):
            column.addWidget(part, 1 if part is self._text else 0)
        column.addLayout(bottom)
        self._text.setFocus()
        self._check()

    def _begin_with(self) -> None:
        name = self._templates.currentData()
        if name:
            self._text.setPlainText(template(name))
            self._check()

    def _wait_to_check(self) -> None:
        self._use.setEnabled(False)
        self._checking.start()

    def _check(self) -> None:
        self._checking.stop()
        problem = schema_problem(self._text.toPlainText())
        self._use.setEnabled(problem is None)
        self._told.setObjectName("dialogHelp" if problem is None else "dialogError")
        self._told.setText(
            self.tr("The schema can be used.")
            if problem is None
            else self.tr("Not a schema yet: {problem}.").format(problem=problem)
        )
        self._told.style().unpolish(self._told)
        self._told.style().polish(self._told)

    def _choose(self) -> None:
        self.schemaChosen.emit(self._text.toPlainText())
        self.accept()

    def _drop(self) -> None:
        self.schemaChosen.emit(None)
        self.accept()
