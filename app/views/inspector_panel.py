"""InspectorPanel: "Look inside: why this word?": which token of which reply is looked at, and one view of it.

A view is an `InspectorView`; only the one that is visible is told of tokens. The inspector controller fills the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme, tinted_icon
from app.views.dialog_pages import scrolled
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.token_strip import TokenStrip

ICON_SIZE = 16  # pixels


class InspectorPanel(QFrame):
    """`tokenRequested(index)` when a person goes to another token, `compareRequested(message id)` for two models."""

    tokenRequested = Signal(int)
    compareRequested = Signal(str)
    closeRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspectorPanel")
        self._theme: Theme | None = None
        self._views: list[InspectorView] = []
        self._message_id, self._count, self._sentence = "", 0, ""
        self._index: int | None = None
        self._title = QLabel(self)
        self._title.setObjectName("panelTitle")
        self._title.setWordWrap(True)
        self._close = self._tool_button("closeInspector")
        self._close.clicked.connect(self.closeRequested)
        self._compare = self._tool_button("compareReply")
        self._compare.clicked.connect(lambda: self.compareRequested.emit(self._message_id))
        self._back, self._on = (
            self._tool_button("previousToken"),
            self._tool_button("nextToken"),
        )
        self._back.clicked.connect(lambda: self.tokenRequested.emit((self._index or 0) - 1))
        self._on.clicked.connect(lambda: self.tokenRequested.emit(0 if self._index is None else self._index + 1))
        self.strip = TokenStrip(self)
        self.strip.chosen.connect(self.tokenRequested)
        self._place = QLabel(self)
        self._place.setObjectName("tokenPlace")
        self._note = QLabel(self)
        self._note.setObjectName("inspectorNote")
        for label in (self._place, self._note):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._picker = QComboBox(self)
        self._picker.setObjectName("inspectorViews")
        self._picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._stack = QStackedWidget(self)
        self._stack.setObjectName("inspectorStack")
        self._picker.currentIndexChanged.connect(self._show_view)
        self._lay_out()
        in_every_language(self, self._say_texts)

    def add_view(self, view: InspectorView) -> None:
        """Offer one more view; the first one is shown until a person chooses another."""
        self._views.append(view)
        self._stack.addWidget(scrolled(view))
        self._picker.addItem(view.title())
        if self._theme is not None:
            view.apply_theme(self._theme)

    def show_view(self, view: InspectorView) -> None:
        """Bring a view to the front."""
        self._picker.setCurrentIndex(self._views.index(view))

    def show_reply(self, message_id: str, texts: Sequence[str], *, note: str = "") -> None:
        """The reply that is looked at (an empty id: none), its tokens, and what there is to say of it."""
        self._message_id, self._index, self._count, self._sentence = message_id, None, len(texts), note
        self.strip.show_tokens(texts)
        self._say_place()
        self._tell_view()

    def show_token(self, message_id: str, index: int | None) -> None:
        """The token that is looked at."""
        self._message_id, self._index = message_id, index
        self.strip.show_chosen(index)
        self._say_place()
        self._tell_view()

    def focus_first(self) -> None:
        """Put the focus where tokens are chosen, or views where there is none."""
        (self.strip if self._count else self._picker).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self._theme = theme
        for button, icon in (
            *((self._compare, "compare"), (self._close, "close")),
            *((self._back, "chevron-left"), (self._on, "chevron-right")),
        ):
            colors = theme.colors
            tinted = tinted_icon(icon, colors["text_muted"], disabled=colors["disabled_icon"], size=ICON_SIZE)
            button.setIcon(tinted)
        self.strip.apply_theme(theme)
        for view in self._views:
            view.apply_theme(theme)

    def _show_view(self, number: int) -> None:
        if number >= 0:
            self._stack.setCurrentIndex(number)
            self._tell_view()

    def _tell_view(self) -> None:
        number = self._picker.currentIndex()
        if 0 <= number < len(self._views):
            self._views[number].show_token(self._message_id, self._index)

    def _say_place(self) -> None:
        if self._index is not None:
            self._place.setText(
                self.tr("Token {number} of {count}").format(number=self._index + 1, count=self._count)
            )
        elif self._count:
            self._place.setText(self.tr("%Ln token(s); click a word, or choose one here", "", self._count))
        else:
            self._place.setText("")
        if not self._message_id:
            self._note.setText(self.tr("Choose a reply to look inside, by the eye below it."))
        else:
            self._note.setText(self._sentence)
        self._note.setVisible(bool(self._note.text()))
        self._place.setVisible(bool(self._place.text()))
        self.strip.setVisible(self._count > 0)
        for button, is_possible in (
            (self._back, bool(self._index)),
            (self._on, self._index is None or self._index + 1 < self._count),
        ):
            button.setVisible(self._count > 0)
            button.setEnabled(is_possible)

    def _say_texts(self) -> None:
        self._title.setText(self.tr("Look inside: why this word?"))
        for button, name in (
            (self._compare, self.tr("Compare with another model")),
            (self._close, self.tr("Close the inspector")),
            (self._back, self.tr("Previous token")),
            (self._on, self.tr("Next token")),
        ):
            button.setAccessibleName(name)
            button.setToolTip(name)
        self._picker.setAccessibleName(self.tr("What is shown"))
        self._picker.setToolTip(self.tr("What is shown of the reply"))
        for number, view in enumerate(self._views):
            self._picker.setItemText(number, view.title())
        self._say_place()

    def _tool_button(self, object_name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(object_name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 8, 4)
        head.addWidget(self._title, 1)
        head.addWidget(self._compare)
        head.addWidget(self._close)
        tokens = QHBoxLayout()
        tokens.setSpacing(2)
        tokens.addWidget(self._back)
        tokens.addWidget(self.strip, 1)
        tokens.addWidget(self._on)
        top = QVBoxLayout()
        top.setContentsMargins(16, 4, 16, 4)
        top.setSpacing(6)
        top.addLayout(tokens)
        top.addWidget(self._place)
        top.addWidget(self._note)
        top.addWidget(self._picker)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
