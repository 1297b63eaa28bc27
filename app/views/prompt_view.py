"""PromptView: the prompt as the model read it: its messages, and every token coloured by where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Theme, code_font, load_theme
from app.views.flow_layout import FlowLayout
from app.views.inspector_view import InspectorView
from app.views.language import in_every_language
from app.views.reading_field import reading_field
from app.views.role_names import role_name
from app.views.time_slices import TimeSlices

GROUNDS = {"template": "selected", "control": "found", "message": "", "reply": "doubt_1"}
AT_ONCE = 200  # tokens put into the text in one go
MOST_ROWS = 6  # of the list of messages before it scrolls


@dataclass(frozen=True, slots=True)
class PromptToken:
    """`text` is what it spells, `drawn` how it is written alone; `kind` as `engine.inspection.api.TokenKind`."""

    token_id: int
    text: str
    drawn: str
    kind: str
    message: int | None
    is_cached: bool


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A message of the prompt: its role, and its tokens, of which some are cached. Left out: it was too old."""

    number: int
    role: str
    tokens: int
    cached: int
    is_left_out: bool


class PromptView(InspectorView):
    """Only shows; the controller counts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("promptView")
        self._theme = load_theme("light")
        self._tokens: Sequence[PromptToken] = ()
        self._parts: Sequence[PromptPart] = ()
        self._cache_type, self._context_length, self._sentence = "", 0, ""
        self._begins: dict[int, int] = {}  # where each message begins in the text
        self._summary = QLabel(self)
        self._summary.setObjectName("promptSummary")
        self._summary.setWordWrap(True)
        self._summary.setTextFormat(Qt.TextFormat.PlainText)
        self._list = QTreeWidget(self)
        self._list.setObjectName("promptMessages")
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._list.setColumnCount(3)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.header().setStretchLastSection(False)
        for column in (1, 2):
            self._list.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._list.currentItemChanged.connect(lambda item, _before: self._show_part(item))
        self._legend = [QLabel(self) for _ in range(4)]
        self._ids = QCheckBox(self)
        self._ids.setObjectName("promptIds")
        self._ids.toggled.connect(lambda _is_on: self._fill_text())
        self._text = reading_field(self, "promptText")
        self._copy = QPushButton(self)
        self._copy.setObjectName("copyPrompt")
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.as_text()))
        self._filling = TimeSlices(self)
        self._lay_out()
        in_every_language(self, self._say_texts)

    def title(self) -> str:
        """What the view is called."""
        return self.tr("What the model read")

    def show_prompt(
        self, tokens: Sequence[PromptToken], parts: Sequence[PromptPart], *, cache_type: str, context_length: int
    ) -> None:
        """The tokens and messages of a prompt."""
        self._tokens, self._parts, self._sentence = tokens, parts, ""
        self._cache_type, self._context_length = cache_type, context_length
        self._say()
        self._fill_text()

    def show_nothing(self, sentence: str) -> None:
        """There is no prompt to show, and why."""
        self._tokens, self._parts, self._sentence = (), (), sentence
        self._say()
        self._fill_text()

    def as_text(self) -> str:
        """The tokens as a table, for the clipboard."""
        head = "\t".join((self.tr("id"), self.tr("token"), self.tr("from"), self.tr("message"), self.tr("cached")))
        rows = (
            f"{one.token_id}\t{one.drawn}\t{one.kind}\t{'' if one.message is None else one.message + 1}"
            f"\t{int(one.is_cached)}"
            for one in self._tokens
        )
        return "\n".join((head, *rows))

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours and sizes."""
        self._theme = theme
        self._text.setFont(code_font(theme))
        for label, kind in zip(self._legend, GROUNDS, strict=True):
            ground = theme.colors[GROUNDS[kind] or "background"]
            label.setStyleSheet(f"background: {ground}; color: {theme.colors['text']}; padding: 2px 4px;")
        self._fill_text()

    def changeEvent(self, event: QEvent) -> None:
        """Keep the list as high as its rows in another size of text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_list()

    def _show_part(self, item: QTreeWidgetItem | None) -> None:
        at = -1 if item is None else self._list.indexOfTopLevelItem(item)
        begin = self._begins.get(self._parts[at].number) if 0 <= at < len(self._parts) else None
        if begin is not None:
            cursor = self._text.textCursor()
            cursor.setPosition(begin)
            self._text.setTextCursor(cursor)
            bar = self._text.verticalScrollBar()
            bar.setValue(bar.value() + self._text.cursorRect().top())

    def _fill_text(self) -> None:
        self._text.clear()
        self._begins = {}
        self._filling.run(self._filled())

    def _filled(self) -> Iterator[None]:
        """Put the tokens into the text, some at once."""
        cursor = QTextCursor(self._text.document())
        shows_ids = self._ids.isChecked()
        cursor.beginEditBlock()
        for number, token in enumerate(self._tokens):
            if token.message is not None and token.kind == "message":
                self._begins.setdefault(token.message, cursor.position())
            form = QTextCharFormat()
            ground = GROUNDS[token.kind]
            if ground:
                form.setBackground(QColor(self._theme.colors[ground]))
            if not token.is_cached:
                form.setFontUnderline(True)
            if token.kind == "control":
                form.setFontWeight(QFont.Weight.Bold)
            if shows_ids:
                cursor.insertText(f"{token.drawn}", form)
                small = QTextCharFormat(form)
                small.setForeground(QColor(self._theme.colors["text_muted"]))
                small.setFontUnderline(False)
                cursor.insertText(f"·{token.token_id} ", small)
                if "\n" in token.text:
                    cursor.insertText("\n", QTextCharFormat())
            else:
                cursor.insertText(token.text, form)
            if number % AT_ONCE == AT_ONCE - 1:
                cursor.endEditBlock()
                yield
                cursor.beginEditBlock()
        cursor.endEditBlock()

    def _say(self) -> None:
        self._list.clear()
        number = QLocale()
        for part in self._parts:
            item = QTreeWidgetItem(self._list)
            name = self.tr("{number}. {role}").format(number=part.number + 1, role=role_name(part.role))
            item.setText(0, name)
            if part.is_left_out:
                item.setText(1, self.tr("left out"))
                item.setToolTip(1, self.tr("Too old for the context: the model did not read it"))
            else:
                item.setText(1, number.toString(part.tokens))
                item.setText(2, number.toString(part.cached))
            for column in (1, 2):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            spoken = (
                self.tr("{message}, left out of the context").format(message=name)
                if part.is_left_out
                else self.tr("{message}: {count} tokens, {cached} of them cached").format(
                    message=name, count=number.toString(part.tokens), cached=number.toString(part.cached)
                )
            )
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, spoken)
        self._fit_list()
        has_tokens = bool(self._tokens)
        for widget in (self._list, self._ids, self._text, self._copy, *self._legend):
            widget.setVisible(has_tokens)
        self._summary.setText(self._sentence if not has_tokens else self._told())
        self._summary.setVisible(bool(self._summary.text()))

    def _fit_list(self) -> None:
        row = self._list.sizeHintForRow(0) if self._parts else 0
        head = self._list.header().sizeHint().height()
        self._list.setFixedHeight(head + row * min(len(self._parts), MOST_ROWS) + 6)

    def _told(self) -> str:
        number = QLocale()
        cached = sum(token.is_cached for token in self._tokens)
        told = self.tr("{count} of {context} tokens, {cached} of them still cached, as {type}.").format(
            count=number.toString(len(self._tokens)),
            context=number.toString(self._context_length),
            cached=number.toString(cached),
            type=self._cache_type,
        )
        left_out = sum(part.is_left_out for part in self._parts)
        if left_out:
            told += "\n" + self.tr("%Ln message(s) were too old for the context.", "", left_out)
        return told

    def _say_texts(self) -> None:
        self._list.setHeaderLabels([self.tr("Message"), self.tr("Tokens"), self.tr("Cached")])
        self._list.setAccessibleName(self.tr("Messages of the prompt"))
        self._list.setToolTip(self.tr("Go to where a message begins"))
        self._ids.setText(self.tr("Show token ids"))
        self._ids.setAccessibleName(self._ids.text())
        self._ids.setToolTip(self.tr("Each token with its number in the vocabulary"))
        self._text.setAccessibleName(self.tr("The prompt as tokens"))
        self._text.setToolTip(self.tr("Underlined: not cached, it must be read again"))
        self._copy.setText(self.tr("Copy as a table"))
        self._copy.setAccessibleName(self._copy.text())
        self._copy.setToolTip(self.tr("Every token with its id, where it comes from, and whether it is cached"))
        names = (self.tr("Template"), self.tr("Control"), self.tr("Message"), self.tr("Reply"))
        for label, name in zip(self._legend, names, strict=True):
            label.setText(name)
        self._say()

    def _lay_out(self) -> None:
        legend, below = QWidget(self), QWidget(self)
        legend_row, below_row = FlowLayout(legend, spacing=2), FlowLayout(below, spacing=8)
        for label in self._legend:
            legend_row.addWidget(label)
        for part in (self._ids, self._copy):
            below_row.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        column.addWidget(self._summary)
        column.addWidget(self._list)
        column.addWidget(legend)
        column.addWidget(self._text, 1)
        column.addWidget(below)
        column.addStretch(0)
