"""WindowStateController: brings the window back as it was left: its place, what stood beside the chat, the chat."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QByteArray, QObject, QRect
from PySide6.QtGui import QGuiApplication

from app.controllers.chat import ChatController
from app.controllers.preferences import PreferencesController
from app.core.settings import WindowState
from app.core.store import Store, StoreError
from app.views.main_window import MainWindow

GRIP = (80, 20)  # pixels of a window's upper edge that have to be on a screen, so that it can be moved


class WindowStateController(QObject):
    """`restore` is for the start, before the window is shown; `keep` for the end, before the settings are saved."""

    def __init__(
        self, preferences: PreferencesController, store: Store, chat: ChatController, window: MainWindow
    ) -> None:
        super().__init__()
        self._preferences, self._store, self._chat, self._window = preferences, store, chat, window
        chat.opened.connect(lambda _conversation_id: self.keep())

    def restore(self) -> None:
        """Show what was shown when the window closed."""
        state, window = self._preferences.settings.window, self._window
        window.action.sidebar.setChecked(state.has_sidebar)
        window.action.settings.setChecked(state.has_panel)
        window.restoreGeometry(QByteArray.fromBase64(state.geometry.encode("ascii", "ignore")))
        screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        place = reachable(window.geometry(), screens)
        if place != window.geometry():
            window.setGeometry(place)
        window.set_side_widths(state.sidebar_width, state.panel_width)
        window.sidebar.model.close_folders(state.closed_folders)
        window.composer.setFocus()
        if self._preferences.settings.start_with == "last" and self._is_there(state.open_chat):
            self._chat.open(state.open_chat)

    def keep(self) -> None:
        """Remember what is shown."""
        window = self._window
        before = self._preferences.settings.window
        sidebar_width, panel_width = window.side_widths()
        state = WindowState(
            geometry=window.saveGeometry().toBase64().toStdString(),
            has_sidebar=window.is_sidebar_wanted,
            has_panel=window.action.settings.isChecked(),
            sidebar_width=sidebar_width or before.sidebar_width,
            panel_width=panel_width or before.panel_width,
            closed_folders=window.sidebar.model.closed_folders,
            open_chat=None if self._chat.shown.is_temporary else self._chat.conversation_id,
        )
        self._preferences.change("window", state)

    def _is_there(self, conversation_id: str | None) -> bool:
        try:
            return conversation_id is not None and self._store.conversation(conversation_id).deleted_at is None
        except StoreError:
            return False


def reachable(window: QRect, screens: Iterable[QRect]) -> QRect:
    """The place of a window, moved onto the first screen if it could not be grasped on any, as when one is gone."""
    known = list(screens)
    upper = QRect(window.left(), window.top(), window.width(), GRIP[1])
    seen = (upper.intersected(screen) for screen in known)
    if not known or any(part.width() >= GRIP[0] and part.height() >= GRIP[1] for part in seen):
        return window
    size = window.size().boundedTo(known[0].size())
    moved = QRect(window.topLeft(), size)
    moved.moveCenter(known[0].center())
    return moved
