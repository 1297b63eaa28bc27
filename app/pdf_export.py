"""Export to PDF with Qt's own text layout: A4 pages in the light theme, with page numbers and links that open.

Outside of app.core, which knows no Qt; app.export_formats names it. Works without a window or a screen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import Any

import shiboken6
from markdown_it.token import Token
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF, Qt, QUrl, QUuid
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
    QTextOption,
)

from app.core.block_stream import Code, Prose, blocks
from app.core.conversation import Part, PartKind
from app.core.exporters.exporter import Document, ExportedConversation, ExportOptions
from app.core.exporters.outline import (
    SHOWN_IMAGES,
    Turn,
    one_line,
    outline,
    printable,
    size_text,
    summary,
    thinking_title,
)
from app.core.exporters.prose import PARSER
from app.core.highlighting import highlighted
from app.core.markdown import QtRenderer, formula_source, visible
from app.core.themes import Theme, load_theme

DPI = 96  # a pixel of the themes is a pixel here
MARGIN_MM = 20
FOOTER_PX = 36
SMALL_PX = 12
CODE_PX = 12
TALLEST_IMAGE_PX = 400
# Behind the system's font, so that Chinese text has Chinese shapes where the system would take Japanese ones.
_CHINESE_FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei")
_APART = "margin-top: 8px; margin-bottom: 8px;"  # tables, which Qt sets without space between them


def write(conversation: ExportedConversation, options: ExportOptions, document: Document) -> None:
    """Lay the conversation out and write its pages."""
    _application()
    theme = load_theme("light")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM), QPageLayout.Unit.Millimeter)
    title = one_line(conversation.header.title)
    writer.setTitle(title)
    writer.setCreator("Fireside")
    writer.setDocumentId(QUuid.createUuidV5(QUuid(), conversation.header.id.encode()))
    text = _Text(conversation, theme, width_px=writer.width())
    text.documentLayout().setPaintDevice(writer)
    text.setPageSize(QSizeF(writer.width(), writer.height() - FOOTER_PX))
    text.setHtml("".join(_body(conversation, options, text)))
    _paint(text, writer, title, theme)
    del text
    shiboken6.delete(writer)  # PySide keeps what a layout was given to paint on for ever, with all its pages
    document.write(bytes(buffer.data().data()))


@cache
def _application() -> QGuiApplication:
    """Fonts need an application; on Linux the command line's must not look for a screen."""
    running = QGuiApplication.instance()
    if isinstance(running, QGuiApplication):
        return running
    return QGuiApplication(["fireside", *(("-platform", "offscreen") if sys.platform == "linux" else ())])


@cache
def _monospace() -> str:
    """The style of code."""
    fixed = QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)).family()
    return f"font-family: {', '.join(repr(family) for family in (fixed, *_CHINESE_FONTS))};"


class _Text(QTextDocument):
    """The document; images come from the conversation's attachments and from nowhere else."""

    def __init__(self, conversation: ExportedConversation, theme: Theme, *, width_px: int) -> None:
        super().__init__()
        self.conversation, self.theme, self.width_px = conversation, theme, width_px
        self._images: dict[str, QImage] = {}
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        font.setFamilies([QFontInfo(font).family(), *_CHINESE_FONTS])
        font.setPixelSize(theme.font_size - 1)
        self.setDefaultFont(font)
        self.setDocumentMargin(0)
        self.setDefaultStyleSheet(
            f"p, li {{ line-height: 135%; }} p, li, td, th {{ color: {theme.colors['text']}; }}"
        )
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setDefaultTextOption(option)

    def image_html(self, part: Part) -> str | None:
        """An image that fits the page; None for what is not here or no image."""
        if part.sha256 is None or part.media_type not in SHOWN_IMAGES:
            return None
        image = QImage.fromData(self.conversation.attachment(part.sha256) or b"")
        if image.isNull():
            return None
        size = image.size()
        if size.width() > self.width_px or size.height() > TALLEST_IMAGE_PX:
            size.scale(self.width_px, TALLEST_IMAGE_PX, Qt.AspectRatioMode.KeepAspectRatio)
        self._images[part.sha256] = image
        return f'<img src="{escape(part.sha256)}" width="{size.width()}" height="{size.height()}">'

    def line_px(self, line: str) -> float:
        """How wide a line is before it is wrapped."""
        return QFontMetricsF(self.defaultFont()).horizontalAdvance(line[:1000])

    def loadResource(self, kind: int, name: QUrl | str) -> Any:  # noqa: N802 - Qt's name; Any: Qt's variant
        """Only what `image_html` named."""
        del kind
        return self._images.get(name if isinstance(name, str) else name.toString())


