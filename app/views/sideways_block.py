"""SidewaysBlock: base of the blocks that may be wider than the column and are scrolled sideways then.

They paint what is visible of them themselves.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QScrollBar, QWidget

from app.theme import Theme
from app.views.text_block import SurfaceWidget

WHEEL_PART = 2  # of what a step of the wheel turns, in pixels of scrolling


class SidewaysBlock(SurfaceWidget):
    """Base: shows `content_width` pixels through the column's width."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.source = ""
        self.bar = QScrollBar(Qt.Orientation.Horizontal, self)
        self.bar.setObjectName("sidewaysBar")
        self.bar.valueChanged.connect(self.update)
        self.bar.hide()

    def content_size(self, width: int) -> QSize:
        """Lay everything out for a column of a width; how large it is then."""
        raise NotImplementedError

    def paint_content(self, painter: QPainter, clip: QRectF) -> None:
        """Paint what lies in `clip`, in coordinates of the content."""
        raise NotImplementedError

    def height_for(self, width: int) -> int:
        """The height of the content, and of the scroll bar if one is needed."""
        size = self.content_size(width)
        self.bar.setRange(0, max(size.width() - width, 0))
        self.bar.setPageStep(width)
        self.bar.setVisible(self.bar.maximum() > 0)
        return size.height() + (self.bar.sizeHint().height() if self.bar.maximum() > 0 else 0)

    def in_content(self, point: QPoint) -> QPoint:
        """A point of the widget in the content's coordinates."""
        return point + QPoint(self.bar.value(), 0)

    def sizeHint(self) -> QSize:
        """As high as it is at the present width."""
        return QSize(self.width(), self.height_for(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The bar lies at the bottom."""
        height = self.bar.sizeHint().height()
        self.bar.setGeometry(0, self.height() - height, self.width(), height)
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Sideways, or with Shift, scrolls here; all else the transcript."""
        sideways = event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            sideways = sideways or event.angleDelta().y()
        if sideways and self.bar.maximum():
            self.bar.setValue(self.bar.value() - sideways // WHEEL_PART)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is visible."""
        painter = QPainter(self)
        offset = QPointF(self.bar.value(), 0)
        painter.translate(-offset)
        self.paint_content(painter, QRectF(event.rect()).translated(offset))
