"""A JSON schema is checked while it is written, by what will hold replies to it."""

from __future__ import annotations

import pytest

from app.core.json_schema import TEMPLATES, schema_problem, template


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_the_templates_can_be_used(name: str) -> None:
    assert schema_problem(template(name)) is None


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ('{"type": "object",\n}', "line 2, column 1"),
        ("", "line 1, column 1"),
        ("[]", "object or boolean"),
        ('{"type": "strin"}', "strin"),
        ('{"$ref": "#/nowhere"}', "nowhere"),
        ('{"type": "string", "pattern": "("}', "unclosed group"),
        ("[" * 100_000, "nested too deeply"),
        (" " * 2_000_000, "longer than"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(schema: str, problem: str) -> None:
    found = schema_problem(schema)
    assert found is not None
    assert problem in found
    assert "\n" not in found
