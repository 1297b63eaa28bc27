"""RemoteQuestion: asks once for each endpoint, before the first message leaves for it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from app.views.dialog_pages import at_end, button

WIDTH_LETTERS = 72


class RemoteQuestion(QDialog):
    """Accepted: messages may go to `host`. `is_readable`: others on the way can read them."""

    def __init__(self, model: str, host: str, parent: QWidget, *, is_readable: bool) -> None:
        super().__init__(parent)
        self.setObjectName("remoteQuestion")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Send messages to another machine?"))
        column = QVBoxLayout(self)
        column.setSpacing(12)
        self._add(
            column,
            self.tr("“{model}” does not run on this machine. Your messages go to {host}.").format(
                model=model, host=host
            ),
        )
        self._add(
            column,
            self.tr(
                "With each message, what came before it in the chat is sent, too: replies of other models, attached "
                "text and the system prompt. What becomes of it there is up to who runs that server."
            ),
        )
        if is_readable:
            warning = self.tr("The connection is not encrypted: whoever is on the way can read along.")
            self._add(column, warning).setObjectName("dialogError")
        cancel = button(self, "keepHere", self.tr("Cancel"))
        cancel.setDefault(True)
        cancel.clicked.connect(self.reject)
        accept = button(self, "allowEndpoint", self.tr("Send to {host}").format(host=host).replace("&", "&&"))
        accept.clicked.connect(self.accept)
        column.addLayout(at_end(cancel, accept))
        cancel.setFocus()
        self._rows = column

    def showEvent(self, event: QShowEvent) -> None:
        """Become as high as the sentences need in the size that they are shown in."""
        width = self.fontMetrics().averageCharWidth() * WIDTH_LETTERS
        self.resize(width, self._rows.totalHeightForWidth(width))
        super().showEvent(event)

    def _add(self, column: QVBoxLayout, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        column.addWidget(label)
        return label
