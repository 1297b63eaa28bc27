"""ServerController: the server for other programs, as the settings have it; its page shows the address and the token.

The server itself runs on a thread of its own and is imported when it is first switched on. What it asks of the window
(another model) comes as a signal; what becomes of that goes back into its event loop.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.controllers.background import Background, Control
from app.controllers.models import ModelsController
from app.controllers.preferences import PreferencesController
from app.core.library import Library
from app.core.secrets import Secrets
from app.core.server_token import new_server_token, server_token
from app.core.settings import Settings
from app.server import LOOPBACK
from app.server.errors import ApiError
from app.server.gate import Gate
from app.server.models import Models, ServedModel, served
from app.views.main_window import MainWindow
from app.views.server_state import ServerState
from app.worker import EngineThread
from engine.api import Event, FiresideError, ModelLoaded, ModelUnloaded

if TYPE_CHECKING:
    import asyncio

    from app.server.server import Answered, Server
    from app.views.server_page import ServerPage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Wish:
    """A model that the server waits for, and where to say what came of it."""

    model: ServedModel
    answer: asyncio.Future[ModelLoaded]
    loop: asyncio.AbstractEventLoop

    def loaded(self, event: ModelLoaded) -> None:
        """It is there."""
        self._answer(event)

    def failed(self, sentence: str) -> None:
        """It cannot be had."""
        self._answer(ApiError(503, sentence, code="model_unavailable"))

    def _answer(self, outcome: ModelLoaded | ApiError) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server was switched off
            self.loop.call_soon_threadsafe(self._tell, outcome)

    def _tell(self, outcome: ModelLoaded | ApiError) -> None:
        if self.answer.done():
            return  # nobody waits any more
        if isinstance(outcome, ApiError):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class ServerController(QObject):
    """`used` comes when a program was answered, `stateChanged(ServerState)` when the page has news."""

    stateChanged = Signal(object)
    used = Signal()
    _wished = Signal(object)

    def __init__(
        self,
        engine: EngineThread,
        models: ModelsController,
        library: Library,
        preferences: PreferencesController,
        window: MainWindow,
        *,
        background: Background,
        secrets: Secrets,
    ) -> None:
        super().__init__()
        self._engine, self._models, self._library = engine, models, library
        self._preferences, self._background, self._window = preferences, background, window
        self._secrets = secrets
        self._served = Models(self._load)
        self._server: Server | None = None
        self._state = ServerState()
        self._is_logged = preferences.settings.server_log
        self._applied: tuple[object, ...] = ()
        self._wish: _Wish | None = None
        self._wished.connect(self._open)
        engine.eventArrived.connect(self._handle)
        models.loadFailed.connect(self._refuse_wish)
        models.modelReady.connect(lambda _loaded: self._offer_others(preferences.settings))
        preferences.add_page(self._make_page)
        preferences.changed.connect(self._apply)
        self._apply(preferences.settings)

    @property
    def is_answering(self) -> bool:
        """Whether a program waits for its answer."""
        return self._server is not None and self._server.is_answering

    def close(self) -> None:
        """Stop listening; every answer ends."""
        self._preferences.changed.disconnect(self._apply)
        self._stop()

    def _apply(self, settings: Settings) -> None:
        """Bring the server to what is set."""
        self._is_logged = settings.server_log
        self._offer_others(settings)
        wanted = (settings.server_on, settings.server_port, settings.server_needs_token)
        if wanted != self._applied:
            self._applied = wanted
            self._stop()
            if settings.server_on:
                self._with_token(server_token)

    def _with_token(self, make: Callable[[Secrets], str]) -> None:
        """Start, when the keyring has given the token and the server is imported."""

        def prepare(_control: Control) -> str:
            importlib.import_module("app.server.server")  # 0.1 s, which the window need not wait
            return make(self._secrets)

        job = self._background.start(prepare, name="server token")
        job.succeeded.connect(self._start)
        job.failed.connect(lambda sentence: self._show(ServerState(problem=sentence)))

    def _start(self, token: str) -> None:
        from app.server.server import Server

        settings = self._preferences.settings
        self._stop()
        if not settings.server_on:
            return
        gate = Gate(token if settings.server_needs_token else None)
        server = Server(self._engine, self._served, gate, answered=self._note)
        try:
            server.start(port=settings.server_port)
        except FiresideError as error:
            self._show(ServerState(token=token, problem=str(error)))
            return
        self._server = server
        self._show(ServerState(f"http://{LOOPBACK}:{server.port}/v1", token))

    def _stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._show(ServerState(token=self._state.token))

    def _show(self, state: ServerState) -> None:
        self._state = state
        self.stateChanged.emit(state)
        if state.problem:
            self._window.message_bar.show_error(state.problem)

    def _make_page(self) -> ServerPage:
        from app.views.server_page import ServerPage

        page = ServerPage(self._state)
        self.stateChanged.connect(page.show_state)
        page.newTokenRequested.connect(lambda: self._with_token(new_server_token))
        page.copyRequested.connect(lambda text: QGuiApplication.clipboard().setText(text))
        return page

    def _note(self, answered: Answered) -> None:
        """Called on the server's thread."""
        if self._is_logged:
            logger.info("served %.100s: %d after %.2f s", answered.path, answered.status, answered.seconds)
        self.used.emit()

    def _handle(self, event: Event) -> None:
        """Follow which model the engine of this machine has."""
        if isinstance(event, ModelUnloaded):
            self._served.loaded = None
        if not isinstance(event, ModelLoaded):
            return
        self._served.own = served(event.info.name, Path(event.info.path))
        self._served.loaded = event
        wish, self._wish = self._wish, None
        if wish is not None and wish.model.path == self._served.own.path:
            wish.loaded(event)
        elif wish is not None:
            wish.failed("Another model was opened meanwhile; ask again.")

    def _offer_others(self, settings: Settings) -> None:
        """Which models a program may have loaded."""
        known = self._library.models() if settings.server_other_models else ()
        self._served.others = tuple(served(one.name, one.path) for one in known if one.is_loadable)

    async def _load(self, model: ServedModel) -> ModelLoaded:
        """Called in the server's event loop: let the window load a model."""
        import asyncio  # not by this file: the window need not wait for what only a server uses

        loop = asyncio.get_running_loop()
        wish = _Wish(model, loop.create_future(), loop)
        self._wished.emit(wish)
        return await wish.answer

    def _open(self, wish: _Wish) -> None:
        if self._models.is_remote_in_use:
            wish.failed("The window of Fireside uses a remote model; choose one of this machine there.")
            return
        self._wish = wish
        self._models.open(str(wish.model.path))

    def _refuse_wish(self, sentence: str) -> None:
        wish, self._wish = self._wish, None
        if wish is not None:
            wish.failed(sentence)
