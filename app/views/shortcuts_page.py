"""ShortcutsPage: the page of the settings on which actions are given other keys: choose one, press the keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QKeySequenceEdit, QLabel, QTreeWidgetItem, QWidget

from app.core.settings import Settings
from app.core.shortcuts import Shortcuts
from app.views.actions import WindowActions
from app.views.dialog_pages import button
from app.views.settings_page import SettingsPage
from app.views.shortcuts_list import ShortcutsList

LIST_HEIGHT_LINES = 15
_FOR_TEXT = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.Undo,
    QKeySequence.StandardKey.Redo,
    QKeySequence.StandardKey.SelectAll,
)
_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_ALONE = {*range(Qt.Key.Key_F1, Qt.Key.Key_F35 + 1), Qt.Key.Key_Escape}  # keys that type nothing and move nothing


class ShortcutsPage(SettingsPage):
    """Changes `shortcuts`; keys that another action has are told, and taken from it only after a yes."""

    name = "shortcuts"

    def __init__(self, actions: WindowActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._shortcuts = actions.shortcuts({})
        self._names = {entry.id: entry.plain_text for entry in actions.entries}
        self._list = ShortcutsList(self)
        self._list.setObjectName("shortcutsList")
        self._list.setMinimumHeight(LIST_HEIGHT_LINES * self.fontMetrics().lineSpacing())
        self._list.currentItemChanged.connect(lambda _now, _before: self._show_chosen())
        self._keys = QKeySequenceEdit(self)
        self._keys.setObjectName("shortcutKeys")
        self._keys.setMaximumSequenceLength(1)
        self._keys.editingFinished.connect(self._try_keys)
        self._remove = button(self, "removeShortcut", "")
        self._remove.clicked.connect(lambda: self._change(self._shortcuts.given(self._chosen())))
        self._reset = button(self, "resetShortcut", "")
        self._reset.clicked.connect(lambda: self._change(self._shortcuts.reset(self._chosen())))
        self._reset_all = button(self, "resetAllShortcuts", "")
        self._reset_all.clicked.connect(lambda: self._change(Shortcuts(self._shortcuts.defaults)))
        self._told = QLabel(self)
        self._told.setObjectName("shortcutTold")
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self._told.setWordWrap(True)
        self._take = button(self, "takeShortcut", "")
        self._take.clicked.connect(self._take_keys)
        self._lay_out()
        self._tell("")

    def title(self) -> str:
        """Part of `SettingsPage`."""
        return self.tr("Shortcuts")

    def say_texts(self) -> None:
        """Part of `SettingsPage`."""
        self._names = {entry.id: entry.plain_text for entry in self._actions.entries}
        self._list.say_texts()
        self._keys_row.say(
            self.tr("Keys of the chosen action"),
            self.tr("Click here, then press the keys."),
        )
        self._remove.setText(self.tr("Remove"))
        self._remove.setToolTip(self.tr("Leave the action without keys"))
        self._reset.setText(self.tr("Reset"))
        self._reset.setToolTip(self.tr("Give the action the keys that it came with"))
        self._reset_all.setText(self.tr("Reset all"))
        self._reset_all.setToolTip(self.tr("Give every action the keys that it came with"))
        self._show()

    def show_settings(self, settings: Settings) -> None:
        """Part of `SettingsPage`."""
        self._shortcuts = self._actions.shortcuts(settings.shortcuts)
        self._show()

    def show_matching(self, words: Sequence[str]) -> bool:
        """Part of `SettingsPage`: the actions are what is searched for."""
        return self._list.show_matching(words)

    def _lay_out(self) -> None:
        self._column.insertWidget(0, self._list, 1)
        self._keys_row = self.add_setting(self._keys)
        answer = QHBoxLayout()
        answer.addWidget(self._told, 1)
        answer.addWidget(self._take)
        self._column.insertLayout(2, answer)
        resets = QHBoxLayout()
        resets.addWidget(self._remove)
        resets.addWidget(self._reset)
        resets.addWidget(self._reset_all)
        resets.addStretch(1)
        self._column.insertLayout(3, resets)

    def _show(self) -> None:
        chosen = self._chosen()
        self._list.show_actions(self._actions, self._shortcuts)
        self._list.choose(chosen)
        self._reset_all.setEnabled(bool(self._shortcuts.changed))
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self._chosen()
        keys = self._shortcuts.keys(chosen) if chosen else ()
        self._keys.setKeySequence(QKeySequence(keys[0] if keys else ""))
        self._keys.setEnabled(bool(chosen))
        self._remove.setEnabled(bool(keys))
        self._reset.setEnabled(bool(chosen) and self._shortcuts.is_changed(chosen))
        self._tell("")

    def _chosen(self) -> str:
        item: QTreeWidgetItem | None = self._list.currentItem()
        return (item.data(0, Qt.ItemDataRole.UserRole) or "") if item is not None else ""

    def _try_keys(self) -> None:
        """Give the pressed keys to the chosen action, or say why not."""
        chosen, pressed = self._chosen(), self._keys.keySequence()
        key = pressed.toString(QKeySequence.SequenceFormat.PortableText)
        if not chosen or not key:
            return
        if key in self._shortcuts.keys(chosen):
            self._tell("")
            return
        shown = pressed.toString(QKeySequence.SequenceFormat.NativeText)
        owner = self._shortcuts.owner(key)
        if types_or_edits(pressed):
            self._tell(self.tr("{keys} is needed for writing; take others.").format(keys=shown))
        elif owner is not None:
            sentence = self.tr("{keys} runs “{action}”.").format(keys=shown, action=self._names[owner])
            self._tell(sentence, question=self.tr("Take it from there"))
        else:
            self._change(self._shortcuts.given(chosen, key))

    def _take_keys(self) -> None:
        key = self._keys.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        self._change(self._shortcuts.given(self._chosen(), key))

    def _change(self, shortcuts: Shortcuts) -> None:
        self._shortcuts = shortcuts
        self.settingChanged.emit("shortcuts", dict(shortcuts.changed))
        self._show()

    def _tell(self, sentence: str, *, question: str = "") -> None:
        self._told.setText(sentence)
        self._told.setVisible(bool(sentence))
        self._take.setText(question)
        self._take.setVisible(bool(question))


def types_or_edits(keys: QKeySequence) -> bool:
    """Whether keys write text, move in it or copy it, so that no action may have them."""
    if any(keys in QKeySequence.keyBindings(standard) for standard in _FOR_TEXT):
        return True
    combination: QKeyCombination = keys[0]  # type: ignore[index]  # the stubs forget that it can be
    return not combination.keyboardModifiers() & _MODIFIERS and combination.key() not in _ALONE
