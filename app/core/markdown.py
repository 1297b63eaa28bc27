"""How Markdown is read, and the HTML of the small subset that Qt's documents show.

HTML in the text stays text, images are never loaded. `block_stream` says which part of a text is a block.
"""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from app.core.formula_rules import bracket_formulas
from app.core.themes import Theme

SAFE_SCHEMES = ("http://", "https://", "mailto:")
_HEADING_SIZES = {"h1": 1.45, "h2": 1.27, "h3": 1.13, "h4": 1.07, "h5": 1.0, "h6": 1.0}  # of the text's size
MOST_BARS = 3  # of quotes in quotes: Qt lays a table in a table out twice, so ten of them a thousand times
MAY_LINK = re.compile(r"://|www\.|@|\w\.\w|mailto:", re.IGNORECASE)


_BOXES = ("[ ] ", "[x] ", "[X] ")  # that a task-list item begins with
_CLOSES = {"\\(": "\\)", "\\[": "\\]"}  # of the signs that open a formula; dollars close as they open


def make_parser(**options: Any) -> MarkdownIt:
    """CommonMark with tables, strike-through, foot notes and formulas, as the window reads it."""
    return (
        MarkdownIt("gfm-like", {"html": False, "linkify": True, "maxNesting": 20, **options})
        .use(dollarmath_plugin, allow_space=False, allow_digits=False, allow_labels=False, double_inline=True)
        .use(bracket_formulas)
        .use(footnote_plugin, inline=False, move_to_end=False)
    )


_linking_parser = make_parser()
_plain_parser = make_parser(linkify=False)  # twice as fast
SPLITTER = make_parser(linkify=False).disable("inline")  # finds blocks, leaves their text alone


class References:
    """The links and notes that a text defines, for all of its blocks."""

    def __init__(self) -> None:
        self._links: dict[str, object] = {}
        self._notes: dict[str, int] = {}  # label behind a colon, as the plugin has it -> its number, from 1

    def take(self, source: str) -> bool:
        """Remember what a finished block defines; whether that is anything new."""
        if "]:" not in source:
            return False
        env: dict[str, Any] = {}
        SPLITTER.parse(source, env)
        links, notes = env.get("references", {}), env.get("footnotes", {}).get("refs", {})
        is_new = not (links.keys() <= self._links.keys() and notes.keys() <= self._notes.keys())
        self._links = {**links, **self._links}  # of two definitions the first counts
        for label in notes:
            self._notes.setdefault(label, len(self._notes) + 1)
        return is_new

    def env(self) -> dict[str, Any]:
        """What the parser is given with a block."""
        known: dict[int, dict[str, object]] = {at: {"label": "", "count": 0} for at in self._notes.values()}
        return {
            "references": dict(self._links),
            "footnotes": {"refs": dict(self._notes), "list": known},
            "notes": self._notes,
        }


NO_REFERENCES = References()


def parse(source: str, references: References = NO_REFERENCES) -> tuple[list[Token], dict[str, Any]]:
    """The tokens of a block, and what its renderer must be given with them."""
    env = references.env()
    parser = _linking_parser if MAY_LINK.search(source) else _plain_parser
    tokens = parser.parse(source, env)
    for at, token in enumerate(tokens):
        if token.type == "footnote_reference_open":
            _number_note(token, tokens[at + 1 :])
    return tokens, env


def _number_note(note: Token, behind: Sequence[Token]) -> None:
    """Put a note's number before its text."""
    first = next((token for token in behind if token.type == "inline"), None)
    if first is not None and first.children is not None:
        space = Token("text", "", 0, content=" ")
        first.children[:0] = [Token("footnote_ref", "", 0, meta=note.meta), space]


def formula_source(token: Token) -> str:
    """A formula as it was written, signs of dollar or brackets included."""
    return f"{token.markup}{token.content}{_CLOSES.get(token.markup, token.markup)}"


def prose_html(
    source: str,
    theme: Theme,
    *,
    references: References = NO_REFERENCES,
    number: int | None = None,
    renderer: Callable[[Theme], QtRenderer] | None = None,
) -> str:
    """Markdown prose as HTML of Qt's subset, in a theme's colours; `number` is that of a list's item."""
    tokens, env = parse(source, references)
    if number is not None and tokens and tokens[0].type == "ordered_list_open":
        tokens[0].attrSet("start", str(number))
    return str((renderer or QtRenderer)(theme).render(tokens, _plain_parser.options, env)).rstrip()


