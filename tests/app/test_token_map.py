"""Where tokens lie in a reply's text and on the screen."""

from __future__ import annotations

import pytest

from app.core.block_stream import BlockStream
from app.core.conversation import Status, StoredMessage, text_parts
from app.core.shown_source import ShownSource, block_starts
from app.core.thinking import split_thinking
from app.core.token_map import TokenMap
from app.core.token_text import token_text


def reply(text: str) -> StoredMessage:
    return StoredMessage("id", None, "assistant", split_thinking(text), Status.COMPLETE, 0.0)


def test_each_character_has_the_token_that_made_it() -> None:
    tokens = TokenMap([b"Tea", b" is", b" hot"], reply("Tea is hot"))
    assert [tokens.token_at(at) for at in (0, 2, 3, 5, 6, 9, 10)] == [0, 0, 1, 1, 2, 2, None]
    assert tokens.place_of(1) == (3, 6)


def test_thinking_and_its_marks_are_told_from_the_text() -> None:
    pieces = [b"<think>", b"\nSo", b" it", b"</think>", b"\n\n", b"Tea", b"."]
    tokens = TokenMap(pieces, reply(b"".join(pieces).decode()))
    assert (tokens.place_of(1), tokens.thinking_place_of(1), tokens.thinking_place_of(2)) == (None, (0, 2), (2, 5))
    assert (tokens.place_of(3), tokens.place_of(5), tokens.token_at(0), tokens.thinking_token_at(3)) == (
        *(None, (0, 3)),
        *(5, 2),
    )


def test_a_character_of_several_tokens_belongs_to_the_first() -> None:
    first, rest = "🍵".encode()[:2], "🍵".encode()[2:]
    tokens = TokenMap([b"a", first, rest, b"b"], reply("a🍵b"))
    assert [tokens.token_at(at) for at in range(3)] == [0, 1, 3]
    assert tokens.place_of(1) == (1, 2) == tokens.place_of(2)
    assert tokens.begun_text(1, first) == "a"


def test_a_continued_reply_has_tokens_behind_the_text_that_was_there() -> None:
    message = StoredMessage("id", None, "assistant", text_parts("Tea is hot"), Status.COMPLETE, 0.0)
    tokens = TokenMap([b" is", b" hot"], message)
    assert (tokens.token_at(0), tokens.token_at(3), tokens.place_of(1)) == (None, 0, (6, 10))
    assert tokens.begun_text(1, b" cold") == "Tea is cold"


def test_what_a_stop_string_cut_off_has_no_place() -> None:
    tokens = TokenMap([b"Tea", b" END", b"x"], reply("Tea"))
    assert (tokens.place_of(0), tokens.place_of(1), tokens.token_at(3)) == ((0, 3), None, None)


def test_a_space_that_is_not_shown_moves_nothing() -> None:
    tokens = TokenMap([b" Tea", b" is"], reply("Tea is"))
    assert (tokens.place_of(0), tokens.place_of(1)) == ((0, 3), (3, 6))
    assert tokens.begun_text(1, b" was") == "Tea was"


def test_a_branch_in_a_thinking_that_the_template_opened_begins_with_its_mark() -> None:
    message = reply("<think>\nHm.\n</think>\n\nTea")
    behind = [b"Hm.", b"\n</think>", b"\n\nTea"]
    for pieces in (behind, [b"<think>\n", *behind]):
        tokens = TokenMap(pieces, message)
        assert tokens.begun_text(pieces.index(b"Hm."), b"Oh") == "<think>\nOh"


MARKDOWN = """# Which *tea*?

A **green** one, see [the shop](https://tea.example/a_(b)) or `oolong`; salt &amp; \\*sugar\\*.

1. first
2. second item

> quoted
> words

| kind | heat |
|---|---|
| green | 80 |

```python
x = 1
  y = 2
```

最后一句。
"""
SHOWN = ("Which tea?", "A green one, see the shop or oolong; salt & *sugar*.", "first", "second item", "quoted words")


@pytest.mark.parametrize(
    ("shown", "word", "source"),
    [
        (SHOWN[0], "tea", "*tea*"),
        (SHOWN[1], "green", "**green**"),
        (SHOWN[1], "shop", "shop]"),
        (SHOWN[1], "oolong", "`oolong"),
        (SHOWN[1], "salt", "salt &amp;"),
        (SHOWN[2], "first", "first"),
        (SHOWN[3], "item", "item"),
        (SHOWN[4], "words", "> words"),
        ("kind\theat\ngreen\t80", "80", "80 |"),
        ("x = 1\n  y = 2", "y", "y = 2"),
        ("最后一句。", "一句", "一句"),
    ],
)
def test_a_word_on_the_screen_is_found_in_the_markdown(shown: str, word: str, source: str) -> None:
    stream = BlockStream()
    blocks = [*stream.push(MARKDOWN).finished, *stream.finish().finished]
    starts = block_starts(MARKDOWN, blocks)
    wanted = MARKDOWN.index(source) + source.index(word)
    number = max(at for at, start in enumerate(starts) if start <= wanted)
    letters = ShownSource(blocks[number], shown)
    at = letters.source_at(shown.index(word))
    assert at is not None
    assert starts[number] + at == wanted
    assert [*letters.shown_spans(at, at + len(word))] == [(shown.index(word), shown.index(word) + len(word))]


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        *((b" tea", "␣tea"), (b"\n\n", "⏎⏎"), (b"", "∅"), (b"\xe2\x96", "⟨E2 96⟩"), ("一".encode(), "一")),
        (b"  ", "␣␣"),
    ],
)
def test_a_token_alone_shows_what_cannot_be_seen(piece: bytes, text: str) -> None:
    assert token_text(piece) == text
