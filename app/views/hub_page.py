"""HubPage: finding a model on a hub and fetching it; nothing is asked of the network before a person allows it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.downloads.hub import HubModel, Offer
from app.core.downloads.shelf import Download
from app.core.fit import Verdict
from app.views.dialog_pages import at_end, button, column
from app.views.download_row import DownloadRow
from app.views.known_sentences import said
from app.views.model_words import size_text, verdict_text

_DATA = Qt.ItemDataRole.UserRole


class HubPage(QWidget):
    """Emits what is wanted; who listens shows what came of it."""

    allowRequested = Signal()
    connectionRequested = Signal()
    searchRequested = Signal(str)
    offersRequested = Signal(str)
    downloadRequested = Signal(object)
    pauseRequested = Signal(str)
    resumeRequested = Signal(str)
    removeRequested = Signal(str)
    openRequested = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hubPage")
        self._rows: dict[str, DownloadRow] = {}
        self._consent = QLabel(self)
        self._consent.setTextFormat(Qt.TextFormat.PlainText)
        self._consent.setWordWrap(True)
        self._consent.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._allow = button(self, "allowHub", "")
        self._allow.clicked.connect(self.allowRequested)
        self._search = QLineEdit(self)
        self._search.setObjectName("hubSearch")
        self._search.setPlaceholderText(self.tr("Name of a model, or organisation/name"))
        self._search.setAccessibleName(self.tr("Search for models"))
        self._search.setClearButtonEnabled(True)
        self._search.returnPressed.connect(self._start_search)
        self._find = button(self, "hubFind", self.tr("Search"))
        self._find.clicked.connect(self._start_search)
        self._connection = button(self, "hubConnection", self.tr("Connection…"))
        self._connection.clicked.connect(self.connectionRequested)
        self._notice = QLabel(self)
        self._notice.setObjectName("hubNotice")
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.setWordWrap(True)
        self._models = self._table(
            "hubModels", self.tr("Found models"), (self.tr("Model"), self.tr("Downloads"), self.tr("Licence"))
        )
        self._models.itemSelectionChanged.connect(self._ask_for_offers)
        self._offers = self._table(
            "hubOffers", self.tr("Files"), (self.tr("Files"), self.tr("Kind"), self.tr("Size"), self.tr("Memory"))
        )
        self._offers.itemSelectionChanged.connect(self._show_actions)
        self._offers.itemActivated.connect(lambda _item, _column: self._ask_for_download())
        self._download = button(self, "hubDownload", self.tr("Download"))
        self._download.clicked.connect(self._ask_for_download)
        self._downloads = QWidget(self)
        self._download_rows = QVBoxLayout(self._downloads)
        self._download_rows.setContentsMargins(0, 0, 0, 0)
        self._download_rows.addStretch(1)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._consent_page())
        self._pages.addWidget(self._search_page())
        self._list = self._download_list()
        whole = column(self)
        whole.addWidget(self._pages, 1)
        whole.addWidget(self._list)
        self._show_actions()

    def show_allowed(self, is_allowed: bool, host: str) -> None:
        """Ask whether `host` may be contacted, or let a person search there."""
        self._consent.setText(
            self.tr(
                "Fireside works without a network. To look for models it would contact {host}: what you search for "
                "and which files you fetch become known there, and nothing else. Your conversations stay here."
            ).format(host=host)
        )
        self._allow.setText(self.tr("Contact {host}").format(host=host))
        self._pages.setCurrentIndex(1 if is_allowed else 0)
        if is_allowed:
            self._search.setFocus()
        else:
            self._allow.setFocus()

    def show_notice(self, sentence: str) -> None:
        """Say what the page waits for, or what went wrong."""
        self._notice.setText(said(sentence))
        self._notice.setVisible(bool(sentence))

    def show_models(self, models: Sequence[HubModel]) -> None:
        """Replace what was found."""
        self._models.clear()
        self._offers.clear()
        locale, first = QLocale(), None
        for model in models:
            name = self.tr("{name} (asks for an account)").format(name=model.repository)
            shown = name if model.is_gated else model.repository
            item = QTreeWidgetItem([shown, locale.toString(model.downloads), model.licence])
            item.setData(0, _DATA, model.repository)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            self._models.addTopLevelItem(item)
            first = first or item
        self.show_notice("" if models else self.tr("No model of this name with GGUF or safetensors files was found."))
        if first is not None:
            self._models.setCurrentItem(first)

    def show_offers(self, offers: Sequence[tuple[Offer, Verdict]]) -> None:
        """Replace the files of the chosen repository, each with how it fits into memory."""
        self._offers.clear()
        chosen = None
        for offer, verdict in offers:
            size, fit = size_text(offer.size_bytes), verdict_text(verdict)
            item = QTreeWidgetItem([offer.name, offer.quantisation, size, fit])
            item.setData(0, _DATA, offer)
            self._offers.addTopLevelItem(item)
            if chosen is None or verdict is not Verdict.NOT:
                chosen = item
        self.show_notice("" if offers else self.tr("This repository holds no files that Fireside can run."))
        if chosen is not None:
            self._offers.setCurrentItem(chosen)
        self._show_actions()

    def show_downloads(self, downloads: Sequence[tuple[Download, int]]) -> None:
        """Show each download with the bytes that are there."""
        keys = {download.key for download, _ in downloads}
        for key in [*self._rows]:
            if key not in keys:
                row = self._rows.pop(key)
                self._download_rows.removeWidget(row)
                row.deleteLater()
        for download, fetched in downloads:
            if download.key not in self._rows:
                row = self._rows[download.key] = DownloadRow(download.key, self._downloads)
                row.pauseRequested.connect(self.pauseRequested)
                row.resumeRequested.connect(self.resumeRequested)
                row.removeRequested.connect(self.removeRequested)
                row.openRequested.connect(self.openRequested)
                self._download_rows.insertWidget(self._download_rows.count() - 1, row)
            self._rows[download.key].show_download(download, fetched)
        self._list.setVisible(bool(downloads))

    def show_progress(self, key: str, fetched: int, total: int, bytes_s: float) -> None:
        """Move one download's bar."""
        if key in self._rows:
            self._rows[key].show_progress(fetched, total, bytes_s)

    def _start_search(self) -> None:
        words = self._search.text().strip()
        if words:
            self.searchRequested.emit(words)

    def _ask_for_offers(self) -> None:
        chosen = self._models.selectedItems()
        if chosen:
            self.offersRequested.emit(chosen[0].data(0, _DATA))

    def _ask_for_download(self) -> None:
        chosen = self._offers.selectedItems()
        if chosen:
            self.downloadRequested.emit(chosen[0].data(0, _DATA))

    def _show_actions(self) -> None:
        self._download.setEnabled(bool(self._offers.selectedItems()))

    def _table(self, object_name: str, name: str, titles: Sequence[str]) -> QTreeWidget:
        table = QTreeWidget(self)
        table.setObjectName(object_name)
        table.setAccessibleName(name)
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setHeaderLabels(list(titles))
        table.header().setStretchLastSection(False)
        table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        return table

    def _consent_page(self) -> QWidget:
        page = QWidget(self)
        rows = column(page)
        rows.addStretch(1)
        rows.addWidget(self._consent)
        rows.addWidget(self._allow, 0, Qt.AlignmentFlag.AlignHCenter)
        rows.addStretch(1)
        return page

    def _search_page(self) -> QWidget:
        page = QWidget(self)
        top = QHBoxLayout()
        for part in (self._search, self._find, self._connection):
            top.addWidget(part, 1 if part is self._search else 0)
        tables = QSplitter(Qt.Orientation.Vertical, page)
        tables.setChildrenCollapsible(False)
        tables.addWidget(self._models)
        tables.addWidget(self._offers)
        rows = column(page)
        rows.addLayout(top)
        rows.addWidget(self._notice)
        rows.addWidget(tables, 1)
        rows.addLayout(at_end(self._download))
        return page

    def _download_list(self) -> QWidget:
        area = QScrollArea(self)
        area.setObjectName("hubDownloads")
        area.setAccessibleName(self.tr("Downloads"))
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMaximumHeight(200)
        area.setWidget(self._downloads)
        area.hide()
        return area


