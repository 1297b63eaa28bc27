"""Formulas as drawings: LaTeX becomes SVG on a thread of its own, once for each formula and size.

ziamath takes 5 to 30 ms for one. What cannot be drawn, or is not drawn yet, is shown as it was written.
"""

from __future__ import annotations

import logging
import re
import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from markdown_it.token import Token
from PySide6.QtCore import QByteArray, QObject, QPointF, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from app.core.markdown import QtRenderer, formula_source
from app.core.themes import Theme
from app.views.side_thread import SideThread

logger = logging.getLogger(__name__)

LONGEST_FORMULA = 1_000  # letters; longer ones are shown as they were written
MOST_PICTURES = 100  # in one block; 2,500 of them took Qt 2.6 s
TELL_MS = 60  # drawings that arrive within are told of together: a paragraph of many is laid out a few times
MOST_DRAWINGS = 500  # kept; each is a few kB
SWITCH_S = 0.0002  # with 5 ms a frame of the window took 230 ms while formulas were drawn
SIZE = 1.1  # of the size of the letters around it; the fonts of formulas run small
_VIEW_BOX = re.compile(r'viewBox="([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+)"')
_PICTURE = "\ufffc"  # how a document's text shows a picture


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG in black, for letters of one pixel's size: widths and heights are multiples of the size."""

    svg: str
    left: float
    width: float
    ascent: float
    descent: float


class FormulaDrawings(QObject):
    """The drawings that are there. Asking for one that is not starts it; `drawn(set of latex)` tells what is done."""

    drawn = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._drawings: OrderedDict[tuple[str, bool], Drawing | None] = OrderedDict()
        self._side = SideThread("formulas")
        self._side.done.connect(self._take)
        self._new: set[str] = set()
        self._tell = QTimer(self)
        self._tell.setSingleShot(True)
        self._tell.setInterval(TELL_MS)
        self._tell.timeout.connect(self._tell_new)

    def get(self, latex: str, *, is_display: bool) -> Drawing | None:
        """A drawing; None when it cannot be drawn or is not yet, see `is_awaited`."""
        key = (latex, is_display)
        if key in self._drawings:
            self._drawings.move_to_end(key)
            return self._drawings[key]
        if len(latex) <= LONGEST_FORMULA:
            self._side.ask(key, lambda: drawing_of(latex, is_display=is_display))
        return None

    def is_awaited(self, latex: str, *, is_display: bool) -> bool:
        """Whether a drawing is being made."""
        return self._side.is_asked((latex, is_display))

    def _take(self, key: tuple[str, bool], drawing: Drawing | None) -> None:
        self._drawings[key] = drawing
        if len(self._drawings) > MOST_DRAWINGS:
            self._drawings.popitem(last=False)
        self._new.add(key[0])
        if not self._tell.isActive():
            self._tell.start()

    def _tell_new(self) -> None:
        new, self._new = self._new, set()
        self.drawn.emit(new)


@cache
def formula_drawings() -> FormulaDrawings:
    """The one collection of drawings."""
    return FormulaDrawings()