def _paint(text: QTextDocument, writer: QPdfWriter, title: str, theme: Theme) -> None:
    """Page after page, each with the title and its number at the foot."""
    pages, height = text.pageCount(), text.pageSize().height()
    foot = QFont(text.defaultFont())
    foot.setPixelSize(SMALL_PX)
    elided = QFontMetricsF(foot, writer).elidedText(title, Qt.TextElideMode.ElideRight, writer.width() * 0.8)
    line = QRectF(0, height + FOOTER_PX / 2, writer.width(), FOOTER_PX / 2)
    painter = QPainter(writer)
    for page in range(pages):
        if page:
            writer.newPage()
        painter.save()
        painter.translate(0, -page * height)
        text.drawContents(painter, QRectF(0, page * height, writer.width(), height))
        painter.restore()
        painter.setFont(foot)
        painter.setPen(QColor(theme.colors["text_muted"]))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, elided)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, f"{page + 1} / {pages}")
    painter.end()


def _body(conversation: ExportedConversation, options: ExportOptions, text: _Text) -> Iterator[str]:
    branches = outline(conversation, options)
    title = escape(one_line(conversation.header.title))
    yield f'<p style="font-size: 22px; font-weight: 600; margin-bottom: 2px;">{title}</p>'
    yield _small(escape(summary(conversation, branches)), text)
    for branch in branches:
        if branch.title is not None:
            yield f'{_rule(text.theme)}<p style="font-size: 17px; font-weight: 600;">{escape(branch.title)}</p>'
        for turn in branch.turns:
            yield from _turn(turn, text, is_numbered=len(branches) > 1)


def _turn(turn: Turn, text: _Text, *, is_numbered: bool) -> Iterator[str]:
    color = text.theme.colors["text"]
    number = f"{turn.number}. " if is_numbered else ""
    speaker = f'<span style="font-weight: 600; color: {color};">{escape(turn.speaker)}</span>'
    time = f" · {turn.time}" if turn.time else ""
    is_person = turn.role == "user"
    yield _small(f"{number}{speaker}{time}", text, align="right" if is_person else "left", above_px=18)
    for part in turn.parts:
        yield _part(part, text, role=turn.role)
    if turn.ending is not None:
        yield _small(escape(turn.ending), text)
    if turn.settings:
        yield _small(" · ".join(f"{escape(label)}: {escape(value)}" for label, value in turn.settings), text)


def _part(part: Part, text: _Text, *, role: str) -> str:
    said = printable(part.text)
    name = escape(visible(one_line(part.name)) or str(part.kind))
    muted = text.theme.colors["text_muted"]
    match part.kind:
        case PartKind.TEXT if not said.strip():
            return ""
        case PartKind.TEXT if role == "user":
            return _bubble(said, text)
        case PartKind.TEXT if role in ("system", "tool"):
            return f'<p style="white-space: pre-wrap; color: {muted};">{escape(said)}</p>'
        case PartKind.TEXT:
            return _prose(said, text.theme)
        case PartKind.THINKING:
            body = f'<p style="white-space: pre-wrap; color: {muted};">{escape(said.strip())}</p>'
            return _barred(_small(thinking_title(part), text) + body, text.theme)
        case PartKind.TOOL:
            return _code(said, "json", text.theme, label=name)
        case PartKind.IMAGE | PartKind.FILE:
            image = text.image_html(part)
            if image is not None:
                return f'<p align="{"right" if role == "user" else "left"}">{image}</p>'
            if said:
                return _code(said, "", text.theme, label=name)
            data = None if part.sha256 is None else text.conversation.attachment(part.sha256)
            return _small(f"{name} ({'not here' if data is None else size_text(len(data))})", text)


