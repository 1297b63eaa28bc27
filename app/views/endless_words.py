"""Fields for texts that may hold a word without an end: Qt takes a time that grows with the square of its length.

200,000 letters took 7.5 s to lay out where lines break between words, and 0.2 s where they break anywhere.
"""

from __future__ import annotations

from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QPlainTextEdit

LONGEST_WORD = 5_000  # letters; no language has such words

_USUAL = QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
_ANYWHERE = QTextOption.WrapMode.WrapAnywhere


def bear_endless_words(field: QPlainTextEdit) -> None:
    """From now on an empty field breaks its lines anywhere as long as it holds such a word."""
    document = field.document()

    def look(position: int, removed: int, added: int) -> None:
        """What changed is not laid out yet."""
        is_anywhere = field.wordWrapMode() == _ANYWHERE
        grew = added and max(added, document.findBlock(position).length()) > LONGEST_WORD
        if grew and not is_anywhere and _has_endless_word(document.toPlainText()):
            field.setWordWrapMode(_ANYWHERE)
        elif removed and is_anywhere and not _has_endless_word(document.toPlainText()):
            field.setWordWrapMode(_USUAL)

    document.contentsChange.connect(look)


def _has_endless_word(text: str) -> bool:
    return any(len(word) > LONGEST_WORD for word in text.split())