@contextmanager
def _quick_handover() -> Iterator[None]:
    """Meanwhile the window goes on at once whenever it wants to, not after Python's 5 ms."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    ours = sys.getswitchinterval()
    try:
        yield
    finally:
        if sys.getswitchinterval() == ours:  # else the engine was loaded meanwhile, and set its own
            sys.setswitchinterval(usual)


@_quick_handover()
def drawing_of(latex: str, *, is_display: bool) -> Drawing | None:
    """Draw a formula; None if it cannot be read."""
    from ziamath.config import config  # 150 ms, on the thread; a failure here is not the formula's
    from ziamath.zmath import Latex

    try:
        config.svg2 = False  # plain paths, which Qt's SVG reader knows
        svg = Latex(latex.strip(), size=100.0, inline=not is_display).svg()
    except Exception as error:  # noqa: BLE001 - whatever the text makes the library raise, it is no formula
        logger.debug("a formula cannot be drawn (%s)", type(error).__name__)
        return None
    box = _VIEW_BOX.search(svg)
    if box is None:
        return None
    left, top, width, height = (float(number) / 100 for number in box.groups())
    return Drawing(svg, left, width, -top, top + height)


def paint_drawing(painter: QPainter, drawing: Drawing, place: QPointF, *, size: float, color: str) -> None:
    """Paint a formula with its top left corner at a place, in a colour."""
    svg = drawing.svg.replace("<svg ", f'<svg fill="{color}" ', 1).replace("black", color)
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    renderer.render(painter, QRectF(place, size_of(drawing, size)))


def size_of(drawing: Drawing, size: float) -> QSizeF:
    """Width and height of a formula for letters of a size."""
    return QSizeF(drawing.width * size, (drawing.ascent + drawing.descent) * size)


class FormulaPictures:
    """The formulas of one document: pictures for those that are drawn, by name."""

    def __init__(self, theme: Theme, widget: QWidget) -> None:
        self.images: dict[str, QImage] = {}
        self.awaited: set[str] = set()
        self._names: dict[tuple[str, bool], str] = {}
        self._sources: list[str] = []
        self._theme, self._widget = theme, widget

    def renderer(self, theme: Theme) -> QtRenderer:
        """What makes HTML that shows these pictures."""
        return _PictureRenderer(theme, self)

    def html(self, token: Token, *, is_display: bool) -> str | None:
        """The picture of a formula in the line; None while there is none."""
        drawings = formula_drawings()
        drawing = drawings.get(token.content, is_display=is_display)
        if drawing is None:
            if drawings.is_awaited(token.content, is_display=is_display):
                self.awaited.add(token.content)
            return None
        if len(self._sources) >= MOST_PICTURES:
            return None
        name = self._names.setdefault((token.content, is_display), f"formula:{len(self._names)}")
        if name not in self.images:
            size, ratio = self._theme.font_size * SIZE, self._widget.devicePixelRatioF()
            lift = QFontMetricsF(self._widget.font()).xHeight() / 2
            self.images[name] = _picture(drawing, size, lift, self._theme.colors["text"], ratio)
        image = self.images[name]
        self._sources.append(formula_source(token))
        ratio = image.devicePixelRatio()
        width, height = image.width() / ratio, image.height() / ratio
        return f'<img src="{name}" width="{width:.2f}" height="{height:.2f}" style="vertical-align: middle">'

    def spelt_out(self, text: str, span: tuple[int, int]) -> str:
        """Part of a document's text with its formulas as they were written."""
        sources = iter(self._sources[text.count(_PICTURE, 0, span[0]) :])
        return "".join(next(sources, "") if one == _PICTURE else one for one in text[span[0] : span[1]])


@lru_cache(MOST_DRAWINGS)
def _picture(drawing: Drawing, size: float, lift: float, color: str, ratio: float) -> QImage:
    """High enough that its middle stands where Qt puts it: `lift` / 2 above the line, a quarter of an x."""
    ascent, descent = drawing.ascent * size, drawing.descent * size
    height = max(2 * ascent - lift, 2 * descent + lift)
    pixels = (QSizeF(drawing.width * size, height) * ratio).toSize().expandedTo(QSize(1, 1))
    image = QImage(pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint_drawing(painter, drawing, QPointF(0, (height + lift) / 2 - ascent), size=size, color=color)
    painter.end()
    return image


class _PictureRenderer(QtRenderer):
    """The window's prose with its formulas drawn."""

    def __init__(self, theme: Theme, pictures: FormulaPictures) -> None:
        super().__init__(theme)
        self._pictures = pictures

    def math_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A formula in the line."""
        return self._pictures.html(tokens[idx], is_display=False) or super().math_inline(tokens, idx, options, env)

    def math_inline_double(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A larger formula in the line."""
        return self._pictures.html(tokens[idx], is_display=True) or super().math_inline(tokens, idx, options, env)

    def math_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A formula of its own in a list or a quote."""
        return f"<p>{self.math_inline_double(tokens, idx, options, env)}</p>"
