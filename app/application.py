"""The composition root: builds each object once and connects them; nothing else knows everybody.

Controllers import their dialogs, and what these read and write files with, when they first open.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMessageBox

from app.controllers.appearance import AppearanceController
from app.controllers.attaching import AttachingController
from app.controllers.background import Background
from app.controllers.backups import BackupsController
from app.controllers.chat import ChatController
from app.controllers.chat_models import ChatModels
from app.controllers.chat_templates import ChatTemplatesController
from app.controllers.comparing import CompareController
from app.controllers.conversations import ConversationsController
from app.controllers.desktop import DesktopController
from app.controllers.downloads import DownloadsController
from app.controllers.dropping import DroppingController
from app.controllers.engines import Engines
from app.controllers.exports import ExportsController
from app.controllers.hints import HintsController
from app.controllers.idle_unload import IdleUnload
from app.controllers.imports import ImportsController
from app.controllers.inquiries import Inquiries
from app.controllers.inspector import InspectorController
from app.controllers.languages import LanguagesController
from app.controllers.library import LibraryController
from app.controllers.message_menu import MessageMenuController
from app.controllers.messages import MessagesController
from app.controllers.model_hashes import ModelHashesController
from app.controllers.models import ModelsController
from app.controllers.palette import PaletteController
from app.controllers.preferences import PreferencesController
from app.controllers.presets import PresetsController
from app.controllers.queueing import QueueingController
from app.controllers.reading_ahead import ReadingAheadController
from app.controllers.remotes import RemotesController
from app.controllers.reply_settings import ReplySettingsController
from app.controllers.search import SearchController
from app.controllers.server import ServerController
from app.controllers.slash_commands import SlashCommandsController
from app.controllers.token_counts import TokenCountsController
from app.controllers.window_state import WindowStateController
from app.controllers.writing import WritingController
from app.core.crash_log import CrashLog
from app.core.discovery import Machine
from app.core.library import Library
from app.core.paths import DataFolder
from app.core.presets import Presets
from app.core.remote.endpoints import Endpoints
from app.core.reply_caches import ReplyCaches
from app.core.scan import ReadHeader
from app.core.secrets import Secrets
from app.core.settings import SettingsFile
from app.core.store import StoreError, open_store
from app.instance import DesktopApplication, SingleInstance
from app.views.known_sentences import said
from app.views.main_window import MainWindow
from app.worker import EngineLike, EngineThread, create_engine, read_model_header

if TYPE_CHECKING:
    from app.controllers.inspector_views import InspectorViews

logger = logging.getLogger(__name__)


class Application(QObject):
    """The window with everything behind it. `start` shows it; the model loads when it is on the screen."""

    failed = Signal(str)

    def __init__(
        self,
        qt: QApplication,
        folder: DataFolder,
        *,
        make_engine: Callable[[], EngineLike] = create_engine,
        machine: Machine | None = None,
        read_header: ReadHeader = read_model_header,
    ) -> None:
        """Models are looked for on `machine`; None: this one. Raises `StoreError` when there are no conversations."""
        super().__init__()
        self._qt = qt
        self.store, store_notice = open_store(folder.database)
        settings = SettingsFile(folder.settings)
        self.languages = LanguagesController(qt, settings.settings.language)
        self.appearance = AppearanceController(qt)
        self.appearance.choose(settings.settings.theme, text_percent=settings.settings.text_percent)
        self.window = MainWindow(self.appearance.theme)
        self.appearance.themeChanging.connect(self.window.transcript.forget_unseen)
        self.appearance.themeChanged.connect(self.window.apply_theme)
        self.engine = EngineThread(make_engine)
        secrets = Secrets()
        self.remote_engine = EngineThread(lambda: _remote_engine(secrets))
        engines = Engines(self.engine, self.remote_engine)
        self._caches = ReplyCaches(folder.caches)
        self.chat = ChatController(engines, self.store, self._caches, self.window)
        self.languages.changed.connect(self.chat.show_path)  # the notes below messages are sentences of ours
        self.messages = MessagesController(self.chat, self.window)
        self.conversations = ConversationsController(self.store, self._caches, self.chat, self.window)
        self._background = Background(folder.database)
        self.search = SearchController(self._background, self.chat, self.messages, self.window)
        library = Library(folder.models)
        self.models = ModelsController(engines, library, self.window)
        self.preferences = PreferencesController(
            settings, self.appearance, self.languages, self.models, self.window, folder=folder
        )
        presets = Presets(folder.presets)
        self.reply_settings = ReplySettingsController(self.preferences, presets, self.chat, self.window)
        self.presets = PresetsController(presets, self.reply_settings, self.appearance, self.window)
        self.models.modelReady.connect(lambda _loaded: self.reply_settings.refresh())
        for start_is_over in (self.models.modelReady, self.models.loadFailed):
            start_is_over.connect(lambda _told: gc.enable())  # which `app.__main__` switches off
        self.library = LibraryController(
            library,
            self.models,
            self.preferences,
            self._background,
            self.window,
            folder=folder,
            machine=machine or Machine.here(),
            read_header=read_header,
        )
        self.downloads = DownloadsController(
            self.library, self.models, self.preferences, self._background, self.window, folder=folder
        )
        endpoints = Endpoints(folder.endpoints)
        self.remotes = RemotesController(
            self.models, self.preferences, self._background, self.window, endpoints=endpoints, secrets=secrets
        )
        self.server = ServerController(
            self.engine,
            self.models,
            library,
            self.preferences,
            self.window,
            background=self._background,
            secrets=secrets,
        )
        self.idle_unload = IdleUnload(self.models, self.chat, self.server, self.preferences, self.window)
        self._chat_models = ChatModels(self.store, library, self.chat, self.models, self.window)
        self.chat.replyBegan.connect(self.models.load_again)
        self.exports = ExportsController(self.store, self._background, self.chat, self.window)
        self.imports = ImportsController(self._background, self.conversations, self.window)
        self.writing = WritingController(self.chat, self.window)
        self.attaching = AttachingController(self._background, self.chat, self.writing, self.window)
        self._chat_templates = ChatTemplatesController(self.chat, self.models, self.window)
        self.message_menu = MessageMenuController(self.chat, self.models, self.window)
        self.inspector = InspectorController(Inquiries(engines, self.chat), self.chat, self.models, self.window)
        self.inspector.opening.connect(lambda: self.inspector_views)
        self.comparing = CompareController(
            *(self.inspector.inquiries, self.chat, self.models, self.window),
            library=library,
            appearance=self.appearance,
            background=self._background,
        )
        self.message_menu.compareRequested.connect(self.comparing.open)
        self.library.surveyed.connect(self.comparing.tell_memory)
        self.slash_commands = SlashCommandsController(
            self.writing,
            self.window,
            conversations=self.conversations,
            models=self.models,
            presets=presets,
            reply_settings=self.reply_settings,
        )
        self._token_counts = TokenCountsController(engines, self.chat, self.writing, self.window)
        self._reading_ahead = ReadingAheadController(
            engines, self.chat, self.writing, self.preferences, self._background
        )
        self.queueing = QueueingController(self.chat, self.writing, self.window)
        self._dropping = DroppingController(self._background, self.models, self.imports, self.attaching, self.window)
        self.palette = PaletteController(self.conversations, self.models, self.preferences, self.window)
        self.window_state = WindowStateController(self.preferences, self.store, self.chat, self.window)
        self._hints = HintsController(self.preferences, self.chat, self.window)
        self.desktop = DesktopController(
            self.preferences, self.appearance, self.chat, self.conversations, self.window
        )
        self.backups = BackupsController(self._background, self.conversations, self.window)
        self._hashes = ModelHashesController(folder.model_hashes, self._background, engines, self.chat)
        self.models.modelReady.connect(self._hashes.compute)
        self.models.modelReady.connect(lambda loaded: self.window.status.show_text(said(loaded.notice or "")))
        self.window.closing.connect(self.close)
        self.failed.connect(self.window.message_bar.show_error)
        for notice in (settings.notice, presets.notice, endpoints.notice, store_notice):
            if notice is not None:
                self.window.message_bar.show_error(notice)
        if store_notice is not None:
            self._offer_rescue(store_notice, folder)
        self._is_closed = False

    @cached_property
    def inspector_views(self) -> InspectorViews:
        """What the inspector can show, made when it first opens."""
        from app.controllers.inspector_views import InspectorViews

        return InspectorViews(self.inspector, self.chat, self._background, self.window)

    def start(self, file: Path | None = None) -> None:
        """Show the window, then tidy up and load a model in the background: `file`, if it is one."""
        try:
            self.store.mark_interrupted()  # before a new reply can be mistaken for an interrupted one
        except StoreError as error:
            self.window.message_bar.show_error(str(error))
        self.window_state.restore()
        self.window.show()
        if file is not None:
            self.open_file(file)
        if not self.models.is_loading and not self.remotes.open_last():
            self.models.open_default()  # first in the queue: a message typed at once waits for it
        QTimer.singleShot(0, self._after_first_paint)

    def open_file(self, file: Path) -> None:
        """Do with a file what is done when it is dropped on the window."""
        self._dropping.take([str(file)])

    def close(self) -> None:
        """Keep a running reply, save the settings, stop the engine. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self.queueing.close()
        self.window_state.keep()
        self.desktop.close()
        self._token_counts.close()
        self._reading_ahead.close()
        self.writing.save()
        self.reply_settings.save()
        self.chat.close()
        self.downloads.close()
        self.server.close()
        self.preferences.save()
        self._background.close()
        self.remote_engine.shutdown()
        self.engine.shutdown()
        self._tidy_caches()  # the engine may have written that of a conversation that was deleted meanwhile
        self.store.close()
        self.languages.close()

    def report(self, error: BaseException) -> None:
        """Log an unexpected error and tell it in one sentence; callable from any thread."""
        logger.error("unexpected error", exc_info=error)
        self.failed.emit(
            self.tr("Something unexpected went wrong ({kind}); the log file has the details.").format(
                kind=type(error).__name__
            )
        )

    def tell_of_crash(self, log: Path) -> None:
        """Say that the run before this ended unexpectedly, and where that is written down."""

        def show_log() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(log)))

        self.window.message_bar.show_error(
            self.tr("Fireside ended unexpectedly; the log is at {path}.").format(path=log),
            action=self.tr("Open the log"),
            on_action=show_log,
        )

    def _offer_rescue(self, store_notice: str, folder: DataFolder) -> None:
        from app.core.rescuing import newest_damaged

        damaged = newest_damaged(folder.database)
        if damaged is not None:
            self.backups.offer_rescue(store_notice, damaged)

    def _after_first_paint(self) -> None:
        if self._is_closed:
            return
        if not self.models.is_loading:
            gc.enable()
        self.engine.start()
        self.remote_engine.start()
        try:
            self.store.purge()
        except StoreError as error:
            self.window.message_bar.show_error(str(error))
        self._tidy_caches()

    def _tidy_caches(self) -> None:
        """Delete what was read of conversations that are gone or in the bin."""
        try:
            self._caches.keep_only({one.id for one in self.store.conversations()})
        except StoreError:
            logger.warning("the folder of caches is not tidied: the conversations cannot be read")


