"""InspectorView: base of what the inspector shows of a reply, one view at a time."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.theme import Theme


class InspectorView(QWidget):
    """`wanted(message id or "", index or None)` comes while the view is visible and whenever another token is chosen.

    Whoever fills the view connects to it, so that nothing is computed for views that nobody looks at.
    """

    wanted = Signal(str, object)

    def title(self) -> str:
        """What the view is called, in the language of now."""
        raise NotImplementedError

    def show_token(self, message_id: str, index: int | None) -> None:
        """Another reply or token was chosen; an empty id stands for none, index None for the reply as a whole."""
        self.wanted.emit(message_id, index)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
