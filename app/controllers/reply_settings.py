"""ReplySettingsController: with what the open chat is answered: its layers put together, shown, changed and kept.

Editing changes the chat's own layer; presets and a person's defaults lie below it. `chat.settings` is the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer

from app.controllers.chat import ChatController
from app.controllers.open_chat import OpenChat
from app.controllers.preferences import PreferencesController
from app.core.chat_settings import ChatSettings, encoded_chat_settings, parse_chat_settings
from app.core.presets import Preset, Presets
from app.core.reply_settings import Layer, Values, resolve
from app.core.store import StoreError
from app.views.main_window import MainWindow
from app.views.preset_names import preset_name

SAVE_MS = 500  # after the last change, so that a slider that is dragged writes once


class ReplySettingsController(QObject):
    """Keeps `chat.settings` and the settings panel up to date."""

    def __init__(
        self, preferences: PreferencesController, presets: Presets, chat: ChatController, window: MainWindow
    ) -> None:
        super().__init__()
        self._preferences, self._presets, self._chat, self._window = preferences, presets, chat, window
        self._unsaved: OpenChat | None = None
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVE_MS)
        self._saving.timeout.connect(self.save)
        panel = window.settings_panel
        panel.valueEdited.connect(self.change_value)
        panel.valueResetRequested.connect(self.reset_value)
        panel.presetChosen.connect(self.choose_preset)
        panel.makeDefaultRequested.connect(self.make_default)
        panel.beginWithPresetRequested.connect(self.begin_with_preset)
        panel.resetAllRequested.connect(self.drop_changes)
        chat.opened.connect(lambda _conversation_id: self._take_chat())
        preferences.changed.connect(lambda _settings: self.refresh())
        panel.show_presets(tuple(presets))
        self._take_chat()

    def change_value(self, name: str, value: Any) -> None:  # Any: what the field of that name holds
        """Give this chat a value of its own."""
        self._set(self._own().with_value(name, value))

    def reset_value(self, name: str) -> None:
        """Let a value of this chat come from the layers below again."""
        self._set(self._own().without(name))

    def drop_changes(self, *, is_told: bool = True) -> None:
        """Let all values come from the layers below, and offer to take that back."""
        before = self._own()
        if not before.values:
            return
        chat = self._chat.shown
        self._set(ChatSettings(before.preset))
        if is_told:
            self._window.message_bar.show_notice(
                self.tr("The changes of this chat are dropped."),
                action=self.tr("Undo"),
                on_action=lambda: self._set(before, chat),
            )

    def choose_preset(self, preset_id: str) -> None:
        """Answer this chat with a preset, or with none; the chat's own values stay above it."""
        self._set(ChatSettings(self._presets.get(preset_id), self._own().values))

    def begin_with_preset(self) -> None:
        """Let new chats begin with this chat's preset, or with none."""
        preset = self._preset(self._own())
        self._preferences.change("new_chat_preset", "" if preset is None else preset.id)
        if preset is None:
            told = self.tr("New chats begin without a preset.")
        else:
            told = self.tr("New chats begin with “{name}”.").format(name=preset_name(preset))
        self._window.message_bar.show_notice(told)

    @property
    def preset_id(self) -> str | None:
        """The preset of the open chat."""
        preset = self._own().preset
        return None if preset is None else preset.id

    def own_values(self) -> Mapping[str, Any]:
        """What the open chat is answered with, where it is neither built in nor the model's."""
        resolved = resolve(self._layers(self._own()))
        below = (Layer.BUILT_IN, Layer.MODEL)
        return {name: resolved.value(name) for name, layer in resolved.origins.items() if layer not in below}

    def refresh_presets(self) -> None:
        """The presets have changed."""
        self._window.settings_panel.show_presets(tuple(self._presets))
        self.refresh()

    def make_default(self, is_for_model: bool) -> None:
        """Make what this chat is answered with the default: for the model in use, or for all models."""
        values = self.own_values()
        settings = self._preferences.settings
        model = self._model_path()
        if not is_for_model:
            self._preferences.change("own_values", values)
            self._window.message_bar.show_notice(self.tr("These settings are your default now."))
        elif model is None:
            self._window.message_bar.show_error(self.tr("No model is loaded yet; open one first."))
        else:
            self._preferences.change("own_by_model", {**settings.own_by_model, model: values})
            self._window.message_bar.show_notice(self.tr("These settings are your default for this model now."))

    def refresh(self) -> None:
        """Put the layers together anew: the model, a preset or a default has changed."""
        own = self._own()
        layers = self._layers(own)
        resolved = resolve(layers)
        self._chat.settings = resolved.settings
        self._chat.settle = lambda: resolve(self._layers(own)).settings.sampler
        self._window.settings_panel.show_settings(resolved, resolve({**layers, Layer.CHAT: {}}), self._preset(own))

    def save(self) -> None:
        """Write what was changed of a chat; tell when that fails."""
        self._saving.stop()
        chat, self._unsaved = self._unsaved, None
        if chat is None or chat.conversation_id is None or chat.settings is None:
            return
        try:
            chat.store.set_settings(chat.conversation_id, encoded_chat_settings(chat.settings))
        except StoreError as error:
            self._window.message_bar.show_error(str(error))

    def _take_chat(self) -> None:
        """Another chat is shown, or this one has just been stored."""
        self.save()
        chat = self._chat.shown
        if chat.settings is not None:
            self._unsaved = chat
            self.save()
        elif chat.conversation_id is None:
            chat.settings = ChatSettings(self._presets.get(self._preferences.settings.new_chat_preset))
        else:
            try:
                chat.settings = parse_chat_settings(chat.store.settings(chat.conversation_id))
            except StoreError as error:
                self._window.message_bar.show_error(str(error))
        self.refresh()

    def _set(self, settings: ChatSettings, chat: OpenChat | None = None) -> None:
        chat = chat or self._chat.shown
        if self._unsaved is not chat:
            self.save()
        chat.settings, self._unsaved = settings, chat
        self._saving.start()
        self.refresh()

    def _own(self) -> ChatSettings:
        return self._chat.shown.settings or ChatSettings()

    def _preset(self, own: ChatSettings) -> Preset | None:
        """The chat's preset as it is now, or as it was when it was deleted."""
        return None if own.preset is None else self._presets.get(own.preset.id) or own.preset

    def _model_path(self) -> str | None:
        return None if self._chat.model is None else self._chat.model.info.path

    def _layers(self, own: ChatSettings) -> dict[Layer, Values]:
        settings, model = self._preferences.settings, self._chat.model
        preset = self._preset(own)
        layers: dict[Layer, Values] = {Layer.OWN: settings.own_values, Layer.CHAT: own.values}
        if model is not None:
            layers[Layer.MODEL] = dict(model.info.recommended)
            layers[Layer.OWN_FOR_MODEL] = settings.own_by_model.get(model.info.path, {})
        if preset is not None:
            layers[Layer.PRESET] = preset.values
        return layers
