"""ChatModels: offers the model that an opened chat was written with, where another is in use. It is never forced."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.models import ModelsController
from app.core.library import Library
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
        loaded = self._models.loaded
        if conversation_id is None or loaded is None or self._models.is_loading:
            return
        try:
            last = self._store.last_model(conversation_id)
        except StoreError:
            return  # whoever opens the chat tells of it
        known = None if last is None else self._library.at(Path(last[0]))
        if known is None or not known.is_loadable or self._models.is_in_use(known):
            return
        self._window.message_bar.show_notice(
            self.tr("This chat was written with {name}.").format(name=known.name),
            action=self.tr("Use it again"),
            on_action=lambda: self._models.open_known(known),
        )
