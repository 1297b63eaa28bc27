"""Markdown without its marks, and the facts of a record."""

from __future__ import annotations

import pytest

from app.core.plain_text import plain_text
from app.core.reply_facts import ReplyFacts, reply_facts


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("# Tea\n\nSome *green* `leaves`.\nAnd more.", "Tea\n\nSome green leaves.\nAnd more."),
        ("1. one\n2. two\n   - inner\n\nafter", "1. one\n2. two\n  - inner\n\nafter"),
        ("```py\nx = 1\n```\ndone", "x = 1\n\ndone"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a\tb\n1\t2"),
        (
            "[here](https://example.org) and <https://example.org>",
            "here (https://example.org) and https://example.org",
        ),
        ("$x^2$ is a square", "$x^2$ is a square"),
        ("> quoted", "quoted"),
    ],
)
def test_a_reader_finds_the_same_words(source: str, text: str) -> None:
    assert plain_text(source) == text


def test_a_record_of_any_shape_gives_facts() -> None:
    assert reply_facts({}) == ReplyFacts()
    wrong = {"timings": [1], "sampler": "x", "seed": -1, "model_name": 3, "max_tokens": True}
    assert reply_facts(wrong) == ReplyFacts()
    facts = reply_facts(
        {"timings": {"generated_tokens": 11, "decode_s": 2.0}, "sampler": {"top_k": 40, "seed": None}}
    )
    assert facts.decode_tok_s == 5.0
    assert facts.sampler == {"top_k": "40"}
