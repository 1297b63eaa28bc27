"""IdleUnload: lets go of the model when nobody has used it for a while; the next message loads it again.

The usual time is half an hour: nobody waits then, what was read of chats is kept on the disk, and loading again takes
0.2 s for a small model, some seconds for a large one, while a forgotten window keeps gigabytes from other programs.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.controllers.chat import ChatController
from app.controllers.models import ModelsController
from app.controllers.preferences import PreferencesController
from app.controllers.server import ServerController
from app.core.settings import Settings
from app.views.main_window import MainWindow

MINUTE_MS = 60_000


class IdleUnload(QObject):
    """Counts from the last reply, here or for another program, load or key press in the composer."""

    def __init__(
        self,
        models: ModelsController,
        chat: ChatController,
        server: ServerController,
        preferences: PreferencesController,
        window: MainWindow,
    ) -> None:
        super().__init__()
        self._models, self._chat, self._server, self._window = models, chat, server, window
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self._unload)
        models.modelReady.connect(lambda _loaded: self._used())
        chat.replyFinished.connect(lambda _message_id: self._used())
        server.used.connect(self._restart)
        window.composer.textChanged.connect(self._used)
        preferences.changed.connect(self._choose)
        self._minutes = 0
        self._choose(preferences.settings)

    def _choose(self, settings: Settings) -> None:
        self._minutes = settings.idle_unload_min
        self._used()

    def _used(self) -> None:
        if not (self._models.is_remote_in_use and self.timer.isActive()):  # the one on this machine is not used then
            self._restart()

    def _restart(self) -> None:
        self.timer.stop()
        if self._minutes and self._models.loaded is not None:
            self.timer.start(self._minutes * MINUTE_MS)

    def _unload(self) -> None:
        if self._chat.is_replying or self._server.is_answering or self._models.is_loading:
            self._used()
            return
        self._models.unload()
        if self._models.is_remote_in_use:
            return
        self._window.status.show_text(
            self.tr("The model was unloaded after %n idle minute(s); your next message loads it.", "", self._minutes)
        )
