"""Tray: Fireside's icon in the desktop's tray: it says whether a reply is running, and brings the window back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from app.theme import Theme, tinted_icon
from app.views.language import in_every_language

ICON_SIZE = 32  # pixels
_CLICKS = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)


class Tray(QSystemTrayIcon):
    """Hidden until `show` is called. `messageClicked` comes from a notification."""

    showRequested = Signal()
    newChatRequested = Signal()
    quitRequested = Signal()

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("tray")
        self._theme = theme
        self._is_replying = False
        self._menu = QMenu(window)
        self._menu.setObjectName("trayMenu")
        self._show = self._menu.addAction("")
        self._new_chat = self._menu.addAction("")
        self._menu.addSeparator()
        self._quit = self._menu.addAction("")
        self._show.triggered.connect(self.showRequested)
        self._new_chat.triggered.connect(self.newChatRequested)
        self._quit.triggered.connect(self.quitRequested)
        self.setContextMenu(self._menu)
        self.activated.connect(self._activated)
        self.apply_theme(theme)
        in_every_language(self._menu, self._say_texts)

    def show_replying(self, is_replying: bool) -> None:
        """Say whether a reply is running."""
        self._is_replying = is_replying
        self.apply_theme(self._theme)
        self._say_texts()

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icon."""
        self._theme = theme
        name = "flame-busy" if self._is_replying else "flame"
        self.setIcon(tinted_icon(name, theme.colors["accent"], size=ICON_SIZE))

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in _CLICKS:
            self.showRequested.emit()

    def _say_texts(self) -> None:
        self._show.setText(self.tr("Show Fireside"))
        self._new_chat.setText(self.tr("New chat"))
        self._quit.setText(self.tr("Quit"))
        self.setToolTip(self.tr("Fireside: a reply is being written") if self._is_replying else "Fireside")
