"""EndpointDialog: the address, name and key of a remote endpoint. It stays open until the endpoint has answered."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from app.core.remote.endpoints import Endpoint
from app.views.dialog_pages import at_end, button
from app.views.known_sentences import said

SIZE = QSize(520, 480)


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """What was entered; an empty name means the host, an empty key the one that is kept, if any.

    `model` is the name of one for a server that lists none.
    """

    address: str
    name: str
    key: str
    model: str


class EndpointDialog(QDialog):
    """Emits `entered(EndpointEntry)`; who listens says what came of it, or accepts the dialog."""

    entered = Signal(object)

    def __init__(self, endpoint: Endpoint | None, parent: QWidget) -> None:
        """To change `endpoint`; None: to add one."""
        super().__init__(parent)
        self.setObjectName("endpointDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Remote endpoint"))
        fields = QWidget(self)
        self._fields = QVBoxLayout(fields)
        self._fields.setContentsMargins(0, 0, 8, 0)
        self._fields.setSpacing(6)
        self._address = self._field(
            "endpointAddress",
            self.tr("Address"),
            self.tr("Such as https://api.example.com/v1 or localhost:8000. The key is sent to this address alone."),
        )
        self._name = self._field("endpointName", self.tr("Name"), self.tr("What you call it; empty: its host."))
        self._key = self._field(
            "endpointKey", self.tr("Key"), self.tr("Kept in the system's keyring. Empty where none is needed.")
        )
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._model = self._field(
            "endpointModel", self.tr("Model"), self.tr("Only for a server that does not list its models.")
        )
        if endpoint is not None:
            self._address.setText(endpoint.base_url)
            self._name.setText(endpoint.name)
            self._key.setPlaceholderText(self.tr("The key that is kept"))
        self._told = QLabel(self)
        self._told.setObjectName("dialogError")
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self._told.setWordWrap(True)
        self._told.hide()
        cancel = button(self, "cancelEndpoint", self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self._save = button(self, "saveEndpoint", self.tr("Save and ask for its models"))
        self._save.setDefault(True)
        self._save.clicked.connect(self._submit)
        self._address.textChanged.connect(lambda _text: self._show_actions())
        self._fields.addStretch(1)
        area = QScrollArea(self)
        area.setObjectName("endpointFields")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidgetResizable(True)
        area.setWidget(fields)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(area, 1)
        column.addWidget(self._told)
        column.addLayout(at_end(cancel, self._save))
        self.resize(SIZE)
        self._is_busy = False
        self._show_actions()

    def show_waiting(self, host: str) -> None:
        """Say that the endpoint is being asked."""
        self._is_busy = True
        self._tell(self.tr("Asking {host} for its models…").format(host=host), "dialogHelp")

    def show_problem(self, sentence: str) -> None:
        """Say what went wrong, and let it be corrected."""
        self._is_busy = False
        self._tell(said(sentence), "dialogError")

    def _tell(self, sentence: str, kind: str) -> None:
        self._told.setObjectName(kind)
        self._told.style().unpolish(self._told)
        self._told.style().polish(self._told)
        self._told.setText(sentence)
        self._told.show()
        self._show_actions()

    def _submit(self) -> None:
        fields = (self._address, self._name, self._key, self._model)
        self.entered.emit(EndpointEntry(*(field.text().strip() for field in fields)))

    def _show_actions(self) -> None:
        self._save.setEnabled(bool(self._address.text().strip()) and not self._is_busy)

    def _field(self, object_name: str, title: str, help_text: str) -> QLineEdit:
        label, field, help_label = QLabel(title, self), QLineEdit(self), QLabel(help_text, self)
        field.setObjectName(object_name)
        field.setAccessibleName(title)
        field.setAccessibleDescription(help_text)
        field.setToolTip(help_text)
        label.setBuddy(field)
        help_label.setObjectName("settingHelp")
        help_label.setWordWrap(True)
        for part in (label, field, help_label):
            self._fields.addWidget(part)
        self._fields.addSpacing(6)
        return field
