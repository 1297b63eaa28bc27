"""Pictures that belong to messages: small ones in the transcript, and one large in a dialog.

They come out of the store alone; nothing is fetched. Each is decoded on a thread, within limits, to the size that is
shown. What cannot be drawn shows its name.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QImageReader, QPixmap
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.views.plain_tips import plain_tip
from app.views.side_thread import SideThread
from engine.api import FiresideError

logger = logging.getLogger(__name__)

MOST_PIXELS = 64_000_000
MOST_MEMORY_MB = 256  # of one picture while it is decoded
FORMATS = frozenset({"png", "jpeg", "jpg", "webp", "gif", "bmp"})  # no SVG, which may name other files
SMALL, LARGE = 168, 2_400  # pixels of the longer side
MOST_KEPT_BYTES = 64 << 20  # of all pictures that are decoded; one that fills a dialog has up to 23 MB
GAP = 8  # pixels between two pictures

_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ShownImage:
    """A picture that belongs to a message; `read` gives its file's bytes and may raise `FiresideError`."""

    name: str
    media_type: str
    sha256: str
    read: Callable[[], bytes] = field(compare=False)


class PictureDecoder(QObject):
    """The pictures that are decoded. Asking for one that is not starts it; `decoded` tells when it is done."""

    decoded = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._pictures: OrderedDict[_Key, QImage | None] = OrderedDict()
        self._side = SideThread("pictures")
        self._side.done.connect(self._take)

    def get(self, shown: ShownImage, longest: int) -> QImage | None:
        """A picture; None when it cannot be drawn or is not decoded yet, see `is_known`."""
        key = (shown.sha256, longest)
        if key in self._pictures:
            self._pictures.move_to_end(key)
            return self._pictures[key]
        self._side.ask(key, lambda: _read_picture(shown, longest))
        return None

    def is_known(self, shown: ShownImage, longest: int) -> bool:
        """Whether a picture was decoded, or could not be."""
        return (shown.sha256, longest) in self._pictures

    def _take(self, key: _Key, picture: QImage | None) -> None:
        self._pictures[key] = picture
        while len(self._pictures) > 1 and self._kept_bytes() > MOST_KEPT_BYTES:
            self._pictures.popitem(last=False)
        self.decoded.emit(key[0])

    def _kept_bytes(self) -> int:
        return sum(picture.sizeInBytes() for picture in self._pictures.values() if picture is not None)


@cache
def picture_decoder() -> PictureDecoder:
    """The one collection of pictures."""
    return PictureDecoder()


def _read_picture(shown: ShownImage, longest: int) -> QImage | None:
    """On the decoder's thread; None when there is none."""
    try:
        return decoded_picture(shown.read(), longest)
    except (FiresideError, OSError) as error:
        logger.warning("a picture cannot be read: %s", error)
        return None


def decoded_picture(data: bytes, longest: int) -> QImage | None:
    """A picture, its longer side at most so many pixels; None when it is broken, too large or of another kind."""
    QImageReader.setAllocationLimit(MOST_MEMORY_MB)
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    size = reader.size()
    if bytes(reader.format().data()).decode() not in FORMATS or not size.isValid():
        return None
    if size.width() * size.height() > MOST_PIXELS:
        return None
    if max(size.width(), size.height()) > longest:
        reader.setScaledSize(
            size.scaled(longest, longest, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
        )
    picture = reader.read()
    return None if picture.isNull() else picture


class PictureStrip(QWidget):
    """The pictures of a message beside each other, in as many rows as they need."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("pictureStrip")
        self._images: tuple[ShownImage, ...] = ()
        self._buttons: list[QToolButton] = []
        self._aligns_right = False
        picture_decoder().decoded.connect(self._take)
        self.hide()

    def show_images(self, images: tuple[ShownImage, ...], *, aligns_right: bool) -> None:
        """Replace the pictures."""
        if images == self._images:
            return
        self._images, self._aligns_right = images, aligns_right
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        self._buttons = [self._make(shown) for shown in images]
        self.setVisible(bool(images))
        self.updateGeometry()

    def fit(self, width: int) -> None:
        """Break the rows for a width."""
        x = y = height = 0
        rows: list[list[tuple[QToolButton, int]]] = [[]]
        for button in self._buttons:
            size = button.sizeHint()
            if x and x + size.width() > width:
                x, y, height = 0, y + height + GAP, 0
                rows.append([])
            button.setGeometry(x, y, size.width(), size.height())
            rows[-1].append((button, x))
            x, height = x + size.width() + GAP, max(height, size.height())
        is_mirrored = self._aligns_right != (self.layoutDirection() == Qt.LayoutDirection.RightToLeft)
        for row in rows if is_mirrored else ():
            free = width - (row[-1][1] + row[-1][0].width()) if row else 0
            for button, left in row:
                button.move(left + free, button.y())
        self.setFixedHeight(y + height)

    def _make(self, shown: ShownImage) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("pictureButton")
        button.setAccessibleName(self.tr("Picture {name}").format(name=shown.name))
        button.setToolTip(plain_tip(shown.name))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: PictureDialog(shown, self.window()).open())
        self._draw(button, shown)
        button.show()
        return button

    def _draw(self, button: QToolButton, shown: ShownImage) -> None:
        ratio = self.devicePixelRatioF()
        picture = picture_decoder().get(shown, round(SMALL * ratio))
        if picture is None:
            button.setText(button.fontMetrics().elidedText(shown.name, Qt.TextElideMode.ElideMiddle, SMALL))
            button.setEnabled(not picture_decoder().is_known(shown, round(SMALL * ratio)))
            return
        pixmap = QPixmap.fromImage(picture)
        pixmap.setDevicePixelRatio(ratio)
        button.setEnabled(True)
        button.setText("")
        button.setIcon(QIcon(pixmap))
        button.setIconSize(pixmap.deviceIndependentSize().toSize())

    def _take(self, sha256: str) -> None:
        for button, shown in zip(self._buttons, self._images, strict=True):
            if shown.sha256 == sha256:
                self._draw(button, shown)
                self.updateGeometry()


class PictureDialog(QDialog):
    """One picture, as large as the screen allows."""

    def __init__(self, shown: ShownImage, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("pictureDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(shown.name)
        self._shown = shown
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._label.setAccessibleName(shown.name)
        column = QVBoxLayout(self)
        column.addWidget(self._label)
        close = QPushButton(self.tr("Close"), self)
        close.setObjectName("closePicture")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignTrailing)
        close.setFocus()
        picture_decoder().decoded.connect(self._draw)
        self._draw(shown.sha256)

    def _draw(self, sha256: str) -> None:
        picture = picture_decoder().get(self._shown, LARGE)
        if picture is None:
            self._label.setText(self._shown.name)
            return
        room = self.screen().availableSize() * 0.85
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap.fromImage(picture)
        if pixmap.width() > room.width() * ratio or pixmap.height() > room.height() * ratio:
            pixmap = pixmap.scaled(
                room * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        pixmap.setDevicePixelRatio(ratio)
        self._label.setPixmap(pixmap)
        self.adjustSize()
