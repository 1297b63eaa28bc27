"""Texts in tables that other programs open: a spreadsheet runs a cell that begins like a formula (`=cmd|…`)."""

from __future__ import annotations

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARK = "'"  # what spreadsheets themselves put before a text that is none


def table_cell(text: str) -> str:
    """The text as a cell that no program takes for a formula; `cell_text` gives it back.

    A space before the sign does not help against one that cuts it off, so what follows it counts.
    """
    return f"{_MARK}{text}" if text.lstrip(" ").startswith((*_BEGINS_A_FORMULA, _MARK)) else text


def cell_text(cell: str) -> str:
    """The text that `table_cell` made a cell of."""
    return cell.removeprefix(_MARK)
