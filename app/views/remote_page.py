"""RemotePage: the remote endpoints that a person added, and whether any of them may be contacted at all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QCheckBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.core.remote.endpoints import Endpoint
from app.core.settings import Settings
from app.views.dialog_pages import button
from app.views.flow_layout import FlowLayout
from app.views.known_sentences import said
from app.views.plain_tips import plain_tip
from app.views.settings_page import SettingsPage

LIST_ROWS = 5  # without scrolling
_BASE_URL = Qt.ItemDataRole.UserRole


class RemotePage(SettingsPage):
    """Changes `allows_remote`; of an endpoint, it emits what is wanted with its base URL."""

    addRequested = Signal()
    editRequested = Signal(str)
    removeRequested = Signal(str)
    refreshRequested = Signal(str)
    name = "remote"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._allow = QCheckBox(self)
        self._allow.setObjectName("allowsRemote")
        self._allow.clicked.connect(lambda is_on: self.settingChanged.emit("allows_remote", is_on))
        self._allow_row = self.add_setting(self._allow)
        self._list = QListWidget(self)
        self._list.setObjectName("endpoints")
        self._list.setFixedHeight(self._list.fontMetrics().lineSpacing() * 2 * LIST_ROWS)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.currentRowChanged.connect(lambda _row: self._show_actions())
        self._list.itemActivated.connect(lambda _item: self._emit(self.editRequested))
        self._list_row = self.add_setting(self._list)
        self._add = button(self, "addEndpoint", "")
        self._edit = button(self, "editEndpoint", "")
        self._refresh = button(self, "refreshEndpoint", "")
        self._remove = button(self, "removeEndpoint", "")
        self._told = QLabel(self)
        self._told.setObjectName("remoteTold")
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self._told.setWordWrap(True)
        self._told.hide()
        self._add.clicked.connect(self.addRequested)
        self._edit.clicked.connect(lambda: self._emit(self.editRequested))
        self._refresh.clicked.connect(lambda: self._emit(self.refreshRequested))
        self._remove.clicked.connect(lambda: self._emit(self.removeRequested))
        rows = self._list_row.layout()
        assert isinstance(rows, QVBoxLayout)
        buttons = QWidget(self)
        flow = FlowLayout(buttons, spacing=8)
        for each in (self._add, self._edit, self._refresh, self._remove):
            flow.addWidget(each)
        rows.addWidget(buttons)
        rows.addWidget(self._told)
        self._endpoints: tuple[Endpoint, ...] = ()
        self._show_actions()

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("Remote")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        self._allow_row.say(
            self.tr("Use remote models"),
            self.tr("Off, no endpoint is contacted. On, your messages go to the one whose model you choose."),
        )
        self._list_row.say(
            self.tr("Endpoints"),
            self.tr(
                "Servers that speak OpenAI's interface, such as vLLM, SGLang, llama.cpp or another Fireside. Their "
                "models stand in the list of models, marked as remote."
            ),
        )
        self._add.setText(self.tr("Add…"))
        self._edit.setText(self.tr("Edit…"))
        self._refresh.setText(self.tr("Ask for models"))
        self._refresh.setToolTip(self.tr("Contacts the endpoint and asks which models it has"))
        self._remove.setText(self.tr("Remove"))
        self.show_endpoints(self._endpoints)

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        self._allow.setChecked(settings.allows_remote)

    def show_endpoints(self, endpoints: Sequence[Endpoint]) -> None:
        """Replace what is listed; the chosen one stays chosen."""
        chosen = self._chosen()
        self._endpoints = tuple(endpoints)
        self._list.clear()
        for endpoint in self._endpoints:
            count = self.tr("%n model(s)", "", len(endpoint.models))
            named = self.tr("{name}: {host}").format(name=endpoint.name, host=endpoint.host)
            name = endpoint.host if endpoint.name == endpoint.host else named
            shown = self.tr("{endpoint}, {count}").format(endpoint=name, count=count)
            item = QListWidgetItem(shown)
            item.setData(_BASE_URL, endpoint.base_url)
            item.setToolTip(plain_tip(endpoint.base_url))
            self._list.addItem(item)
            if endpoint.base_url == chosen or len(self._endpoints) == 1:
                self._list.setCurrentItem(item)
        self._show_actions()

    def show_told(self, sentence: str) -> None:
        """Say what is waited for, or what went wrong."""
        self._told.setText(said(sentence))
        self._told.setVisible(bool(sentence))

    def _chosen(self) -> str | None:
        item = self._list.currentItem()
        return None if item is None else item.data(_BASE_URL)

    def _emit(self, wish: SignalInstance) -> None:
        chosen = self._chosen()
        if chosen is not None:
            wish.emit(chosen)

    def _show_actions(self) -> None:
        for each in (self._edit, self._refresh, self._remove):
            each.setEnabled(self._chosen() is not None)