class ConnectionFields(QWidget):
    """The hub's address and the access token; `accepted(endpoint, token)`. An empty token forgets the kept one."""

    accepted = Signal(str, str)

    def __init__(self, endpoint: str, *, parent: QWidget) -> None:
        super().__init__(parent)
        self._endpoint = QLineEdit(endpoint, self)
        self._endpoint.setObjectName("hubEndpoint")
        self._token = QLineEdit(self)
        self._token.setObjectName("hubToken")
        self._token.setEchoMode(QLineEdit.EchoMode.Password)
        rows = column(self)
        for title, help_text, field in (
            (self.tr("Address"), self.tr("Of Hugging Face, or of a mirror that speaks like it."), self._endpoint),
            (
                self.tr("Access token"),
                self.tr("Only for models that ask for an account. It is sent to this address alone."),
                self._token,
            ),
        ):
            label, help_label = QLabel(title, self), QLabel(help_text, self)
            label.setBuddy(field)
            help_label.setObjectName("settingHelp")
            help_label.setWordWrap(True)
            field.setAccessibleName(title)
            field.setAccessibleDescription(help_text)
            for part in (label, field, help_label):
                rows.addWidget(part)

    def show_kept(self, has_token: bool) -> None:
        """Say whether a token is kept already, when the keyring has answered."""
        self._token.setPlaceholderText(self.tr("Kept in the system's keyring") if has_token else self.tr("None"))

    def submit(self) -> None:
        """Tell what the fields say."""
        self.accepted.emit(self._endpoint.text().strip(), self._token.text().strip())

    def push_button(self) -> QPushButton:
        """A button that submits."""
        made = button(self, "hubConnectionSave", self.tr("Use"))
        made.clicked.connect(self.submit)
        return made
