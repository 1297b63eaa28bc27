"""The window's actions in one place: id, text, keys, group and icon of each. Menus and lists are built of them.

An action says that something is wanted; what happens is decided by who connects to it. To add one: a line in
`_make_all`, a line in `_say_texts`. Its id is its object name and stands in the settings when its keys were changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.core.shortcuts import Shortcuts
from app.theme import ICON_SIZE, Theme, tinted_icon
from app.views.language import in_every_language

MENU_ICON_SIZE = 16  # pixels
_KEYS = QKeySequence.StandardKey
_PORTABLE = QKeySequence.SequenceFormat.PortableText


class Group(Enum):
    """Where an action belongs; the order is that of menus and lists."""

    CHAT = auto()
    REPLY = auto()
    CONVERSATION = auto()
    DATA = auto()
    MODEL = auto()
    WINDOW = auto()


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """One action and what it was registered with; `keys` are those that it has until a person chooses others."""

    action: QAction
    group: Group
    keys: tuple[QKeySequence, ...]
    icon: str | None
    icon_size: int
    is_in_menu: bool

    @property
    def id(self) -> str:
        """The name that settings know it by."""
        return self.action.objectName()

    @property
    def plain_text(self) -> str:
        """What it does, as lists say it."""
        return self.action.text().replace("&&", "&")


class WindowActions(QObject):
    """Makes the actions of `window`; each is an attribute, and all are in `entries`, in the order of menus."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._entries: list[ActionEntry] = []
        self._make_all()
        in_every_language(window, self._say_texts)

    @property
    def entries(self) -> tuple[ActionEntry, ...]:
        """Every action, by group."""
        return tuple(sorted(self._entries, key=lambda entry: entry.group.value))

    def group_name(self, group: Group) -> str:
        """What a person reads above the actions of a group."""
        match group:
            case Group.CHAT:
                return self.tr("Chat")
            case Group.REPLY:
                return self.tr("Replies")
            case Group.CONVERSATION:
                return self.tr("Conversations")
            case Group.DATA:
                return self.tr("Import, export and backup")
            case Group.MODEL:
                return self.tr("Models")
            case Group.WINDOW:
                return self.tr("Window")

    def shortcuts(self, changed: Mapping[str, tuple[str, ...]]) -> Shortcuts:
        """The keys of all actions when those in `changed` have others than they came with."""
        return Shortcuts({entry.id: tuple(map(_portable, entry.keys)) for entry in self._entries}, changed)

    def set_keys(self, changed: Mapping[str, tuple[str, ...]]) -> None:
        """Let these actions have other keys than they came with, and all others those."""
        shortcuts = self.shortcuts(changed)
        for entry in self._entries:
            entry.action.setShortcuts([QKeySequence(key, _PORTABLE) for key in shortcuts.keys(entry.id)])

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icons."""
        for entry in self._entries:
            if entry.icon is not None:
                icon = tinted_icon(entry.icon, theme.colors["text_muted"], size=entry.icon_size)
                entry.action.setIcon(icon)

    def _make_all(self) -> None:
        chat, reply, conversation, data = Group.CHAT, Group.REPLY, Group.CONVERSATION, Group.DATA
        self.new_chat = self._make("newChat", chat, [_KEYS.New], icon="new-chat")
        self.temporary_chat = self._make(
            "temporaryChat", chat, ["Ctrl+Shift+N"], icon="temporary", icon_size=ICON_SIZE
        )
        self.search = self._make("searchConversations", chat, ["Ctrl+Shift+F"], icon="search")
        self.find = self._make("findInChat", chat, [_KEYS.Find], icon="find")
        self.find_next = self._make("findNextInChat", chat, ["F3", "Ctrl+G"], is_in_menu=False)
        self.find_previous = self._make("findPreviousInChat", chat, ["Shift+F3", "Ctrl+Shift+G"], is_in_menu=False)
        self.write = self._make("writeMessage", chat, ["Ctrl+L"], is_in_menu=False)
        self.attach = self._make("attachFiles", chat, ["Ctrl+U"], icon="attach", is_in_menu=False)
        self.stop = self._make("stopReply", reply, ["Esc"], is_in_menu=False)
        self.regenerate = self._make("regenerateReply", reply, ["Ctrl+R"], icon="regenerate")
        self.copy_reply = self._make("copyReply", reply, ["Ctrl+Shift+C"], icon="copy")
        self.look_inside = self._make("lookInside", reply, ["Ctrl+Shift+I"], icon="look")
        self.compare = self._make("compareModels", reply, ["Ctrl+Shift+M"], icon="compare")
        self.deleted_messages = self._make("deletedMessages", reply, icon="undo")
        self.rename = self._make("renameConversation", conversation, ["F2"], icon="edit")
        self.delete = self._make("deleteConversation", conversation, ["Ctrl+Shift+Backspace"], icon="delete")
        self.new_folder = self._make("newFolder", conversation, icon="new-folder")
        self.bin = self._make("showBin", conversation, icon="delete")
        self.export = self._make("export", data, ["Ctrl+E"], icon="export")
        self.import_ = self._make("import", data, ["Ctrl+I"], icon="import")
        self.backup = self._make("backUp", data, icon="backup")
        self.restore = self._make("restoreBackup", data, icon="restore")
        self.open_model = self._make("openModel", Group.MODEL, [_KEYS.Open], is_in_menu=False)
        self.library = self._make("showLibrary", Group.MODEL, ["Ctrl+M"], icon="model")
        self.palette = self._make("commandPalette", Group.WINDOW, ["Ctrl+K", "Ctrl+Shift+P"], icon="command")
        self.sidebar = self._make(
            "showSidebar", Group.WINDOW, ["Ctrl+B"], icon="sidebar", icon_size=ICON_SIZE, is_in_menu=False
        )
        self.settings = self._make(
            "showSettings", Group.WINDOW, ["Ctrl+."], icon="settings", icon_size=ICON_SIZE, is_in_menu=False
        )
        self.preferences = self._make("showPreferences", Group.WINDOW, ["Ctrl+,"], icon="gear")
        self.shortcuts_overview = self._make("showShortcuts", Group.WINDOW, ["F1", "Ctrl+/"], icon="keyboard")
        self.larger_text = self._make("largerText", Group.WINDOW, [_KEYS.ZoomIn, "Ctrl+="], is_in_menu=False)
        self.smaller_text = self._make("smallerText", Group.WINDOW, [_KEYS.ZoomOut], is_in_menu=False)
        self.usual_text = self._make("usualText", Group.WINDOW, ["Ctrl+0"], is_in_menu=False)
        self.quit = self._make("quit", Group.WINDOW, ["Ctrl+Q"], icon="quit")
        for switch in (self.sidebar, self.settings, self.look_inside):
            switch.setCheckable(True)

    def _say_texts(self) -> None:
        for action, text in (
            (self.new_chat, self.tr("New chat")),
            (self.temporary_chat, self.tr("Temporary chat")),
            (self.search, self.tr("Search conversations")),
            (self.find, self.tr("Find in this chat")),
            (self.find_next, self.tr("Find the next place")),
            (self.find_previous, self.tr("Find the place before")),
            (self.write, self.tr("Write a message")),
            (self.attach, self.tr("Attach files…")),
            (self.stop, self.tr("Stop the reply")),
            (self.regenerate, self.tr("Regenerate the last reply")),
            (self.copy_reply, self.tr("Copy the last reply")),
            (self.look_inside, self.tr("Look inside: why this word?")),
            (self.compare, self.tr("Compare two models…")),
            (self.deleted_messages, self.tr("Deleted messages…")),
            (self.rename, self.tr("Rename…")),
            (self.delete, self.tr("Delete conversation")),
            (self.new_folder, self.tr("New folder…")),
            (self.bin, self.tr("Bin…")),
            (self.export, self.tr("Export…")),
            (self.import_, self.tr("Import…")),
            (self.backup, self.tr("Back up…")),
            (self.restore, self.tr("Restore a backup…")),
            (self.open_model, self.tr("Open model file…")),
            (self.library, self.tr("Models…")),
            (self.palette, self.tr("Find a command…")),
            (self.sidebar, self.tr("Sidebar")),
            (self.settings, self.tr("Settings of this chat")),
            (self.preferences, self.tr("Settings…")),
            (self.shortcuts_overview, self.tr("Keyboard shortcuts…")),
            (self.larger_text, self.tr("Larger text")),
            (self.smaller_text, self.tr("Smaller text")),
            (self.usual_text, self.tr("Usual text size")),
            (self.quit, self.tr("Quit")),
        ):
            action.setText(text)

    def _make(
        self,
        identifier: str,
        group: Group,
        keys: Sequence[str | QKeySequence.StandardKey] = (),
        *,
        icon: str | None = None,
        icon_size: int = MENU_ICON_SIZE,
        is_in_menu: bool = True,
    ) -> QAction:
        action = QAction(self)
        action.setObjectName(identifier)
        sequences = tuple(sequence for key in keys if not (sequence := QKeySequence(key)).isEmpty())
        action.setShortcuts(sequences)
        self._window.addAction(action)
        self._entries.append(ActionEntry(action, group, sequences, icon, icon_size, is_in_menu))
        return action


def _portable(keys: QKeySequence) -> str:
    return keys.toString(_PORTABLE)


def with_keys(text: str, keys: Iterable[QKeySequence]) -> str:
    """A text with the first of its keys behind it, as tooltips say it: `New chat (Ctrl+N)`."""
    named = [key.toString(QKeySequence.SequenceFormat.NativeText) for key in keys]
    return f"{text} ({named[0]})" if named else text


def explain_by_action(button: QAbstractButton, action: QAction) -> None:
    """Keep the name and tooltip of a button that lives as long as the window as its action's text and keys."""
    explain = partial(_explain, button, action)
    action.changed.connect(explain)
    explain()


def _explain(button: QAbstractButton, action: QAction) -> None:
    text = action.text().rstrip("…")
    button.setAccessibleName(text)
    button.setToolTip(with_keys(text, action.shortcuts()))
