"""docs/reliability.md has a line for every row, each names tests, and these are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from reference_data import REPOSITORY

TESTS = REPOSITORY / "tests"
ROWS = 40
_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def lines() -> dict[int, list[str]]:
    """The cells behind the number of each line of the tables."""
    page = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")
    found: dict[int, list[str]] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and cells[0].isdigit():
            assert int(cells[0]) not in found, f"row {cells[0]} is there twice"
            found[int(cells[0])] = cells[1:]
    return found


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names of a file's tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_row_is_there_in_order_and_says_what_happens() -> None:
    assert list(lines()) == list(range(1, ROWS + 1))
    assert {row for row, cells in lines().items() if len(cells) != 4 or not all(cells[:3])} == set()


def test_every_row_names_tests_and_they_are_there() -> None:
    missing = []
    for row, (_case, _happens, tests, _figure) in lines().items():
        named = _NAMED.findall(tests)
        assert named, f"row {row} has no test"
        assert _NAMED.sub("", tests).strip() == "", f"row {row}: something in its tests is not the name of one"
        missing += [
            f"row {row}: {file}::{name}"
            for file, name in named
            if not name.startswith("test_") or not (TESTS / file).is_file() or name not in names_in(TESTS / file)
        ]
    assert missing == []


def test_a_figure_carries_the_command_that_gives_it() -> None:
    figures = {row: cells[3] for row, cells in lines().items() if cells[3]}
    assert {row for row, figure in figures.items() if not re.search(r"`(make|python -m|FIRESIDE_)", figure)} == set()
    assert figures
