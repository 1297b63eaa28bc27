"""ServerPage: the page of the settings for other programs on this machine that want to use the model."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from app.core.settings import HIGHEST_PORT, LOWEST_PORT, Settings
from app.views.dialog_pages import button
from app.views.flow_layout import FlowLayout
from app.views.known_sentences import said
from app.views.server_state import ServerState
from app.views.settings_page import SettingsPage, pad


class ServerPage(SettingsPage):
    """Changes the fields of `Settings` whose names begin with `server`; `newTokenRequested` and `copyRequested`."""

    newTokenRequested = Signal()
    copyRequested = Signal(str)
    name = "server"

    def __init__(self, state: ServerState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._on = self._switch("server_on", "serverOn")
        self._on_row = self.add_setting(self._on)
        self._told = QLabel(self)
        self._told.setObjectName("serverTold")
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self._told.setWordWrap(True)
        self._told.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        rows = self._on_row.layout()
        assert isinstance(rows, QVBoxLayout)
        rows.addWidget(self._told)
        self._port = QSpinBox(self)
        self._port.setObjectName("serverPort")
        self._port.setRange(LOWEST_PORT, HIGHEST_PORT)
        self._port.setKeyboardTracking(False)
        pad(self._port)
        self._port.valueChanged.connect(lambda port: self.settingChanged.emit("server_port", port))
        self._port_row = self.add_setting(self._port)
        self._needs_token = self._switch("server_needs_token", "serverNeedsToken")
        self._needs_token_row = self.add_setting(self._needs_token)
        self._token = QLineEdit(self)
        self._token.setObjectName("serverToken")
        self._token.setReadOnly(True)
        self._token_row = self.add_setting(self._token)
        self._add_token_buttons()
        self._others = self._switch("server_other_models", "serverOtherModels")
        self._others_row = self.add_setting(self._others)
        self._log = self._switch("server_log", "serverLog")
        self._log_row = self.add_setting(self._log)
        self._show_token(is_shown=False)

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("Server")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        self._on_row.say(
            self.tr("Serve other programs"),
            self.tr(
                "Editors and scripts on this machine that speak OpenAI's interface can ask the model that is loaded. "
                "Web pages and other machines cannot."
            ),
        )
        self._port_row.say(self.tr("Port"), self.tr("Where programs find it on this machine."))
        self._needs_token_row.say(
            self.tr("Require a token"),
            self.tr("Off, every program of every person on this machine may ask."),
        )
        self._token_row.say(
            self.tr("Token"),
            self.tr("What programs call the API key. Whoever has it can use the model; a new one shuts them out."),
        )
        self._shown.setText(self.tr("Show"))
        self._shown.setToolTip(self.tr("Shows the token's letters"))
        self._copy.setText(self.tr("Copy"))
        self._copy.setToolTip(self.tr("Puts the token on the clipboard"))
        self._new.setText(self.tr("New token"))
        self._new.setToolTip(self.tr("Makes another token; programs that have the old one are shut out"))
        self._others_row.say(
            self.tr("Load other models"),
            self.tr("Off, only the model of the window is served. On, a program that names another one changes it."),
        )
        self._log_row.say(
            self.tr("Log requests"),
            self.tr("A line for each in the log file: when, what kind, how long. Never what was asked or answered."),
        )
        self.show_state(self._state)

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        for box, is_on in (
            (self._on, settings.server_on),
            (self._needs_token, settings.server_needs_token),
            (self._others, settings.server_other_models),
            (self._log, settings.server_log),
        ):
            box.setChecked(is_on)
        self._port.blockSignals(True)
        self._port.setValue(settings.server_port)
        self._port.blockSignals(False)

    def show_state(self, state: ServerState) -> None:
        """Say whether the server listens, and where."""
        self._state = state
        at = self.tr("Programs find it at {address}.").format(address=state.address)
        self._told.setText(said(state.problem) or (at if state.address else ""))
        self._told.setVisible(bool(self._told.text()))
        self._token.setText(state.token or "")
        self._token.setCursorPosition(0)
        self._token.setPlaceholderText(self.tr("Made when the server is switched on"))
        for each in (self._shown, self._copy, self._new):
            each.setEnabled(state.token is not None)

    def _add_token_buttons(self) -> None:
        self._shown = button(self, "showServerToken", "")
        self._shown.setCheckable(True)
        self._shown.toggled.connect(lambda is_shown: self._show_token(is_shown=is_shown))
        self._copy = button(self, "copyServerToken", "")
        self._copy.clicked.connect(lambda: self.copyRequested.emit(self._token.text()))
        self._new = button(self, "newServerToken", "")
        self._new.clicked.connect(self.newTokenRequested)
        buttons = QWidget(self)
        flow = FlowLayout(buttons, spacing=8)
        for each in (self._shown, self._copy, self._new):
            flow.addWidget(each)
        rows = self._token_row.layout()
        assert isinstance(rows, QVBoxLayout)
        rows.addWidget(buttons)

    def _show_token(self, *, is_shown: bool) -> None:
        self._token.setEchoMode(QLineEdit.EchoMode.Normal if is_shown else QLineEdit.EchoMode.Password)

    def _switch(self, setting: str, object_name: str) -> QCheckBox:
        box = QCheckBox(self)
        box.setObjectName(object_name)
        box.clicked.connect(lambda is_on: self.settingChanged.emit(setting, is_on))
        return box
