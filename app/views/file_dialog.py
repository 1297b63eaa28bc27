"""FileDialog: one attached file as the model reads it, or the picture that it is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QLabel, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from app.core.markdown import visible
from app.theme import fixed_font
from app.views.dialog_pages import at_end, button
from app.views.endless_words import bear_endless_words

LONGEST_TEXT = 200_000  # characters shown; laying out more would hold the window up
LONGEST_LINE = 2_000  # characters shown of one; a line of a megabyte would be laid out as a whole
SIZE = QSize(720, 560)
LARGEST_PICTURE = 4096  # pixels at its longer side


class FileDialog(QDialog):
    """Shows `text`, or `picture` where there is one."""

    def __init__(self, name: str, text: str, picture: bytes | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("fileDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(visible(name))
        self.resize(SIZE)
        column = QVBoxLayout(self)
        column.addWidget(self._text_view(text) if picture is None else self._picture_view(picture), 1)
        if picture is None and len(text) > LONGEST_TEXT:
            cut = QLabel(self.tr("Only the beginning is shown here; the model reads all of it."), self)
            cut.setObjectName("dialogHelp")
            column.addWidget(cut)
        close = button(self, "closeFile", self.tr("Close"))
        close.clicked.connect(self.accept)
        column.addLayout(at_end(close))

    def _text_view(self, text: str) -> QWidget:
        if not text:
            return self._sentence(self.tr("Only the name of this file is known."))
        view = QPlainTextEdit(self)
        view.setObjectName("fileText")
        bear_endless_words(view)
        view.setReadOnly(True)
        view.setTabChangesFocus(True)
        view.setAccessibleName(self.tr("Content of the file"))
        view.setFont(fixed_font(self.font()))
        view.setPlainText(_shown(text[:LONGEST_TEXT]))
        return view

    def _picture_view(self, data: bytes) -> QWidget:
        picture = QImage.fromData(data)
        if picture.isNull():
            return self._sentence(self.tr("This picture is damaged or of a kind that cannot be shown."))
        if max(picture.width(), picture.height()) > LARGEST_PICTURE:
            picture = picture.scaled(
                LARGEST_PICTURE,
                LARGEST_PICTURE,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        shown = QLabel(self)
        shown.setObjectName("filePicture")
        shown.setAccessibleName(self.windowTitle())
        shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
        shown.setPixmap(QPixmap.fromImage(picture))
        area = QScrollArea(self)
        area.setAccessibleName(self.windowTitle())
        area.setWidget(shown)
        area.setWidgetResizable(True)
        return area

    def _sentence(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setObjectName("dialogHelp")
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return label


def _shown(text: str) -> str:
    """The text with what cannot be seen spelt out, and its endless lines cut."""
    return "\n".join(
        f"{visible(line[:LONGEST_LINE])}…" if len(line) > LONGEST_LINE else visible(line) for line in text.split("\n")
    )
