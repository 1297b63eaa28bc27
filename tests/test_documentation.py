"""The tables in docs/engine.md say what the code does. `FIRESIDE_WRITE_TABLES=1` writes them anew."""

from __future__ import annotations

import os
import re

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


LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
FOR_BUILDERS = ("CONTRIBUTING.md", "SECURITY.md", "docs/tour.md", "docs/engine.md", "docs/reliability.md")


@pytest.mark.parametrize("page", FOR_BUILDERS)
def test_every_link_for_builders_leads_to_a_file_that_has_what_it_names(page: str) -> None:
    path = REPOSITORY / page
    broken = []
    for text, link in LINK.findall(path.read_text(encoding="utf-8")):
        target = path.parent / link
        named = text.strip("`").split(".")[-1]
        is_code = text.startswith("`") and target.suffix == ".py" and not text.endswith(".py`")
        if not target.exists() or (
            is_code and not re.search(rf"\b(?:class|def) {named}\b", target.read_text(encoding="utf-8"))
        ):
            broken.append(f"{text} in {link}")
    assert broken == []


def test_the_commands_of_the_tour_do_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (REPOSITORY / "docs" / "tour.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, names)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "llama Q4_1 30"
    assert said[1].startswith("32 ")
    assert said[2] == "32 Hello"
    assert said[3:] == ["PrefillProgressed"] * 2 + ["TokenGenerated"] * 3 + ["ReplyFinished"]
