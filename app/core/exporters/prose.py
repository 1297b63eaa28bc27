"""A reply's Markdown for the exports that render it: the window's blocks and rules, and formulas left alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from app.core.highlighting import LONGEST_CODE, STYLES
from app.core.markdown import SafeRenderer, formula_source, make_parser, visible

PARSER = make_parser()


def web_prose(source: str) -> str:
    """Markdown prose as HTML for a browser; its classes are those of page.css."""
    return str(_WebRenderer().render(PARSER.parse(source), PARSER.options, {}))


def web_code(source: str, language: str) -> str:
    """A code block with its language above it, coloured by classes."""
    label = escape(visible(language) or "Code")
    return (
        f'<figure class="code"><figcaption>{label}</figcaption>'
        f"<pre><code>{_colored(visible(source.rstrip(chr(10))), language)}</code></pre></figure>\n"
    )


def code_colors(*, is_dark: bool) -> str:
    """The style rules for the classes in `web_code`."""
    return "\n".join(HtmlFormatter(style=STYLES[is_dark]).get_token_style_defs(".code"))


def _colored(source: str, language: str) -> str:
    if not language or len(source) > LONGEST_CODE:
        return escape(source)
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(source)
    return str(highlight(source, lexer, HtmlFormatter(nowrap=True))).rstrip("\n")


class _WebRenderer(SafeRenderer):
    """What browsers add to the safe rules: semantic tables, code with its language, formulas set apart."""

    link_attributes = ' rel="noopener noreferrer"'

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """With invisible characters shown."""
        return f"<code>{escape(visible(tokens[idx].content))}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Indented code, and fences inside lists and quotes."""
        return web_code(tokens[idx].content, (tokens[idx].info.split() or [""])[0])

    fence = code_block

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Scrolls sideways where it is too wide."""
        return '<div class="table"><table>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Closes what `table_open` opened."""
        return "</table></div>\n"

    def math_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The formula's source."""
        return f'<span class="math">{escape(formula_source(tokens[idx]))}</span>'

    math_inline_double = math_inline

    def math_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The formula's source on lines of its own."""
        return f'<div class="math">{escape(formula_source(tokens[idx]))}</div>\n'
