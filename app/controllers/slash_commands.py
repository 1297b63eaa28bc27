"""SlashCommandsController: what a message that begins with a slash does: commands of the window, and presets by name.

Two slashes send one as it is. A first word with more in it than a name, such as a path, is no command.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QObject

from app.controllers.conversations import ConversationsController
from app.controllers.models import ModelsController
from app.controllers.reply_settings import ReplySettingsController
from app.controllers.writing import WritingController
from app.core.presets import Presets
from app.views.command_popup import CommandPopup, SlashCommand
from app.views.main_window import MainWindow
from app.views.preset_names import preset_name

_COMMAND = re.compile(r"/([^\s/]+)(?:\s+(.*))?", re.DOTALL)


class SlashCommandsController(QObject):
    """Offers commands while they are typed and runs them when they are sent."""

    def __init__(
        self,
        writing: WritingController,
        window: MainWindow,
        *,
        conversations: ConversationsController,
        models: ModelsController,
        presets: Presets,
        reply_settings: ReplySettingsController,
    ) -> None:
        super().__init__()
        self._conversations, self._models = conversations, models
        self._presets, self._reply_settings = presets, reply_settings
        self._writing, self._window = writing, window
        self.popup = CommandPopup(window)
        composer = window.composer
        composer.offer_keys_to(self.popup.take_key)
        composer.textChanged.connect(self._offer)
        self.popup.chosen.connect(composer.set_text)
        self.popup.submitted.connect(writing.submit)
        writing.take_commands(self.run)

    def commands(self) -> tuple[SlashCommand, ...]:
        """Everything that can stand behind a slash now."""
        action = self._window.action
        models = tuple(choice.name for choice in self._window.model_picker.choices)
        own = (
            SlashCommand("new", self.tr("A new chat"), lambda _rest: self._conversations.new_chat()),
            SlashCommand(
                "temporary",
                self.tr("A chat that is kept nowhere"),
                lambda _rest: self._conversations.new_temporary_chat(),
            ),
            SlashCommand("regenerate", self.tr("Another reply"), lambda _rest: action.regenerate.trigger()),
            SlashCommand("export", self.tr("Export this chat"), lambda _rest: action.export.trigger()),
            SlashCommand("find", self.tr("Find in this chat"), lambda _rest: action.find.trigger()),
            SlashCommand(
                "model", self.tr("Reply with another model"), self._open_model, self.tr("name"), choices=models
            ),
            SlashCommand(
                "system",
                self.tr("Tell the model how to reply in this chat"),
                lambda rest: self._reply_settings.change_value("system_prompt", rest),
                self.tr("text"),
            ),
        )
        names = {command.name for command in own}
        return (*own, *(one for preset in self._presets if (one := self._preset(preset.id)).name not in names))

    def run(self, text: str) -> bool:
        """Run a message that is a command; whether it was one. An unknown one is told and stays."""
        found = _COMMAND.fullmatch(text.strip())
        if found is None:
            return False
        name, rest = found[1].casefold(), (found[2] or "").strip()
        command = next((one for one in self.commands() if one.name.casefold() == name), None)
        if command is None:
            told = self.tr("There is no command /{name}; begin with // to send a slash.")
            self._window.composer.set_hint(told.format(name=found[1]))
        elif command.takes and not rest:
            self._window.composer.set_text(f"/{command.name} ")
        else:
            self._window.composer.set_text("")
            command.run(rest)
        return True

    def _offer(self) -> None:
        composer = self._window.composer
        text = composer.text()
        commands = self.commands() if text.startswith("/") else ()
        self.popup.show_for(text, commands, composer)

    def _preset(self, preset_id: str) -> SlashCommand:
        preset = self._presets.get(preset_id)
        assert preset is not None  # it was just listed
        name = preset_name(preset)
        return SlashCommand(
            "-".join(name.split()).replace("/", "-"),
            self.tr("Reply with the preset “{name}”").format(name=name),
            lambda _rest: self._reply_settings.choose_preset(preset_id),
        )

    def _open_model(self, name: str) -> None:
        wanted = name.casefold()
        choices = self._window.model_picker.choices
        found = [choice for choice in choices if choice.name.casefold() == wanted] or [
            choice for choice in choices if wanted in choice.name.casefold()
        ]
        if found:
            self._models.open(found[0].path)
        else:
            told = self.tr("No model here is called “{name}”.").format(name=name)
            self._window.message_bar.show_error(told)
