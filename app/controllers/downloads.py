"""DownloadsController: searches a hub and fetches models, one at a time, each only after a person asked for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QVBoxLayout
from shiboken6 import isValid

from app.controllers.background import Background, Control, Job
from app.controllers.library import LibraryController
from app.controllers.models import ModelsController
from app.controllers.preferences import PreferencesController
from app.core.downloads.hub import Offer, offers, search
from app.core.downloads.shelf import Download, Shelf, State
from app.core.downloads.transfer import Paused
from app.core.downloads.web import Web, WebError
from app.core.fit import free_ram, rough_verdict
from app.core.paths import DataFolder
from app.core.secrets import Secrets
from app.core.settings import Settings
from app.views.dialog_pages import at_end
from app.views.main_window import MainWindow

if TYPE_CHECKING:
    from app.views.hub_page import HubPage
    from app.views.library_dialog import LibraryDialog

_SPEED_S = 1.0  # over which the speed is measured


class DownloadsController(QObject):
    """Serves a tab of the library; tells the library when a model is complete."""

    def __init__(
        self,
        library: LibraryController,
        models: ModelsController,
        preferences: PreferencesController,
        background: Background,
        window: MainWindow,
        *,
        folder: DataFolder,
    ) -> None:
        super().__init__()
        self._library, self._models, self._preferences = library, models, preferences
        self._background, self._window = background, window
        self._shelf = Shelf(folder.downloads, folder.fetched_models)
        self._secrets = Secrets()
        self._page: HubPage | None = None
        self._asking: Job | None = None
        self._running: tuple[str, threading.Event] | None = None  # the download's key, and what ends it
        self._removing: set[str] = set()
        self._measured = (0.0, 0)
        self._speed = 0.0
        library.dialogOpened.connect(self._add_tab)
        preferences.changed.connect(self._obey)
        if self._shelf.notice is not None:
            window.message_bar.show_error(self._shelf.notice)

    def download(self, offer: Offer) -> None:
        """Queue an offer."""
        self._changed(lambda: self._shelf.add(offer))

    def pause(self, key: str) -> None:
        """Stop fetching; what is there stays."""
        if self._running is not None and self._running[0] == key:
            self._running[1].set()
        else:
            self._changed(lambda: self._shelf.set_state(key, State.PAUSED))

    def resume(self, key: str) -> None:
        """Go on where it ended."""
        self._changed(lambda: self._shelf.set_state(key, State.WAITING))

    def remove(self, key: str) -> None:
        """Forget a download, and what was fetched of it unless it is complete."""
        if self._running is not None and self._running[0] == key:
            self._removing.add(key)
            self._running[1].set()
        else:
            self._changed(lambda: self._shelf.remove(key))

    def change_connection(self, endpoint: str, token: str) -> None:
        """Use another address or token; another address is asked for anew."""
        page = self._shown_page()
        try:
            Web(endpoint).close()
        except WebError as error:
            if page is not None:
                page.show_notice(str(error))
            return
        if endpoint != self._preferences.settings.hub_endpoint:
            self._preferences.change("hub_endpoint", endpoint)
            self._preferences.change("allows_hub", False)  # the yes was for another address
        self._show_allowed()

        def tell(is_kept: bool) -> None:
            page = self._shown_page()
            if page is not None and token and not is_kept:
                page.show_notice(self.tr("This system has no keyring; the token is forgotten when Fireside closes."))

        keeping = self._background.start(lambda _control: self._secrets.set(endpoint, token), name="keyring")
        keeping.succeeded.connect(tell)

    def close(self) -> None:
        """Stop what is being fetched; the list says that it is paused."""
        if self._running is not None:
            self._running[1].set()

    def _add_tab(self, dialog: LibraryDialog) -> None:
        from app.views.hub_page import HubPage

        page = self._page = HubPage(dialog)
        dialog.add_tab(page, self.tr("Get models"))
        page.allowRequested.connect(self._allow)
        page.connectionRequested.connect(self._ask_for_connection)
        page.searchRequested.connect(self._search)
        page.offersRequested.connect(self._list_offers)
        page.downloadRequested.connect(self.download)
        page.pauseRequested.connect(self.pause)
        page.resumeRequested.connect(self.resume)
        page.removeRequested.connect(self.remove)
        page.openRequested.connect(self._open)
        self._show_allowed()
        self._show_downloads()

    def _obey(self, settings: Settings) -> None:
        """Without a yes nothing is fetched, also not what is under way."""
        if not settings.allows_hub:
            self.close()

    def _allow(self) -> None:
        self._preferences.change("allows_hub", True)
        self._show_allowed()

    def _show_allowed(self) -> None:
        page = self._shown_page()
        if page is not None:
            settings = self._preferences.settings
            host = urlsplit(settings.hub_endpoint).hostname or settings.hub_endpoint
            page.show_allowed(settings.allows_hub, host)

    def _ask_for_connection(self) -> None:
        from app.views.hub_page import ConnectionFields

        dialog = QDialog(self._window)
        dialog.setObjectName("hubConnectionDialog")
        dialog.setWindowTitle(self.tr("Connection"))
        endpoint = self._preferences.settings.hub_endpoint
        fields = ConnectionFields(endpoint, parent=dialog)
        asking = self._background.start(lambda _control: bool(self._secrets.get(endpoint)), name="keyring")
        asking.succeeded.connect(fields.show_kept)
        fields.accepted.connect(self.change_connection)
        fields.accepted.connect(dialog.accept)
        rows = QVBoxLayout(dialog)
        rows.addWidget(fields)
        rows.addLayout(at_end(fields.push_button()))
        dialog.exec()
        dialog.deleteLater()

    def _web(self) -> Web:
        endpoint = self._preferences.settings.hub_endpoint
        return Web(endpoint, self._secrets.get(endpoint))

    def _search(self, words: str) -> None:
        def work(_control: Control) -> object:
            web = self._web()
            try:
                return search(web, words)
            finally:
                web.close()

        page = self._shown_page()
        if page is not None and self._preferences.settings.allows_hub:
            page.show_notice(self.tr("Searching…"))
            self._ask(page, work, page.show_models)

    def _list_offers(self, repository: str) -> None:
        def work(_control: Control) -> object:
            web = self._web()
            try:
                found = offers(web, repository)
            finally:
                web.close()
            memory = free_ram()
            return [(offer, rough_verdict(offer.size_bytes, memory)) for offer in found]

        page = self._shown_page()
        if page is not None and self._preferences.settings.allows_hub:
            page.show_notice(self.tr("Reading what {name} holds…").format(name=repository))
            self._ask(page, work, page.show_offers)

    def _ask(self, page: HubPage, work: Callable[[Control], object], show: Callable[..., None]) -> None:
        """Ask the hub; an answer that a newer question or the closing of the page has overtaken is not shown."""
        job = self._asking = self._background.start(work, name="hub")

        def is_wanted() -> bool:
            return self._asking is job and isValid(page)

        job.succeeded.connect(lambda found: show(found) if is_wanted() else None)
        job.failed.connect(lambda sentence: page.show_notice(sentence) if is_wanted() else None)

    def _start_next(self) -> None:
        download = self._shelf.next_waiting()
        if download is None or not self._preferences.settings.allows_hub:
            return
        cancelled = threading.Event()
        self._shelf.set_state(download.key, State.RUNNING)
        self._measured, self._speed = (time.monotonic(), self._shelf.fetched_bytes(download)), 0.0
        job = self._background.start(self._fetching(download, cancelled), name="download")
        self._running = (download.key, cancelled)
        key = download.key
        job.progressed.connect(lambda done, total: self._show_progress(key, done, total))
        job.succeeded.connect(lambda is_whole: self._ended(download, State.DONE if is_whole else State.PAUSED))
        job.failed.connect(lambda sentence: self._ended(download, State.FAILED, sentence))

    def _fetching(self, download: Download, cancelled: threading.Event) -> Callable[[Control], bool]:
        """Fetches all files; whether it came to the end."""

        def work(control: Control) -> bool:
            def progress(done: int, total: int) -> None:
                control.progress(done, total)
                if control.is_cancelled():
                    cancelled.set()

            web = self._web()
            try:
                self._shelf.fetch(download, web, check_header=check_model, progress=progress, cancelled=cancelled)
            except Paused:
                return False
            finally:
                web.close()
            return True

        return work

    def _ended(self, download: Download, state: State, problem: str = "") -> None:
        self._running = None
        if download.key in self._removing:
            self._removing.discard(download.key)
            self._changed(lambda: self._shelf.remove(download.key))
            return
        self._changed(lambda: self._shelf.set_state(download.key, state, problem))
        if state is State.DONE:
            path = str(self._shelf.model_path(download.offer))
            self._library.rescan()
            self._window.message_bar.show_notice(
                self.tr("“{name}” is here.").format(name=download.offer.name),
                action=self.tr("Use it"),
                on_action=lambda: self._models.open(path),
            )
        elif state is State.FAILED and self._shown_page() is None:
            self._window.message_bar.show_error(problem)

    def _open(self, key: str) -> None:
        download = next((one for one in self._shelf.all() if one.key == key), None)
        if download is not None:
            self._models.open(str(self._shelf.model_path(download.offer)))

    def _changed(self, change: Callable[[], object]) -> None:
        """Change the list, go on with the next download, and show it all."""
        try:
            change()
            self._start_next()
        except OSError as error:
            self._window.message_bar.show_error(
                self.tr("The list of downloads cannot be written: {reason}.").format(reason=error.strerror or error)
            )
        self._show_downloads()

    def _show_downloads(self) -> None:
        page = self._shown_page()
        if page is not None:
            page.show_downloads([(one, self._shelf.fetched_bytes(one)) for one in self._shelf.all()])

    def _show_progress(self, key: str, done: int, total: int) -> None:
        now, (then, before) = time.monotonic(), self._measured
        if now - then >= _SPEED_S:
            self._speed, self._measured = max(done - before, 0) / (now - then), (now, done)
        page = self._shown_page()
        if page is not None:
            page.show_progress(key, done, total, self._speed)

    def _shown_page(self) -> HubPage | None:
        return self._page if self._page is not None and isValid(self._page) else None


def check_model(path: Path) -> None:
    """Raises for a file that Fireside cannot run."""
    from engine.api import UnsupportedModelError
    from engine.header import read_header

    header = read_header(path)
    if header.problem or not header.is_model:
        raise UnsupportedModelError(header.problem or f"“{path.name}” is no model that can chat.")
