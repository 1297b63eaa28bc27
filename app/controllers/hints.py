"""HintsController: tells the one thing that is worth knowing and cannot be seen, after the first reply, once."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence

from app.controllers.chat import ChatController
from app.controllers.preferences import PreferencesController
from app.views.main_window import MainWindow

PALETTE = "palette"  # in the settings: that this one needs no telling any more


class HintsController(QObject):
    """Who has found the palette already is told nothing; a message that is shown is not pushed aside."""

    def __init__(self, preferences: PreferencesController, chat: ChatController, window: MainWindow) -> None:
        super().__init__()
        self._preferences, self._window = preferences, window
        chat.replyFinished.connect(lambda _message_id: self._tell())
        window.action.palette.triggered.connect(self._remember)

    def _tell(self) -> None:
        action = self._window.action.palette
        is_known = PALETTE in self._preferences.settings.told_hints
        if is_known or self._window.message_bar.text() or not action.shortcuts():
            return
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self._window.message_bar.show_notice(
            self.tr("{keys} finds every command, chat and model by a few letters.").format(keys=keys),
            action=self.tr("Try it"),
            on_action=action.trigger,
        )
        self._remember()

    def _remember(self) -> None:
        told = self._preferences.settings.told_hints
        if PALETTE not in told:
            self._preferences.change("told_hints", (*told, PALETTE))
