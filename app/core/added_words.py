"""Whether Markdown that grew just shows some more words: then nothing of it need be read again while it streams.

Most of what a model writes is words behind words. Stricter than Markdown itself: what might be read otherwise because
of what follows it, and what is not shown at the very end, is left to the parser.
"""

from __future__ import annotations

import re

from app.core.markdown import MAY_LINK

_WORDS = re.compile(r"(?:[^\W_]|[ ,.:!?'\"()–—…‘’“”，。！？、：；（）「」-])+")
_LAST = re.compile(r"[^\W_]|[,.:!?'\"…’”，。！？、：；]")  # what no sign for Markdown ends with
_LETTER = re.compile(r"[^\W\d_]")  # says what a line is, with what stands before it
_OPEN = re.compile(
    r"[>|]|```|~~~|\$\$|\\\[|\][:(]"
)  # quotes, tables, code, formulas, definitions, links: read as a whole
_OPENING_LINE = re.compile(r"[\s*+\d.)-]*(?: {4}|\t|[`~$\\])")  # code and formulas may begin so


def only_adds_words(source: str, more: str) -> bool:
    """Whether `source`, the Markdown of one block, and `more` behind it read as before with `more` as plain text."""
    shown = source.rstrip(" ")
    added = source[len(shown) :] + more
    if not _WORDS.fullmatch(more) or "  " in added or not _LAST.match(shown[-1:]):
        return False
    line = source[source.rfind("\n") + 1 :]
    if not _LETTER.search(line) or _OPENING_LINE.match(line) or _OPEN.search(source):
        return False
    return not MAY_LINK.search(line[line.rfind(" ") + 1 :] + more)
