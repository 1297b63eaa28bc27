"""The steps from one list of rows to another lead there, and a usual change takes one of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.row_changes import MOST_STEPS, Change, Step, steps

Row = tuple[int, str]
ROWS = st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ab")), unique_by=lambda row: row[0], max_size=12)


def number(row: Row) -> int:
    return row[0]


@given(ROWS, ROWS)
def test_the_steps_lead_from_one_list_to_the_other(old: list[Row], new: list[Row]) -> None:
    rows = list(old)
    found = steps(old, new, number)
    assert found is not None
    for step in found:
        match step.change:
            case Change.REMOVE:
                del rows[step.at]
            case Change.INSERT:
                rows.insert(step.at, new[step.at])
            case Change.MOVE:
                assert step.origin > step.at
                rows.insert(step.at, rows.pop(step.origin))
            case Change.REPLACE:
                assert rows[step.at] != new[step.at]
                rows[step.at] = new[step.at]
    assert rows == new


def test_a_chat_that_moves_to_the_top_is_one_step() -> None:
    old = [(one, "a") for one in range(1000)]
    assert steps(old, [old[0], old[900], *old[1:900], *old[901:]], number) == [Step(Change.MOVE, 1, 900)]


def test_many_changes_and_rows_with_one_key_are_for_a_new_beginning() -> None:
    assert steps([(one, "a") for one in range(MOST_STEPS + 1)], [], number) is None
    assert steps([(1, "a"), (1, "b")], [(2, "a")], number) is None
