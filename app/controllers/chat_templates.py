"""ChatTemplatesController: where a model's own chat template fails, a built-in one can take its place."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from app.controllers.chat import ChatController
from app.controllers.models import ModelsController
from app.views.main_window import MainWindow
from app.views.model_words import template_title
from app.views.template_menu import TemplateMenu
from engine.api import TemplateError
from engine.builtin_templates import TEMPLATE_NAMES


class ChatTemplatesController(QObject):
    """Offers the templates beside the error, and has the reply made again with the one that was chosen."""

    def __init__(self, chat: ChatController, models: ModelsController, window: MainWindow) -> None:
        super().__init__()
        self._chat, self._models, self._window = chat, models, window
        chat.replyFailed.connect(self._offer)

    def _offer(self, message_id: str, kind: str, sentence: str) -> None:
        model = self._models.in_use
        if kind != TemplateError.__name__ or model is None or model.host or model.chat_template:
            return
        suited = model.suited_template
        self._window.message_bar.show_choices(
            sentence,
            (
                (
                    self.tr("Answer with the template {name}").format(name=template_title(suited)),
                    partial(self._use, message_id, suited),
                ),
                (self.tr("Another template…"), partial(self._choose, message_id, sentence, suited)),
            ),
        )

    def _choose(self, message_id: str, sentence: str, suited: str) -> None:
        """Open a menu of the others."""
        self._window.message_bar.show_error(sentence)
        menu = TemplateMenu((name for name in TEMPLATE_NAMES if name != suited), self._window)
        menu.templateChosen.connect(partial(self._use, message_id))
        bar = self._window.message_bar
        menu.popup(bar.mapToGlobal(bar.rect().bottomLeft()))

    def _use(self, message_id: str, name: str) -> None:
        """Keep the template for the model in use, and make the reply again: it waits for the model."""
        model = self._models.in_use
        if model is None or self._chat.is_busy():
            return
        self._models.use_template(name)
        self._chat.regenerate(message_id)
        self._window.message_bar.show_notice(
            self.tr(
                "{model} has the template {name} from now on. Its settings in the library can set it back."
            ).format(model=model.info.name, name=template_title(name))
        )
