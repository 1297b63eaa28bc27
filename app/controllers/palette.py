"""PaletteController: gathers what the command palette can find: commands, chats, models, and what others add."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial

from PySide6.QtCore import QDate, QLocale, QObject
from PySide6.QtGui import QKeySequence

from app.controllers.conversations import ConversationsController
from app.controllers.models import ModelsController
from app.controllers.preferences import PreferencesController
from app.views.actions import ActionEntry
from app.views.main_window import MainWindow
from app.views.palette_rows import PaletteItem

RECENT_CHATS = 5  # listed before a letter is typed

Source = Callable[[], Iterable[PaletteItem]]


class PaletteController(QObject):
    """Opens the palette; `add_source` lets it find more."""

    def __init__(
        self,
        conversations: ConversationsController,
        models: ModelsController,
        preferences: PreferencesController,
        window: MainWindow,
    ) -> None:
        super().__init__()
        self._conversations, self._models, self._preferences = conversations, models, preferences
        self._window = window
        self._sources: list[Source] = [self._known_models, self._settings_pages]
        window.action.palette.triggered.connect(self.open)

    def add_source(self, source: Source) -> None:
        """Ask `source` for its items, too, each time the palette opens."""
        self._sources.append(source)

    def open(self) -> None:
        """Show the palette, or close it."""
        commands, chats = self._commands(), self._chats()
        items = [*commands, *chats, *(item for source in self._sources for item in source())]
        self._window.palette_view.open_with(items, at_first=[*chats[:RECENT_CHATS], *commands])

    def _commands(self) -> list[PaletteItem]:
        own = self._window.action.palette
        return [
            _command(entry)
            for entry in self._window.action.entries
            if entry.action.isEnabled() and entry.action is not own
        ]

    def _chats(self) -> list[PaletteItem]:
        day = _DayNames()
        return [
            PaletteItem(row.title, day[row.updated_at.date()], "chat", partial(self._conversations.open, row.id))
            for row in self._window.sidebar.model.conversations
        ]

    def _known_models(self) -> list[PaletteItem]:
        return [
            PaletteItem(
                choice.name,
                choice.host or choice.detail,
                "remote" if choice.host else "model",
                partial(self._models.open, choice.path),
            )
            for choice in self._window.model_picker.choices
        ]

    def _settings_pages(self) -> list[PaletteItem]:
        title = self.tr("Settings: {page}")
        show = self._preferences.show_dialog
        return [
            PaletteItem(title.format(page=page), "", "gear", partial(show, name))
            for name, page in self._preferences.pages()
        ]


class _DayNames(dict[date, str]):
    """Days as this locale writes them; of 5,000 chats, most share theirs."""

    def __missing__(self, day: date) -> str:
        self[day] = name = QLocale().toString(QDate(day.year, day.month, day.day), QLocale.FormatType.ShortFormat)
        return name


def _command(entry: ActionEntry) -> PaletteItem:
    keys = [key.toString(QKeySequence.SequenceFormat.NativeText) for key in entry.action.shortcuts()]
    return PaletteItem(entry.plain_text, keys[0] if keys else "", entry.icon or "command", entry.action.trigger)
