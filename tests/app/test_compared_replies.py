"""Two replies side by side as they are shown and saved: places of tokens, figures, the table and the report."""

from __future__ import annotations

import csv
import io
import math

import pytest

from app.core.comparison import comparison, comparison_markdown, comparison_table
from engine.inspection.api import Compared, ComparedReply, TextRun


def reply(pieces: list[bytes], text: str, *, kl: tuple[float, ...] = (), other_tokens: int = 0) -> ComparedReply:
    tokens = len(pieces)
    return ComparedReply(
        *("model", text, tuple(range(tokens)), tuple(pieces)),
        own_logprobs=(-1.0,) * tokens,
        other_logprobs=(-2.0,) * (other_tokens or tokens),
        kl=kl,
    )


def compared(first: ComparedReply, second: ComparedReply) -> Compared:
    runs = (TextRun(True, (0, 1), (0, 1)), TextRun(False, (1, len(first.text)), (1, len(second.text))))
    return Compared(1, first, second, runs, diverges_at=1)


def test_tokens_stand_where_their_characters_do_and_end_with_the_text() -> None:
    """Half a character belongs to both of its tokens; what a stop text cut off has no place."""
    first = reply([b"a", "茶".encode()[:2], "茶".encode()[2:], b"STOP"], "a茶", kl=(0.0, 0.5, 0.25))
    shown = comparison(compared(first, first), prompt="Tea?", names=("A", "B"))
    tokens = shown.sides[0].tokens
    assert [token.place for token in tokens] == [(0, 1), (1, 2), (1, 2), (2, 2)]
    assert [token.kl for token in tokens] == [0.0, 0.5, 0.25, None]
    assert shown.sides[0].mean_kl == 0.25
    assert shown.has_divergence


def test_other_vocabularies_have_figures_but_no_divergence() -> None:
    first, second = reply([b"ab"], "ab", other_tokens=2), reply([b"a", b"c"], "ac", other_tokens=1)
    shown = comparison(compared(first, second), prompt="", names=("A", "B"))
    assert not shown.has_divergence
    side = shown.sides[0]
    assert (side.own_perplexity, side.other_perplexity) == (math.exp(1.0), math.exp(2.0))
    assert side.tokens[0].other is None
    rows = list(csv.DictReader(io.StringIO(comparison_table(shown))))
    assert [(row["reply"], row["model"], row["text"], row["kl"]) for row in rows] == [
        ("1", "A", "ab", ""),
        ("2", "B", "a", ""),
        ("2", "B", "c", ""),
    ]
    assert "not defined" in comparison_markdown(shown)


def test_the_report_shows_what_strangers_wrote_and_runs_none_of_it() -> None:
    first, second = reply([b"x"], "x<b>\n```\nend", kl=(0.1,)), reply([b"x"], "x\n- y", kl=(0.1,))
    report = comparison_markdown(comparison(compared(first, second), prompt="`?`", names=("A|<i>", "B")))
    assert "| Model | A\\|\\<i> | B |" in report
    assert "````\nx<b>\n```\nend\n````" in report
    assert report.endswith("````diff\n x\n-<b>\n-```\n-end\n+- y\n````\n")


@pytest.mark.parametrize("logprob", [-1e6, -math.inf])
def test_the_perplexity_of_nonsense_is_a_number(logprob: float) -> None:
    nonsense = ComparedReply("model", "x", (1,), (b"x",), (logprob,), (logprob,), (0.0,))
    shown = comparison(compared(nonsense, nonsense), prompt="", names=("A", "B"))
    assert math.isfinite(shown.sides[0].own_perplexity)