def _small(html: str, text: _Text, *, align: str = "left", above_px: int = 4) -> str:
    style = f"font-size: {SMALL_PX}px; color: {text.theme.colors['text_muted']}; margin-top: {above_px}px;"
    return f'<p align="{align}" style="{style} margin-bottom: 4px;">{html}</p>'


def _bubble(said: str, text: _Text) -> str:
    """A person's message on its ground, at the right and no wider than it needs."""
    longest = max((text.line_px(line) for line in said.split("\n")), default=0.0)
    width = min(longest + 36, text.width_px * 0.85)
    return (
        f'<table align="right" width="{width:.0f}" cellspacing="0" cellpadding="10" '
        f'bgcolor="{text.theme.colors["user_bubble"]}" style="{_APART}"><tr>'
        f'<td style="white-space: pre-wrap;">{escape(said)}</td></tr></table>'
    )


def _barred(html: str, theme: Theme) -> str:
    return (
        f'<table cellspacing="0" cellpadding="0" style="{_APART}"><tr>'
        f'<td width="3" bgcolor="{theme.colors["border"]}"></td>'
        f'<td style="padding-left: 12px;">{html}</td></tr></table>'
    )


def _rule(theme: Theme) -> str:
    return f'<hr style="background-color: {theme.colors["border"]};">'


def _prose(said: str, theme: Theme) -> str:
    written = []
    for block in blocks(said):
        match block:
            case Prose(source):
                written.append(_PdfRenderer(theme).render(PARSER.parse(source), PARSER.options, {}))
            case Code(language, source):
                written.append(_code(source, language, theme))
            case _:
                written.append(f'<p style="white-space: pre-wrap;">{escape(block.source)}</p>')
    return "".join(written)


def _code(source: str, language: str, theme: Theme, *, label: str | None = None) -> str:
    """Code that wraps, coloured, on its ground, with its language or `label` (HTML) above it."""
    source = visible(source.rstrip("\n"))
    pieces, at = [], 0
    for start, length, color in highlighted(source, language, is_dark=theme.dark):
        pieces += [
            escape(source[at:start]),
            f'<span style="color: {color};">{escape(source[start : start + length])}</span>',
        ]
        at = start + length
    pieces.append(escape(source[at:]))
    shown = label or escape(visible(language)) or "Code"
    return (
        f'<table width="100%" cellspacing="0" cellpadding="8" bgcolor="{theme.colors["code_background"]}" '
        f'style="{_APART}"><tr><td>'
        f'<p style="font-size: {SMALL_PX}px; color: {theme.colors["text_muted"]}; margin: 0 0 4px 0;">{shown}</p>'
        f'<pre style="{_monospace()} font-size: {CODE_PX}px; line-height: 130%; white-space: pre-wrap; margin: 0;">'
        f"{''.join(pieces)}</pre></td></tr></table>"
    )


class _PdfRenderer(QtRenderer):
    """The window's prose; code wraps and formulas stand as they were written."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._theme = theme

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Indented code, and fences inside lists and quotes."""
        return _code(tokens[idx].content, (tokens[idx].info.split() or [""])[0], self._theme)

    fence = code_block

    def math_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The formula's source."""
        return f'<span style="{_monospace()}">{escape(formula_source(tokens[idx]))}</span>'

    math_inline_double = math_inline

    def math_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The formula's source on lines of its own."""
        return f'<pre style="{_monospace()} white-space: pre-wrap;">{escape(formula_source(tokens[idx]))}</pre>'

    def hr(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A thin line in the theme's colour."""
        return _rule(self._theme)
