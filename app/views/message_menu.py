"""MessageMenu: what can be done with a message beside its buttons; built anew each time it opens."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.views.model_picker import ModelChoice


class MessageMenu(QMenu):
    """Emits what was chosen."""

    copyTextRequested = Signal()
    copyMarkdownRequested = Signal()
    regenerateWithRequested = Signal(str)
    compareRequested = Signal()
    detailsRequested = Signal()

    def __init__(self, models: Sequence[ModelChoice], parent: QWidget, *, is_reply: bool, is_running: bool) -> None:
        super().__init__(parent)
        self.setObjectName("messageMenu")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.addAction(self.tr("Copy as text")).triggered.connect(self.copyTextRequested)
        self.addAction(self.tr("Copy as Markdown")).triggered.connect(self.copyMarkdownRequested)
        if is_reply:
            others = self.addMenu(self.tr("Regenerate with"))
            others.setObjectName("regenerateWith")
            others.setEnabled(bool(models) and not is_running)
            for model in models:
                remote = self.tr("{name} at {host}").format(name=model.name, host=model.host)
                action = others.addAction((remote if model.host else model.name).replace("&", "&&"))
                action.triggered.connect(
                    lambda _checked=False, path=model.path: self.regenerateWithRequested.emit(path)
                )
            compare = self.addAction(self.tr("Compare with…"))
            compare.setObjectName("compareWith")
            compare.setEnabled(not is_running)
            compare.triggered.connect(self.compareRequested)
            self.addSeparator()
            details = self.addAction(self.tr("Details…"))
            details.setObjectName("showDetails")
            details.setEnabled(not is_running)
            details.triggered.connect(self.detailsRequested)
