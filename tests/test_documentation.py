"""The tables in docs/engine.md say what the code does. `FIRESIDE_WRITE_TABLES=1` writes them anew."""

from __future__ import annotations

import os

import pytest
from reference_data import REPOSITORY

from engine import kernels
from engine.models import FAMILIES
from engine.quants import BLOCK_TYPES
from engine.quants.packings import PACKINGS

PAGE = REPOSITORY / "docs" / "engine.md"


def families() -> str:
    rows = [
        f"| {family.name} | {', '.join(family.model_types)} | {', '.join(family.gguf) or '—'} |"
        for family in sorted(FAMILIES, key=lambda family: family.name)
    ]
    return "\n".join(["| family | `model_type` in config.json | architecture in GGUF |", "|---|---|---|", *rows])


def formats() -> str:
    if not kernels.available():
        pytest.skip("which types have a kernel is known only where kernels are compiled")
    return ", ".join(f"{name}{'*' if kernels.supports(name) else ''}" for name in BLOCK_TYPES)


def packings() -> str:
    return ", ".join(PACKINGS)


@pytest.mark.parametrize("table", [families, formats, packings])
def test_a_table_says_what_the_code_does(table) -> None:
    page = PAGE.read_text(encoding="utf-8")
    begin = f"<!-- {table.__name__} -->\n"
    before, _, rest = page.partition(begin)
    found, end, after = rest.partition("<!-- end -->")
    assert end
    if os.environ.get("FIRESIDE_WRITE_TABLES"):
        PAGE.write_text(f"{before}{begin}{table()}\n{end}{after}", encoding="utf-8")
    else:
        assert found == table() + "\n"
