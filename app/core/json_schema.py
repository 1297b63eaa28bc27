"""JSON schemas that replies are held to: what is wrong with one, and some to begin with."""

from __future__ import annotations

import json

LARGEST_SCHEMA = 1 << 20  # letters

# By a name that the window translates.
TEMPLATES = {
    "object": {
        "type": "object",
        "properties": {"title": {"type": "string"}, "year": {"type": "integer"}, "is_true": {"type": "boolean"}},
        "required": ["title", "year"],
        "additionalProperties": False,
    },
    "strings": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 10},
    "choice": {"enum": ["yes", "no", "unknown"]},
    "objects": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["name", "amount"],
            "additionalProperties": False,
        },
    },
}


def template(name: str) -> str:
    """One of `TEMPLATES`, as a person edits it."""
    return json.dumps(TEMPLATES[name], indent=2)


def schema_problem(schema: str) -> str | None:
    """What is wrong with the text of a schema, in one line; None when the engine can hold replies to it."""
    if len(schema) > LARGEST_SCHEMA:
        return f"longer than {LARGEST_SCHEMA} letters"
    try:
        json.loads(schema)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    except RecursionError:
        return "nested too deeply"
    from llguidance import LLMatcher  # takes 50 ms, which only those wait who write a schema

    try:
        problem = LLMatcher.validate_grammar(LLMatcher.grammar_from_json_schema(schema))
    except ValueError as error:
        problem = str(error)
    return " ".join(problem.split()) or None
