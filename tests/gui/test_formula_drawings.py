"""A formula is drawn while the interpreter is handed over sooner, and how soon it usually is stays as it was set."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import ziamath.zmath

from app.views.formulas import SWITCH_S, drawing_of

OTHER_S = 0.0008


@pytest.fixture
def usual_s() -> Iterator[float]:
    """How soon threads hand the interpreter over; put back afterwards."""
    usual = sys.getswitchinterval()
    yield usual
    sys.setswitchinterval(usual)


def test_threads_hand_over_sooner_while_a_formula_is_drawn(usual_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile: list[float] = []
    draw = ziamath.zmath.Latex

    def watched(latex: str, *, size: float, inline: bool) -> ziamath.zmath.Latex:
        meanwhile.append(sys.getswitchinterval())
        return draw(latex, size=size, inline=inline)

    monkeypatch.setattr(ziamath.zmath, "Latex", watched)
    assert drawing_of(r"\frac{a}{b}", is_display=True) is not None
    assert meanwhile == [pytest.approx(SWITCH_S)]
    assert sys.getswitchinterval() == usual_s


def test_what_is_set_while_a_formula_is_drawn_stays(usual_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the engine does when it has been loaded."""

    def broken(_latex: str, **_how: object) -> None:
        sys.setswitchinterval(OTHER_S)
        raise ValueError

    monkeypatch.setattr(ziamath.zmath, "Latex", broken)
    assert drawing_of("x", is_display=False) is None
    assert sys.getswitchinterval() == pytest.approx(OTHER_S) != usual_s
