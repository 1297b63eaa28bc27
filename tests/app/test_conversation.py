"""The message tree: any sequence of additions and removals leaves a path that makes sense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.conversation import MessageTree, Status, StoredMessage, prompt_messages, text_parts, title_of
from engine.api import Message


def message(number: int, parent: int | None, role: str = "user", text: str = "x") -> StoredMessage:
    parent_id = None if parent is None else str(parent)
    return StoredMessage(str(number), parent_id, role, text_parts(text), Status.COMPLETE, 0.0)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=40))
def test_a_tree_stays_consistent_under_additions_and_removals(steps: list[tuple[int, bool]]) -> None:
    tree = MessageTree()
    made = 0
    for target, removes in steps:
        ids = [one.id for one in tree]
        if removes and ids:
            tree.remove(ids[target % len(ids)])
        else:
            parent = int(ids[target % len(ids)]) if ids and target % 3 else None
            tree.add(message(made, parent))
            tree.leaf_id = str(made)
            made += 1
        path = tree.path()
        assert [one.parent_id for one in path[1:]] == [one.id for one in path[:-1]]
        assert all(one.id in tree.siblings(one.id) for one in tree)
        assert (tree.leaf_id in tree) if len(tree) and tree.leaf_id else True
        if len(tree):
            assert path, "messages are there, but none is shown"


def test_a_cycle_of_parents_does_not_hang() -> None:
    tree = MessageTree([message(1, 2), message(2, 1)], leaf_id="2")
    assert len(tree.path()) <= 2


def test_removing_the_shown_version_shows_the_other_one() -> None:
    tree = MessageTree([message(1, None), message(2, 1), message(3, 1)], leaf_id="3")
    tree.remove("3")
    assert [one.id for one in tree.path()] == ["1", "2"]


def test_the_model_reads_alternating_turns_that_say_something() -> None:
    path = [
        message(1, None, "user", "a"),
        message(2, 1, "assistant", ""),
        message(3, 2, "user", "b"),
        message(4, 3, "assistant", "c"),
    ]
    assert prompt_messages(path, system_prompt="Be brief.") == (
        Message("system", "Be brief."),
        Message("user", "a\n\nb"),
        Message("assistant", "c"),
    )


def test_a_title_is_the_first_line_cut_at_a_word() -> None:
    assert title_of("\n\n  How   do I\tboil an egg?\nand more") == "How do I boil an egg?"
    long = title_of("word " * 40)
    assert len(long) <= 61
    assert long.endswith("word…")
    assert title_of("字" * 100) == "字" * 60 + "…"


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("# Boil *an* **egg**", "Boil an egg"),
        ("> - [ ] see [the page](https://a.example/x) and ![a cup](cup.png)", "[ ] see the page and a cup"),
        ("```python\nprint(__name__)\n```\nWhy?", "print(__name__)"),
        ("What does `my_var_name` do in a_b_c?", "What does my_var_name do in a_b_c?"),
        ("2 * 3 * 4 = ?", "2 * 3 * 4 = ?"),
        ("---\n1. First", "First"),
        ("#hashtag is no heading", "#hashtag is no heading"),
        ("\n \n", ""),
    ],
)
def test_a_title_has_no_marks_of_markdown(question: str, title: str) -> None:
    assert title_of(question) == title


@pytest.mark.parametrize("greeting", ["hi", "Hello!", "  hey there… ", "你好", "你好！", "👋", "Guten Tag.", ""])
def test_a_question_that_says_nothing_takes_the_title_from_the_reply(greeting: str) -> None:
    assert title_of(greeting, "Sure.\n\n## Green *tea*\nIt is green.") == "Green tea"
    assert title_of(greeting, "Tea is **green**. It grows.") == "Tea is green."
    assert title_of(greeting, "茶是绿的。它生长。") == "茶是绿的。"
    assert title_of(greeting) == greeting.strip()


def test_a_question_that_says_something_is_the_title_whatever_the_reply_is() -> None:
    assert title_of("hi, which tea is best?", "# Tea") == "hi, which tea is best?"
