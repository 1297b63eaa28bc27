"""DesktopController: Fireside outside of its window: the icon in the tray, and notifications of long replies."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from app.controllers.appearance import AppearanceController
from app.controllers.chat import ChatController
from app.controllers.conversations import ConversationsController
from app.controllers.preferences import PreferencesController
from app.core.conversation import Status
from app.core.settings import Settings
from app.core.store import Store, StoreError
from app.views.main_window import MainWindow
from app.views.tray import Tray

if TYPE_CHECKING:
    from app.views.desktop_page import DesktopPage

LONG_REPLY_S = 10.0  # a person may have turned to something else meanwhile
SHOWN_MS = 10_000  # how long a notification stays, where the desktop asks
MOST_LETTERS = 120  # of a reply in a notification


class DesktopController(QObject):
    """With the tray wanted and there, closing the window hides it; else closing ends Fireside."""

    def __init__(
        self,
        preferences: PreferencesController,
        appearance: AppearanceController,
        chat: ChatController,
        conversations: ConversationsController,
        window: MainWindow,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._preferences, self._chat, self._conversations = preferences, chat, conversations
        self._window, self._clock = window, clock
        self._began_at = 0.0
        self._told_chat: str | None = None
        self.tray = Tray(appearance.theme, window)
        appearance.themeChanged.connect(self.tray.apply_theme)
        self.tray.showRequested.connect(window.raise_to_front)
        self.tray.newChatRequested.connect(self._new_chat)
        self.tray.quitRequested.connect(window.quit)
        self.tray.messageClicked.connect(self._show_told)
        window.activated.connect(self._forget)
        chat.replyBegan.connect(self._reply_began)
        chat.replyEnded.connect(self._reply_ended)
        preferences.add_page(_make_page)
        preferences.changed.connect(self._apply)
        self._apply(preferences.settings)

    def close(self) -> None:
        """Take the icon out of the tray."""
        self.tray.hide()

    def _apply(self, settings: Settings) -> None:
        stays = settings.tray and QSystemTrayIcon.isSystemTrayAvailable()
        self.tray.setVisible(stays)
        self._window.hides_on_close = stays

    def _reply_began(self) -> None:
        self._began_at = self._clock()
        self.tray.show_replying(True)

    def _reply_ended(self, store: Store, conversation_id: str, status: Status) -> None:
        self.tray.show_replying(False)
        took_s = self._clock() - self._began_at
        is_away = not (self._window.isVisible() and self._window.isActiveWindow())
        if self._preferences.settings.notify and is_away and took_s >= LONG_REPLY_S and status is not Status.STOPPED:
            self._notify(store, conversation_id, status)

    def _notify(self, store: Store, conversation_id: str, status: Status) -> None:
        """Tell that a reply has ended, of its text only what the settings allow."""
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        is_kept = store is self._chat.store
        self._told_chat = conversation_id if is_kept else None
        title = self.tr("The reply failed") if status is Status.FAILED else self.tr("The reply is ready")
        text = self._beginning(store, conversation_id) if self._preferences.settings.notify_text and is_kept else ""
        self.tray.show()  # a desktop shows no message of an icon that is hidden
        self.tray.showMessage(title, text, self.tray.icon(), SHOWN_MS)

    def _beginning(self, store: Store, conversation_id: str) -> str:
        try:
            text = " ".join(store.tree(conversation_id).path()[-1].text.split())
        except StoreError:
            return ""
        return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"

    def _show_told(self) -> None:
        """Bring the window to the front with the chat that was told of."""
        told = self._told_chat
        self._window.raise_to_front()
        if told is not None:
            self._conversations.open(told)

    def _forget(self) -> None:
        """The person is back: the icon of a notification has done its work."""
        self._apply(self._preferences.settings)

    def _new_chat(self) -> None:
        self._window.raise_to_front()
        self._conversations.new_chat()


def _make_page() -> DesktopPage:
    from app.views.desktop_page import DesktopPage

    return DesktopPage(has_tray=QSystemTrayIcon.isSystemTrayAvailable())
