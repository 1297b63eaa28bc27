r"""Formulas in brackets for markdown-it, `\(…\)` in a line and `\[…\]`, as models write them; dollars are a plugin's.

Searches run in C, so that thousands of signs without an end cost no time.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_LATEX = re.compile(r"[\\^_={}]|^\s*\w\s*$")  # what a pair of escaped square brackets holds if it is a formula


def bracket_formulas(parser: MarkdownIt) -> None:
    """A plugin: makes the tokens `math_inline`, `math_inline_double` and `math_block`, as dollarmath does."""
    parser.inline.ruler.before("escape", "bracket_formula", _inline)
    parser.block.ruler.before("fence", "bracket_block", _block, {"alt": ["paragraph", "reference", "blockquote"]})


def _inline(state: StateInline, silent: bool) -> bool:
    opening = state.src[state.pos : state.pos + 2]
    if opening not in ("\\(", "\\["):
        return False
    closing = "\\)" if opening == "\\(" else "\\]"
    end = state.src.find(closing, state.pos + 2, state.posMax)
    content = state.src[state.pos + 2 : end]
    if end < 0 or not content.strip() or (opening == "\\[" and not _LATEX.search(content)):
        return False
    if not silent:
        token = state.push("math_inline" if opening == "\\(" else "math_inline_double", "math", 0)
        token.content, token.markup = content, opening
    state.pos = end + 2
    return True


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    begin = state.bMarks[start_line] + state.tShift[start_line]
    if not state.src.startswith("\\[", begin):
        return False
    lines = [state.src[begin + 2 : state.eMarks[start_line]]]
    line = start_line
    while "\\]" not in lines[-1]:
        line += 1
        if line >= end_line or state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return False
        lines.append(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]])
    last, _, rest = lines[-1].partition("\\]")
    content = "\n".join([*lines[:-1], last])
    if rest.strip() or not _LATEX.search(content):
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.block, token.content, token.markup = True, content, "\\["
        token.map = [start_line, line + 1]
        state.line = line + 1
    return True
