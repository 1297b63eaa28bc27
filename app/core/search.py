"""Search over every branch: a message is found when it holds all words of the query, in any order and any case.

A word is whatever stands between spaces: part of a word, Chinese, code, quotes and operators are plain text. The
index of three-character entries (schema.py) proposes messages, the last added first; their text decides. Titles that
match come before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any

from app.core.catalogue import SearchHit
from app.core.database import Database, OnDatabase

ENTRY_LENGTH = 3  # characters in an entry of the index
MOST_ENTRIES = 300  # that a short word begins; one that begins more is so common that reading texts finds it at once
MOST_ENTRIES_OF_A_WORD = 40  # looked up of a long word, such as a pasted line
MOST_WORDS_LOOKED_UP = 16  # in the index, the longest; the texts that it proposes are looked at for all
LONGEST_QUERY = 1000  # characters
BEFORE_MATCH, AFTER_MATCH = 40, 120  # characters of a snippet

# CROSS JOIN keeps the order of the tables: the index is read first, newest entry first, and only as far as needed.
_TITLES = """
    SELECT conversations.id, title, updated_at FROM %(words)s conversations
    WHERE deleted_at IS NULL %(where)s ORDER BY updated_at DESC, conversations.number DESC
"""
_MESSAGES = """
    SELECT conversations.id, title, messages.id, role, messages.created_at, messages.text
    FROM %(words)s messages CROSS JOIN conversations ON conversations.id = conversation_id
    WHERE messages.deleted_at IS NULL AND conversations.deleted_at IS NULL %(where)s ORDER BY {newest} DESC
"""
_WILD = re.compile("[!%_]")
_SPACE = re.compile(r"\s+")


class Search(OnDatabase):
    """The part of the store that finds."""

    def search(self, query: str, *, limit: int = 100) -> tuple[SearchHit, ...]:
        """Titles, then messages, that hold every word of `query`, the newest first; none for an empty query.

        What lies in the bin is not found. Among more than `limit` messages, those added last are given.
        """
        words = list(dict.fromkeys(query[:LONGEST_QUERY].split()))
        if not words:
            return ()
        search = _Search(self._db, words)
        titles = [*islice(search.titles(), limit)]
        messages = islice(search.messages(), limit - len(titles))
        return (*titles, *sorted(messages, key=lambda hit: -hit.created_at))


class _Search:
    """One search: what the index proposes, and what the texts themselves must hold."""

    def __init__(self, database: Database, words: list[str]) -> None:
        self._database = database
        rarest = sorted(words, key=len, reverse=True)[:MOST_WORDS_LOOKED_UP]
        self._proposal = " AND ".join(filter(None, (_proposal(database, word) for word in rarest)))
        self._expressions = [re.compile(re.escape(word), re.IGNORECASE) for word in words]
        # LIKE knows the case of ASCII letters only: other words that have a case are checked here alone.
        exact = [word for word in words if word.isascii() or word.lower() == word.upper()]
        self._patterns = ["%" + _WILD.sub(r"!\g<0>", word) + "%" for word in exact]

    def titles(self) -> Iterator[SearchHit]:
        """Every conversation whose title matches, the newest first."""
        proposed = "AND words.rowid < 0 AND conversations.number = -words.rowid"
        for conversation_id, title, updated_at in self._rows(_TITLES, text="title", proposed=proposed):
            snippet = self._snippet(title)
            if snippet is not None:
                yield SearchHit(conversation_id, title, None, "", updated_at, snippet)

    def messages(self) -> Iterator[SearchHit]:
        """Every message that matches, the last added first."""
        proposed = "AND words.rowid > 0 AND messages.number = words.rowid"
        query = _MESSAGES.format(newest="words.rowid" if self._proposal else "messages.number")
        rows = self._rows(query, text="messages.text", proposed=proposed)
        for conversation_id, title, message_id, role, created_at, text in rows:
            snippet = self._snippet(text)
            if snippet is not None:
                yield SearchHit(conversation_id, title, message_id, role, created_at, snippet)

    def _rows(self, query: str, *, text: str, proposed: str) -> Iterator[Any]:
        """Rows whose `text` may hold the words; `proposed` ties a row to its entry in the index."""
        likes = "".join(f" AND {text} LIKE ? ESCAPE '!'" for _ in self._patterns)
        if not self._proposal:
            return self._database.rows(query % {"words": "", "where": likes}, *self._patterns)
        where = f"{likes} AND words MATCH ? {proposed}"
        return self._database.rows(
            query % {"words": "words CROSS JOIN", "where": where}, *self._patterns, self._proposal
        )

    def _snippet(self, text: str) -> tuple[tuple[str, bool], ...] | None:
        """The text around the first match with all matches in it marked; None when a word is missing."""
        firsts = [expression.search(text) for expression in self._expressions]
        starts = [first.start() for first in firsts if first is not None]
        if len(starts) < len(firsts):
            return None
        begin, end = max(min(starts) - BEFORE_MATCH, 0), min(starts) + AFTER_MATCH
        marks = bytearray(len(text[begin:end]))
        for expression in self._expressions:
            for found in expression.finditer(text, begin, end):
                marks[found.start() - begin : found.end() - begin] = b"\1" * (found.end() - found.start())
        pieces = [
            (_SPACE.sub(" ", text[begin + run[0] : begin + run[-1] + 1]), bool(mark))
            for mark, run in ((mark, [*places]) for mark, places in groupby(range(len(marks)), marks.__getitem__))
        ]
        before, after = [("…", False)] if begin else [], [("…", False)] if end < len(text) else []
        return (*before, *pieces, *after)


def _proposal(database: Database, word: str) -> str:
    """What to ask the index for a word; "" when it cannot help."""
    if len(word) >= ENTRY_LENGTH:
        entries = dict.fromkeys(word[at : at + ENTRY_LENGTH] for at in range(len(word) - ENTRY_LENGTH + 1))
        return " AND ".join(_quoted(entry) for entry in [*entries][:MOST_ENTRIES_OF_A_WORD])
    if len(word) == 1 and word.isascii():
        return ""  # most texts hold it, and listing the entries takes 35 ms
    begin = word.lower()
    rows = database.read(
        "SELECT term FROM word_list WHERE term >= ? AND term < ? LIMIT ?",
        begin,
        f"{begin}\U0010ffff",
        MOST_ENTRIES + 1,
    )
    if len(rows) > MOST_ENTRIES:
        return ""
    return f"({' OR '.join(_quoted(entry) for (entry,) in rows)})" if rows else _quoted("\uffff" * ENTRY_LENGTH)


def _quoted(entry: str) -> str:
    escaped = entry.replace('"', '""')
    return f'"{escaped}"'
