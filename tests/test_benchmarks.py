"""What `make bench` makes of measured figures, on made-up ones. Speed itself is never a test."""

from __future__ import annotations

import json

import pytest

from benchmarks.alternating import MeasurementError, alternate
from benchmarks.figures import Figures, Round, Row, over_rounds, ratio, spread, spreads, value, with_best
from benchmarks.parts import PARTS, Part
from benchmarks.report import number, record, table

SPEEDS = Row("speed, a / b", ratio(("a", "decode_tok_s"), ("b", "decode_tok_s")), goal=1.5)


def one_round(a: float, b: float) -> Round:
    return {"a": {"decode_tok_s": a}, "b": {"decode_tok_s": b}}


def measured(_options: object) -> Figures:
    raise AssertionError("a made-up part measures nothing")


def part(*rows: Row) -> Part:
    return Part("Made up", {"a": measured, "b": measured}, rows)


def test_a_ratio_is_taken_within_each_round_and_then_the_median() -> None:
    slow_machine_in_the_second = [one_round(30, 10), one_round(8, 4), one_round(30, 10)]
    found = over_rounds(SPEEDS, slow_machine_in_the_second)
    assert found is not None
    assert (found.median, found.min, found.max, found.rounds) == (3.0, 2.0, 3.0, 3)


def test_a_ratio_of_medians_would_differ() -> None:
    rounds = [one_round(10, 10), one_round(40, 20), one_round(30, 30)]
    found = over_rounds(SPEEDS, rounds)
    assert found is not None
    assert found.median == 1.0
    medians = spreads(rounds)
    assert medians["a"]["decode_tok_s"].median / medians["b"]["decode_tok_s"].median == 1.5


def test_a_round_that_lacks_a_contestant_does_not_count() -> None:
    assert over_rounds(SPEEDS, [{"a": {"decode_tok_s": 3.0}}]) is None
    found = over_rounds(SPEEDS, [{"a": {"decode_tok_s": 3.0}}, one_round(8, 4)])
    assert found == spread([2.0])


@pytest.mark.parametrize(
    ("goal", "is_at_most", "reached", "is_met"),
    [(1.5, False, 1.5, True), (1.5, False, 1.49, False), (0.0, True, 0.0, True), (1.2, True, 1.21, False)],
)
def test_a_goal_is_met_from_its_own_value_on(goal: float, is_at_most: bool, reached: float, is_met: bool) -> None:
    assert Row("r", value("a", "x"), goal, is_at_most).is_met(reached) is is_met


def test_the_better_setting_is_chosen_by_figure_and_once_for_all_rounds() -> None:
    rounds: list[Round] = [
        {"plain": {"decode_tok_s": 9.0, "load_s": 1.0}, "flash": {"decode_tok_s": 10.0, "load_s": 2.0}},
        {"plain": {"decode_tok_s": 30.0, "load_s": 1.5}, "flash": {"decode_tok_s": 20.0, "load_s": 1.0}},
        {"plain": {"decode_tok_s": 8.0, "load_s": 1.1}, "flash": {"decode_tok_s": 12.0, "load_s": 2.0}},
    ]
    best = [one["both"] for one in with_best(rounds, "both", ("plain", "flash"))]
    assert best == [
        {"decode_tok_s": 10.0, "load_s": 1.0},
        {"decode_tok_s": 20.0, "load_s": 1.5},
        {"decode_tok_s": 12.0, "load_s": 1.1},
    ]


def test_every_other_round_runs_the_other_way_and_who_fails_is_left_out() -> None:
    ran: list[str] = []

    def measure(name: str) -> Figures:
        ran.append(name)
        if name == "broken":
            raise MeasurementError("no module named broken")
        return {"x": 1.0}

    rounds, missing = alternate(("a", "broken", "b"), 2, measure)
    assert ran == ["a", "broken", "b", "b", "a"]
    assert missing == {"broken": "no module named broken"}
    assert [set(one) for one in rounds] == [{"a", "b"}, {"a", "b"}]


def test_results_are_json_with_every_round_and_say_what_falls_short() -> None:
    made_up = part(SPEEDS, Row("load of a", value("a", "load_s"), 1.0, is_at_most=True))
    results = record(made_up, [one_round(20, 10), one_round(14, 10)], {"c": "not installed"}, {"threads": 2})
    kept = json.loads(json.dumps(results))
    assert kept == results
    assert kept["rounds"] == [one_round(20, 10), one_round(14, 10)]
    assert kept["figures"]["a"]["decode_tok_s"] == {"median": 17.0, "min": 14.0, "max": 20.0, "rounds": 2}
    (row,) = kept["rows"]  # nobody measured a load
    assert (row["title"], row["median"], row["is_met"]) == ("speed, a / b", 1.7, True)


def test_the_table_shows_figures_goals_and_who_is_missing() -> None:
    made_up = part(SPEEDS, Row("share", ratio(("a", "decode_tok_s"), ("b", "decode_tok_s")), unit="%"))
    text = table(made_up, record(made_up, [one_round(14, 10)], {"c": "not installed"}, {}))
    assert "14 (14 to 14)" in text
    assert "c was not measured: not installed" in text
    lines = text.splitlines()
    short = next(line for line in lines if line.startswith("speed, a / b"))
    assert short.split() == ["speed,", "a", "/", "b", "1.4", "(1.4", "to", "1.4)", "≥", "1.5", "SHORT"]
    assert lines[-1].split() == ["share", "140.0%", "(140.0%", "to", "140.0%)"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1187.4, "", "1187"), (0.13131, "s", "0.131 s"), (0.463, "%", "46.3%"), (0.00004, "%", "0.004%")],
)
def test_numbers_have_the_digits_that_matter(value: float, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_every_row_asks_for_contestants_that_its_part_has() -> None:
    class Recorder(dict[str, Figures]):
        def __missing__(self, name: str) -> Figures:
            asked.add(name)
            raise KeyError(name)

    for name, one in PARTS.items():
        for row in one.rows:
            asked: set[str] = set()
            with pytest.raises(KeyError):
                row.of(Recorder())
            assert asked <= {*one.contestants, "llama.cpp"}, (name, row.title)
