"""No text of a stranger becomes a formula in a table, and every text is read back as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.comparison import comparison, comparison_table
from app.core.perplexity_table import perplexity_table
from app.core.table_cells import cell_text, table_cell
from engine.alternatives import Certainty
from engine.inspection.api import Compared, ComparedReply, TextRun

FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1", '=HYPERLINK("http://x")')


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_a_text_in_every_table(text: str) -> None:
    one = Certainty(-0.5, 0, 0.9)
    (row,) = csv.DictReader(io.StringIO(perplexity_table((1,), (text,), (one,)), newline=""))
    reply = ComparedReply("model", text, (1,), (text.encode(),), (-1.0,), (-1.0,), (0.0,))
    runs = (TextRun(True, (0, len(text)), (0, len(text))),)
    shown = comparison(Compared(1, reply, reply, runs, diverges_at=None), prompt="", names=(text, "B"))
    first, _ = csv.DictReader(io.StringIO(comparison_table(shown), newline=""))
    for cell in (row["text"], first["model"]):
        assert cell.startswith("'")
        assert cell_text(cell) == text
    assert not first["text"].startswith(("=", "+", "-", "@", "\t", "\r", "＝")), "spaces are shown as signs there"
    assert row["logprob"] == "-0.50000", "numbers stay numbers"


@given(st.text(alphabet="='+-@ \t\rab,\"\n", max_size=8))
def test_every_text_comes_back(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow((table_cell(text), "end"))
    ((cell, _),) = csv.reader(io.StringIO(written.getvalue(), newline=""))
    assert cell_text(cell) == text
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@"))


def test_ordinary_texts_stay_as_they_are() -> None:
    assert [table_cell(text) for text in ("", "tea", " and", "1 - 2", "a=b")] == ["", "tea", " and", "1 - 2", "a=b"]
