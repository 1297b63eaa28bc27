"""ThinkingView: what a model thought before its reply, folded away behind one line."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, tinted_icon
from app.views.blocks import PlainBlock


class ThinkingView(QWidget):
    """Folded until a person opens it; its text is laid out only then."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._block: PlainBlock | None = None
        self._button = QToolButton(self)
        self._button.setObjectName("thinkingButton")
        self._button.setCheckable(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setIconSize(QSize(14, 14))
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.toggled.connect(self._fold)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.apply_theme(theme)

    def show_text(self, text: str, *, is_running: bool, duration_s: float | None = None) -> None:
        """Show this thinking; more of the same is appended."""
        if is_running:
            title = self.tr("Thinking…")
        elif duration_s is not None and duration_s >= 1.0:
            title = self.tr("Thought for {seconds} s").format(seconds=round(duration_s))
        else:
            title = self.tr("Thought")
        self._button.setText(title)
        self._text = text
        if self._block is not None:
            self._update(self._block)

    def apply_theme(self, theme: Theme) -> None:
        """Tint the arrow."""
        self._theme = theme
        icon = "chevron-down" if self._button.isChecked() else "chevron-right"
        self._button.setIcon(tinted_icon(icon, theme.colors["text_muted"], size=14))

    def _fold(self, is_open: bool) -> None:
        self.apply_theme(self._theme)
        if self._block is None:
            self._block = PlainBlock("", self)
            self._block.setObjectName("thinkingText")
            self._column.addWidget(self._block)
        self._update(self._block)
        self._block.setVisible(is_open)

    def _update(self, block: PlainBlock) -> None:
        if self._text.startswith(block.source):
            block.append_text(self._text[len(block.source) :])
            return
        self._column.removeWidget(block)
        block.deleteLater()
        self._block = PlainBlock(self._text, self)
        self._block.setObjectName("thinkingText")
        self._column.addWidget(self._block)
        self._block.setVisible(self._button.isChecked())
