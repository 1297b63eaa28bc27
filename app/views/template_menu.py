"""The menu of built-in chat templates, for a model whose own fails."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.views.model_words import template_title


class TemplateMenu(QMenu):
    """Emits the name of the template that was chosen."""

    templateChosen = Signal(str)

    def __init__(self, names: Iterable[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("chatTemplateMenu")
        self.setAccessibleName(self.tr("Chat template"))
        for name in names:
            self.addAction(template_title(name)).triggered.connect(partial(self.templateChosen.emit, name))
        self.aboutToHide.connect(self.deleteLater)
