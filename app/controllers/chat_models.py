"""ChatModels: offers the model that an opened chat was written with, where another is in use. It is never forced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.models import ModelsController
from app.core.library import Library
from app.core.remote.endpoints import is_remote
from app.core.store import Store, StoreError
from app.views.main_window import MainWindow


class ChatModels(QObject):
    """A chat's model is the one that made its newest reply, as the reply's record says."""

    def __init__(
        self, store: Store, library: Library, chat: ChatController, models: ModelsController, window: MainWindow
    ) -> None:
        super().__init__()
        self._store, self._library, self._models, self._window = store, library, models, window
        chat.opened.connect(self._offer)

    def _offer(self, conversation_id: str | None) -> None:
        in_use = self._models.in_use
        if conversation_id is None or in_use is None or self._models.is_loading:
            return
        try:
            last = self._store.last_model(conversation_id)
        except StoreError:
            return  # whoever opens the chat tells of it
        if last is None or last[0] == in_use.info.path:
            return
        if is_remote(last[0]):
            choices = self._window.model_picker.choices
            remote = next((one for one in choices if one.path == last[0]), None)
            if remote is not None:
                name = self.tr("{name} at {host}").format(name=remote.name, host=remote.host)
                self._tell(name, lambda: self._models.open(remote.path))
            return
        known = self._library.at(Path(last[0]))
        if known is not None and known.is_loadable and not self._models.is_in_use(known):
            self._tell(known.name, lambda: self._models.open_known(known))

    def _tell(self, name: str, use: Callable[[], None]) -> None:
        self._window.message_bar.show_notice(
            self.tr("This chat was written with {name}.").format(name=name),
            action=self.tr("Use it again"),
            on_action=use,
        )
