"""ThinkingView: what a model thought before its reply, folded away behind one line."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, tinted_icon
from app.views.blocks import PlainBlock
from app.views.language import in_every_language
from app.views.text_surface import Tint, in_units

BELOW = 6  # pixels between the thinking and the answer, beside what parts two paragraphs


class ThinkingView(QWidget):
    """Folded until a person opens it, which `toggled` tells; its text is laid out only then."""

    toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._tints: Sequence[Tint] = ()
        self._began_s: float | None = None
        self._took_s: float | None = None  # measured; the record may know better
        self._is_running, self._duration_s = False, 0.0
        self._block: PlainBlock | None = None
        self._button = QToolButton(self)
        self._button.setObjectName("thinkingButton")
        self._button.setCheckable(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setIconSize(QSize(14, 14))
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.toggled.connect(self._fold)
        self._button.clicked.connect(self.toggled)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.apply_theme(theme)
        in_every_language(self, self._say_texts)

    @property
    def surface(self) -> PlainBlock | None:
        """The text, while it is unfolded."""
        return self._block if self._button.isChecked() else None

    def unfold(self, is_open: bool) -> None:
        """Open or fold it."""
        self._button.setChecked(is_open)

    def reset(self) -> None:
        """Fold: another message is shown from now on."""
        self._button.setChecked(False)
        self._began_s = self._took_s = None

    def fit(self, width: int) -> None:
        """Lay the text out for a width."""
        if self._block is not None and self._button.isChecked():
            before = self._block.edit.height()
            self._block.height_for(width)
            if self._block.edit.height() != before:
                self._block.updateGeometry()  # else the layouts around it ask only when the event loop comes round
                self.updateGeometry()

    def show_text(self, text: str, *, is_running: bool, duration_s: float | None = None) -> None:
        """Show this thinking; more of the same is appended."""
        if is_running:
            self._began_s = self._began_s or time.monotonic()
        elif self._began_s is not None and self._took_s is None:
            self._took_s = time.monotonic() - self._began_s
        self._is_running, self._duration_s = is_running, duration_s or self._took_s or 0.0
        self._say_texts()
        self._text = text
        if self._block is not None:
            self._block.show_source(text)

    def show_tints(self, tints: Sequence[Tint]) -> None:
        """Put grounds below characters of the thinking, now or when it is unfolded."""
        self._tints = tints
        if self._block is not None:
            self._block.show_tints(in_units(self._text, tints))

    def apply_theme(self, theme: Theme) -> None:
        """Tint the arrow."""
        self._theme = theme
        if self._block is not None:
            self._block.apply_theme(theme)
        self._show_arrow()

    def _say_texts(self) -> None:
        if self._is_running:
            title = self.tr("Thinking…")
        elif self._duration_s >= 1.0:
            title = self.tr("Thought for {seconds} s").format(seconds=round(self._duration_s))
        else:
            title = self.tr("Thought")
        self._button.setText(title)

    def _show_arrow(self) -> None:
        icon = "chevron-down" if self._button.isChecked() else "chevron-right"
        self._button.setIcon(tinted_icon(icon, self._theme.colors["text_muted"], size=14))

    def _fold(self, is_open: bool) -> None:
        self._show_arrow()
        if is_open and self._block is None:
            self._block = PlainBlock(self._text, self._theme, self)
            self._block.setObjectName("thinkingText")
            self._column.addWidget(self._block)
        if self._block is not None:
            self._block.show_source(self._text)
            self._block.setVisible(is_open)
            self._column.setContentsMargins(0, 0, 0, BELOW if is_open else 0)
            self.show_tints(self._tints)
