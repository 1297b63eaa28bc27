"""PresetsController: presets are saved from a chat, renamed, copied, deleted with undo, and carried in files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.controllers.appearance import AppearanceController
from app.controllers.reply_settings import ReplySettingsController
from app.core.presets import COLORS, Preset, PresetFileError, Presets, export_presets, new_id, read_presets
from app.views.dialogs import ask_new_file, ask_preset_file, confirm_replacing
from app.views.main_window import MainWindow
from app.views.preset_names import preset_name

if TYPE_CHECKING:
    from app.views.presets_dialog import PresetsDialog


class PresetsController(QObject):
    """`changed()` after each change of the list."""

    changed = Signal()

    def __init__(
        self,
        presets: Presets,
        replies: ReplySettingsController,
        appearance: AppearanceController,
        window: MainWindow,
    ) -> None:
        super().__init__()
        self._presets, self._replies, self._appearance, self._window = presets, replies, appearance, window
        window.settings_panel.savePresetRequested.connect(self.save_chat)
        window.settings_panel.managePresetsRequested.connect(self.show_dialog)
        self.changed.connect(replies.refresh_presets)

    def save_chat(self) -> None:
        """Keep what the open chat is answered with as a new preset, choose it, and let it be named."""
        made = self._add(Preset(new_id(), self._presets.free_name(self.tr("My preset")), self._replies.own_values()))
        if made is not None:
            self._replies.choose_preset(made.id)
            self._replies.drop_changes(is_told=False)
            self.show_dialog(made.id).edit_name()

    def show_dialog(self, selected_id: str | None = None) -> PresetsDialog:
        """Open the dialog at a preset; by default at the chat's."""
        from app.views.presets_dialog import PresetsDialog

        dialog = PresetsDialog(self._appearance.theme, self._window)
        chosen = selected_id or self._replies.preset_id
        dialog.show_presets(tuple(self._presets), chosen)
        dialog.newRequested.connect(lambda: self._show_new(dialog, Preset(new_id(), self.tr("New preset"))))
        dialog.duplicateRequested.connect(lambda preset_id: self._duplicate(dialog, preset_id))
        dialog.deleteRequested.connect(lambda preset_id: self._delete(dialog, preset_id))
        dialog.renameRequested.connect(lambda preset_id, name: self._change(dialog, preset_id, name=name))
        dialog.lookRequested.connect(
            lambda preset_id, emoji, color: self._change(
                dialog, preset_id, emoji=emoji, color=color if COLORS.fullmatch(color) else ""
            )
        )
        dialog.takeChatRequested.connect(
            lambda preset_id: self._change(dialog, preset_id, values=self._replies.own_values())
        )
        dialog.importRequested.connect(lambda: self._import(dialog))
        dialog.exportRequested.connect(lambda: self._export(dialog))
        dialog.open()
        return dialog

    def _show_new(self, dialog: PresetsDialog, preset: Preset) -> None:
        made = self._add(replace(preset, name=self._presets.free_name(preset.name)), dialog)
        if made is not None:
            dialog.show_presets(tuple(self._presets), made.id)
            dialog.edit_name()

    def _duplicate(self, dialog: PresetsDialog, preset_id: str) -> None:
        preset = self._presets.get(preset_id)
        if preset is not None:
            self._show_new(dialog, replace(preset, id=new_id(), name=preset_name(preset), is_built_in=False))

    def _delete(self, dialog: PresetsDialog, preset_id: str) -> None:
        preset, place = self._presets.get(preset_id), 0
        if preset is None:
            return

        def remove() -> None:
            nonlocal place
            place = self._presets.remove(preset_id)

        def undo() -> None:
            if self._try(lambda: self._presets.add(preset, place=place), dialog):
                dialog.show_presets(tuple(self._presets), preset_id)

        if self._try(remove, dialog):
            dialog.show_presets(tuple(self._presets))
            dialog.message_bar.show_notice(
                self.tr("“{name}” was deleted. Chats that use it go on as they are.").format(name=preset.name),
                action=self.tr("Undo"),
                on_action=undo,
            )

    def _change(self, dialog: PresetsDialog, preset_id: str, **changes: Any) -> None:
        preset = self._presets.get(preset_id)
        if preset is not None and self._try(lambda: self._presets.change(replace(preset, **changes)), dialog):
            dialog.show_presets(tuple(self._presets), preset_id)

    def _import(self, dialog: PresetsDialog) -> None:
        path = ask_preset_file(dialog)
        if path is None:
            return
        try:
            found = read_presets(path)
        except PresetFileError as error:
            dialog.message_bar.show_error(str(error))
            return
        made: Preset | None = None
        for preset in found:
            made = self._add(replace(preset, name=self._presets.free_name(preset.name)), dialog) or made
        if made is not None:
            dialog.show_presets(tuple(self._presets), made.id)
            dialog.message_bar.show_notice(self.tr("%n preset(s) imported.", "", len(found)))

    def _export(self, dialog: PresetsDialog) -> None:
        path = ask_new_file(
            dialog, self.tr("Export presets"), Path.home() / "fireside-presets.json", self.tr("Presets (*.json)")
        )
        if path is None or (path.exists() and not confirm_replacing(dialog, path.name)):
            return
        presets = [
            replace(preset, id=new_id(), name=preset_name(preset)) if preset.is_built_in else preset
            for preset in self._presets
        ]
        if self._try(lambda: export_presets(path, presets), dialog, is_change=False):
            dialog.message_bar.show_notice(self.tr("Exported to {name}.").format(name=path.name))

    def _add(self, preset: Preset, dialog: PresetsDialog | None = None) -> Preset | None:
        made: list[Preset] = []
        self._try(lambda: made.append(self._presets.add(preset)), dialog)
        return made[0] if made else None

    def _try(
        self, change: Callable[[], object], dialog: PresetsDialog | None = None, *, is_change: bool = True
    ) -> bool:
        """Run what writes a file; tell when it fails, in the dialog if there is one."""
        try:
            change()
        except OSError as error:
            bar = self._window.message_bar if dialog is None else dialog.message_bar
            bar.show_error(self.tr("The presets cannot be saved: {reason}.").format(reason=error.strerror or error))
            return False
        if is_change:
            self.changed.emit()
        return True