def visible(text: str) -> str:
    """The text with direction overrides and other invisible characters spelt out, for code and link targets."""
    if text.isascii():
        return text
    odd = [letter for letter in set(text) if unicodedata.category(letter) in ("Cf", "Co", "Cn")]
    return text.translate({ord(letter): f"⟨U+{ord(letter):04X}⟩" for letter in odd}) if odd else text


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table, as HTML; `align` is left, center, right or nothing."""

    html: str
    align: str


def table_rows(source: str, renderer: QtRenderer, references: References = NO_REFERENCES) -> list[list[Cell]]:
    """The cells of a table, row by row, the head first."""
    tokens, env = parse(source, references)
    rows: list[list[Cell]] = []
    for at, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            html = renderer.renderInline(tokens[at + 1].children or [], _plain_parser.options, env)
            rows[-1].append(Cell(html, str(token.attrGet("style") or "").removeprefix("text-align:")))
    return rows


@cache
def _rules_of(renderer: type[RendererHTML]) -> tuple[str, ...]:
    methods = inspect.getmembers(renderer, predicate=inspect.isfunction)
    return tuple(name for name, _ in methods if not name.startswith(("render", "_")))


class SafeRenderer(RendererHTML):
    """What every rendering of a stranger's Markdown keeps: nothing is loaded, only safe addresses are links."""

    link_attributes = ""  # of every link, behind its address

    def __init__(self) -> None:
        # Not RendererHTML's own, which inspects itself each time: 0.2 ms, where one frame may draw ten blocks.
        self.rules = {name: getattr(self, name) for name in _rules_of(type(self))}

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Never loaded: the description and the address as text."""
        token = tokens[idx]
        described = token.content or "image"
        return escape(f"[{described}] ({visible(str(token.attrGet('src') or ''))})")

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Only addresses that a browser or mail program opens."""
        target = str(tokens[idx].attrGet("href") or "")
        if not target.lower().startswith(SAFE_SCHEMES):
            return "<span>"
        return f'<a href="{escape(visible(target))}"{self.link_attributes}>'

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Closes what `link_open` opened."""
        opened = next(t for t in reversed(tokens[:idx]) if t.type == "link_open" and t.level == tokens[idx].level)
        is_safe = str(opened.attrGet("href") or "").lower().startswith(SAFE_SCHEMES)
        return "</a>" if is_safe else "</span>"

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Text, with the box of a task-list item drawn."""
        content = tokens[idx].content
        if idx == 0 and content.startswith(_BOXES):
            content = ("☐ " if content[1] == " " else "☑ ") + content[4:]
        return escape(content)

    def footnote_ref(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The number of the note."""
        number = env.get("notes", {}).get(f":{tokens[idx].meta['label']}")
        return f"<sup>[{number or escape(visible(tokens[idx].meta['label']))}]</sup>"

    def footnote_reference_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A note stands where it is written, behind its number; see `parse`."""
        return ""

    footnote_reference_close = footnote_reference_open

    def math_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The formula as it was written."""
        return escape(visible(formula_source(tokens[idx])))

    math_inline_double = math_inline

    def math_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The formula as it was written, on lines of its own."""
        return f"<p>{self.math_inline(tokens, idx, options, env)}</p>"


class QtRenderer(SafeRenderer):
    """HTML of Qt's subset (doc.qt.io, Supported HTML Subset) in a theme's colours."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme, self._colors = theme, theme.colors
        self._quotes = 0
        self.link_attributes = f' style="color: {theme.colors["link"]}; text-decoration: underline;"'

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """On the code ground, invisible characters shown."""
        ground = self._colors["code_background"]
        style = f"font-family: monospace; background-color: {ground};"
        return f'<span style="{style}">{escape(visible(tokens[idx].content))}</span>'

    def math_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The formula as it was written, as code."""
        return f'<span style="font-family: monospace;">{super().math_inline(tokens, idx, options, env)}</span>'

    math_inline_double = math_inline

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Indented code, and fences inside lists and quotes."""
        ground = self._colors["code_background"]
        code = escape(visible(tokens[idx].content.rstrip("\n")))
        return (
            f'<table width="100%" cellpadding="8" bgcolor="{ground}"><tr><td>'
            f'<pre style="font-family: monospace;">{code}</pre></td></tr></table>'
        )

    fence = code_block

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Thin lines around the cells."""
        line = self._colors["border"]
        style = f"border-collapse: collapse; border-color: {line};"
        return f'<table border="1" cellspacing="0" cellpadding="6" style="{style}">'

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A cell with a border of its own, aligned as its column is."""
        token = tokens[idx]
        style = f"{token.attrGet('style') or ''}; border: 1px solid {self._colors['border']}; padding: 6px 10px;"
        return f'<{token.tag} style="{escape(style)}">'

    th_open = td_open

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A little larger than the text; Qt's own sizes shout."""
        size = round(self.theme.font_size * _HEADING_SIZES[tokens[idx].tag])
        return f'<p style="font-size: {size}px; font-weight: 600;">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Closes what `heading_open` opened."""
        return "</p>"

    def bullet_list_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Nearer to the margin than Qt would put it."""
        token = tokens[idx]
        style = "margin: 0 0 0 -14px;"  # one below would part an item from the list inside it
        first = next((tokens[at].content for at in range(idx, len(tokens)) if tokens[at].type == "inline"), "")
        if token.tag == "ul" and first.startswith(_BOXES):
            style += " list-style-type: none;"  # the boxes are marks enough
        return f'<{token.tag}{self.renderAttrs(token)} style="{style}">'

    ordered_list_open = bullet_list_open

    def blockquote_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A bar at the left, by a table; Qt knows no border on one side of a block."""
        self._quotes += 1
        if self._quotes > MOST_BARS:
            return "<div>"
        return (
            f'<table cellspacing="0" cellpadding="0"><tr><td width="3" bgcolor="{self._colors["border"]}"></td>'
            f'<td style="padding-left: 12px; color: {self._colors["text_muted"]};">'
        )

    def blockquote_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Closes what `blockquote_open` opened."""
        self._quotes -= 1
        return "</div>" if self._quotes >= MOST_BARS else "</td></tr></table>"
