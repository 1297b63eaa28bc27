"""MessageBar: one sentence inside the window, with a close button and an action, seldom a few. Never modal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme import Theme, tinted_icon
from app.views.flow_layout import FlowLayout
from app.views.known_sentences import said
from app.views.language import in_every_language

NOTICE_S = 10  # a notice leaves by itself; an error stays until it is closed or replaced


class MessageBar(QFrame):
    """Shows the newest message; a newer one takes its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._text = QLabel(self)
        self._text.setObjectName("messageBarText")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._action = QPushButton(self)
        self._action.setObjectName("messageBarAction")
        self._action.clicked.connect(self._run_action)
        self._close = QToolButton(self)
        self._close.setObjectName("messageBarClose")
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self._action)
        row.addWidget(self._close)
        self._choices = QWidget(self)
        self._flow = FlowLayout(self._choices, spacing=6)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(14, 6, 6, 6)
        rows.addLayout(row)
        rows.addWidget(self._choices)
        self._on_action: Callable[[], None] | None = None
        self._expiry = QTimer(self)
        self._expiry.setSingleShot(True)
        self._expiry.setInterval(NOTICE_S * 1000)
        self._expiry.timeout.connect(self.hide)
        in_every_language(self, self._say_texts)
        self.hide()

    def show_error(
        self, sentence: str, *, action: str | None = None, on_action: Callable[[], None] | None = None
    ) -> None:
        """Tell what went wrong, until it is closed or a newer message comes, with an action that may help."""
        self._show("error", sentence)
        self._offer(action, on_action)

    def show_choices(self, sentence: str, choices: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """Tell what went wrong, with several actions, each of which may help; the likeliest first."""
        self.show_error(sentence)
        for title, act in choices:
            button = QPushButton(title, self._choices)
            button.setObjectName("messageBarAction")
            button.clicked.connect(self.hide)
            button.clicked.connect(act)
            self._flow.addWidget(button)
        self._choices.show()

    def show_notice(
        self, sentence: str, *, action: str | None = None, on_action: Callable[[], None] | None = None
    ) -> None:
        """Tell what happened, for a few seconds, with an action such as Undo."""
        self._show("notice", sentence)
        self._offer(action, on_action)
        self._expiry.start()

    def text(self) -> str:
        """The sentence that is shown, or an empty text."""
        return self._text.text() if not self.isHidden() else ""

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colour for the close button."""
        self._close.setIcon(tinted_icon("close", theme.colors["text_muted"], size=16))

    def _say_texts(self) -> None:
        self._close.setAccessibleName(self.tr("Close this message"))
        self._close.setToolTip(self.tr("Close"))

    def _show(self, kind: str, sentence: str) -> None:
        self._expiry.stop()
        told = said(sentence)
        self._text.setText(told)
        self.setAccessibleName(told)
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

    def _offer(self, action: str | None, on_action: Callable[[], None] | None) -> None:
        self._choices.hide()
        for button in self._choices.findChildren(QPushButton):
            self._flow.removeWidget(button)
            button.deleteLater()
        self._on_action = on_action
        self._action.setText(action or "")
        self._action.setVisible(action is not None)

    def _run_action(self) -> None:
        on_action = self._on_action
        self.hide()
        if on_action is not None:
            on_action()
