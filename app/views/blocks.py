"""The widgets that a message is made of: prose, code with a copy button, and plain text that is too long for both."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QFontDatabase,
    QGuiApplication,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.highlighting import highlighted
from app.core.markdown import SAFE_SCHEMES, prose_html, visible
from app.theme import Theme, tinted_icon

LONGEST_LINE = 2_000  # characters; one line of a megabyte would be laid out as a whole
MOST_CODE_LINES = 28  # shown at once; more scroll inside the block
BUBBLE_PADDING = 18  # pixels at each side; window.qss has 16 and the letters may lean out
COPIED_MS = 1500


class WrappedLabel(QLabel):
    """A label that may become narrow without asking for the height that it would have then."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        """One letter; the height follows from the width that the layout gives."""
        return QSize(self.fontMetrics().maxWidth(), self.fontMetrics().height())


class Bubble(WrappedLabel):
    """A person's short message: as wide as its longest line, if there is room."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("personBubble")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def sizeHint(self) -> QSize:
        """The width without wrapping, with the style sheet's padding."""
        text = self.fontMetrics().size(0, self.text())
        return QSize(text.width() + 2 * BUBBLE_PADDING, text.height() + BUBBLE_PADDING)


class ProseBlock(WrappedLabel):
    """Markdown prose as rich text. Links open after a click, and only safe ones; the target shows as a tool tip."""

    def __init__(self, source: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("proseBlock")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.linkActivated.connect(open_link)
        self.linkHovered.connect(self.setToolTip)
        self._theme = theme
        self.show_source(source)

    def show_source(self, source: str) -> None:
        """Replace the content."""
        self.source = source
        self.setText(prose_html(source, self._theme.colors))

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.show_source(self.source)


class _FittedText(QPlainTextEdit):
    """Read-only text as high as its lines up to a limit; grows by `append_text` in constant time."""

    def __init__(self, parent: QWidget, *, wraps: bool) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setUndoRedoEnabled(False)
        self.setLineWrapMode(self.LineWrapMode.WidgetWidth if wraps else self.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._line_length = 0

    def append_text(self, text: str) -> None:
        """Add text at the end, cutting endless lines."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(self._cut(visible(text)))
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """At the end of its own text, let the transcript scroll on."""
        bar = self.verticalScrollBar()
        towards_end = event.angleDelta().y() < 0
        is_at_end = bar.value() >= bar.maximum() if towards_end else bar.value() <= bar.minimum()
        is_sideways = abs(event.angleDelta().x()) > abs(event.angleDelta().y())
        if is_at_end and not is_sideways:
            event.ignore()
        else:
            super().wheelEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrapping and the horizontal scroll bar change the height."""
        super().resizeEvent(event)
        self._fit()

    def _cut(self, text: str) -> str:
        parts = []
        for number, line in enumerate(text.split("\n")):
            if number:
                parts.append("\n")
                self._line_length = 0
            while self._line_length + len(line) > LONGEST_LINE:
                room = LONGEST_LINE - self._line_length
                parts += [line[:room], "\n"]
                line = line[room:]  # noqa: PLW2901 - consumed from the left
                self._line_length = 0
            parts.append(line)
            self._line_length += len(line)
        return "".join(parts)

    def _fit(self) -> None:
        lines = min(max(round(self.document().size().height()), 1), MOST_CODE_LINES)
        bar = self.horizontalScrollBar()
        extra = bar.sizeHint().height() if bar.maximum() > 0 else 0
        height = lines * self.fontMetrics().lineSpacing() + extra + 2
        if height != self.height() or height != self.maximumHeight():
            self.setFixedHeight(height)


class CodeBlock(QFrame):
    """Code with its language and a copy button; highlighted when it is complete."""

    def __init__(self, language: str, source: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("codeBlock")
        self.language, self.source = language, ""
        self._theme = theme
        self._is_complete = False
        self._label = QLabel(visible(language) or self.tr("Code"), self)
        self._label.setObjectName("codeLanguage")
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._copy = CopyButton(lambda: self.source, theme, self)
        self._edit = _FittedText(self, wraps=False)
        self._edit.setObjectName("codeText")
        self._edit.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._edit.setAccessibleName(self.tr("Code"))
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 4, 0)
        head.addWidget(self._label, 1)
        head.addWidget(self._copy)
        inner = QVBoxLayout()
        inner.setContentsMargins(12, 2, 12, 10)
        inner.addWidget(self._edit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(inner)
        self.append_text(source)

    def append_text(self, text: str) -> None:
        """Add code at the end."""
        self.source += text
        self._edit.append_text(text)

    def show_source(self, source: str) -> None:
        """Replace the code."""
        if source.startswith(self.source):
            self.append_text(source[len(self.source) :])
        else:
            self._edit.clear()
            self.source = ""
            self.append_text(source)

    def complete(self) -> None:
        """No more code will come: colour it."""
        self._is_complete = True
        self._highlight()

    def apply_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self._copy.apply_theme(theme)
        if self._is_complete:
            self._highlight()

    def _highlight(self) -> None:
        document = self._edit.document()
        if document.toPlainText() != self.source:
            return  # lines were cut or invisible characters spelt out: the positions differ
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.setCharFormat(QTextCharFormat())
        for start, length, color in highlighted(self.source, self.language, is_dark=self._theme.dark):
            form = QTextCharFormat()
            form.setForeground(QColor(color))
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(form)
        cursor.endEditBlock()


class PlainBlock(QFrame):
    """Text past the limit for Markdown, as it stands."""

    def __init__(self, source: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("plainBlock")
        self.source = ""
        self._edit = _FittedText(self, wraps=True)
        self._edit.setObjectName("plainText")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._edit)
        self.append_text(source)

    def append_text(self, text: str) -> None:
        """Add text at the end."""
        self.source += text
        self._edit.append_text(text)


class CopyButton(QToolButton):
    """Copies what `text` returns, and shows for a moment that it did."""

    copied = Signal()

    def __init__(self, text: Callable[[], str], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("copyButton")
        self.setAccessibleName(self.tr("Copy"))
        self.setToolTip(self.tr("Copy"))
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._text = text
        self._theme = theme
        self._back = QTimer(self)
        self._back.setSingleShot(True)
        self._back.setInterval(COPIED_MS)
        self._back.timeout.connect(lambda: self._show("copy"))
        self.clicked.connect(self._copy)
        self._show("copy")

    def apply_theme(self, theme: Theme) -> None:
        """Tint the icon."""
        self._theme = theme
        self._show("copy")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text())
        self._show("check")
        self._back.start()
        self.copied.emit()

    def _show(self, icon: str) -> None:
        self.setIcon(tinted_icon(icon, self._theme.colors["text_muted"], size=16))


def open_link(target: str) -> None:
    """Open an address in the browser or mail program; anything else is ignored."""
    if target.lower().startswith(SAFE_SCHEMES):
        QDesktopServices.openUrl(QUrl(target))
