"""Keys and actions: each key runs at most one action, whatever is given to whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.shortcuts import Shortcuts

DEFAULTS = {"new": ("Ctrl+N",), "find": ("Ctrl+F", "F3"), "bin": ()}
KEYS = st.sampled_from(["Ctrl+N", "Ctrl+F", "F3", "F4"])


def test_given_keys_leave_their_owner() -> None:
    shortcuts = Shortcuts(DEFAULTS).given("bin", "F3")
    assert shortcuts.changed == {"bin": ("F3",), "find": ("Ctrl+F",)}
    assert shortcuts.owner("F3") == "bin"


def test_keys_that_are_given_back_are_changed_no_more() -> None:
    shortcuts = Shortcuts(DEFAULTS).given("bin", "F3").reset("find")
    assert shortcuts.changed == {}
    assert not shortcuts.is_changed("find")


def test_a_key_that_was_given_stays_where_another_action_comes_with_it_since() -> None:
    shortcuts = Shortcuts(DEFAULTS, {"new": ("F3",)})
    assert shortcuts.owner("F3") == "new"
    assert shortcuts.keys("find") == ("Ctrl+F",)
    assert shortcuts.reset("find").owner("F3") == "find"


@given(st.lists(st.tuples(st.sampled_from(sorted(DEFAULTS)), KEYS), max_size=12))
def test_no_key_runs_two_actions(given_keys: list[tuple[str, str]]) -> None:
    shortcuts = Shortcuts(DEFAULTS)
    for action_id, key in given_keys:
        shortcuts = shortcuts.given(action_id, key)
        assert shortcuts.owner(key) == action_id
        used = [key for one in DEFAULTS for key in shortcuts.keys(one)]
        assert len(used) == len(set(used))