def run(folder: DataFolder, *, started: float, file: Path | None = None) -> int:
    """Open the window on `folder`, with `file` in it, and return the exit status when it closes.

    `started` is `time.perf_counter`. Where a window is open already, it is that which opens the file.
    """
    qt = DesktopApplication(sys.argv[:1])
    qt.setApplicationName("Fireside")
    qt.setDesktopFileName("fireside")
    instance = SingleInstance(folder)
    if not instance.is_first:
        if instance.raise_first(file):
            return 0
        sentence = "Fireside is open already, but its window does not answer; end it, then start again."
        return cannot_open(qt, folder, sentence)
    with CrashLog(folder) as crash_log:
        try:
            application = Application(qt, folder)
        except StoreError as error:
            return cannot_open(qt, folder, str(error))
        instance.raiseRequested.connect(application.window.raise_to_front)
        instance.openRequested.connect(application.open_file)
        qt.openRequested.connect(application.open_file)
        qt.setQuitOnLastWindowClosed(False)  # in the tray no window is open
        application.window.closing.connect(qt.quit)
        qt.commitDataRequest.connect(lambda _session: application.window.quit())
        catch_everything(application)
        application.start(file)
        if crash_log.of_last_run is not None:
            application.tell_of_crash(crash_log.of_last_run)
        logger.info("window shown %.2f s after the start", time.perf_counter() - started)
        status = qt.exec()
        application.close()
        instance.close()
        return status


def _remote_engine(secrets: Secrets) -> EngineLike:
    """Called on the worker's thread, for which the window need not wait: asyncio is imported there."""
    from app.core.remote.engine import RemoteEngine

    return RemoteEngine(secrets.get)


def cannot_open(qt: QApplication, folder: DataFolder, sentence: str) -> int:
    """Say why in a window of its own and in the person's language; the exit status."""
    languages = LanguagesController(qt, SettingsFile(folder.settings).settings.language)
    box = QMessageBox(QMessageBox.Icon.Critical, "Fireside", said(sentence))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()
    languages.close()
    return 1


def catch_everything(application: Application) -> None:
    """Errors that nobody caught, in slots and in threads, are logged and told; the window goes on."""

    def in_slot(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            application.window.quit()
        else:
            application.report(error)

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            application.report(arguments.exc_value)

    sys.excepthook = in_slot
    threading.excepthook = in_thread
