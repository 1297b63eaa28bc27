"""Two texts and two distributions beside each other."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.inspection import comparison
from engine.inspection.comparison import Distributions, align

WORDS = st.lists(st.sampled_from(["tea", " ", "红", "茶", ".", "green", "\n"]), max_size=20).map("".join)


@given(first=WORDS, second=WORDS)
def test_runs_cover_both_texts_and_say_what_is_the_same(first: str, second: str) -> None:
    runs = list(align(first, second))
    assert "".join(first[run.first[0] : run.first[1]] for run in runs) == first
    assert "".join(second[run.second[0] : run.second[1]] for run in runs) == second
    for run in runs:
        assert run.is_same == (first[slice(*run.first)] == second[slice(*run.second)])


def test_the_divergence_is_that_of_the_definition_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = torch.randn(2, 6, 50, generator=torch.Generator().manual_seed(1)).log_softmax(-1)
    monkeypatch.setattr(comparison, "MOST_KEPT_BYTES", 4 * 50 * 5)
    kept = Distributions(6, 50)
    kept.put(0, one[:4])
    kept.put(4, one[4:])
    found = kept.divergence(0, other[:3]) + kept.divergence(3, other[3:])
    kept.close()
    expected = torch.nn.functional.kl_div(other, one, log_target=True, reduction="none").sum(-1)
    assert found == pytest.approx(expected[:5].tolist(), abs=1e-5)
