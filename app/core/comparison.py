"""Comparison: two replies to one prompt side by side: their tokens with both models' numbers, and where they differ.

Made of what the engine told (`Compared`); the window shows it, `comparison_markdown` and `comparison_table` save it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.exporters.outline import one_line, printable
from app.core.exporters.safe_markdown import fenced, inert
from app.core.table_cells import table_cell
from app.core.token_text import token_text
from engine.inspection.api import Compared, ComparedReply, TextRun
from engine.inspection.pieces import places

HEAD = ("reply", "model", "token", "id", "text", "own_logprob", "other_logprob", "kl")
LARGEST_NATS = 700.0  # a token; the perplexity of more is no float


@dataclass(frozen=True, slots=True)
class ComparedToken:
    """A token of a reply: how it is written alone, its characters, and nats: log-probabilities and divergence.

    `other` is None where the other model has other tokens, `kl` also where there was no room for it.
    """

    token_id: int
    text: str
    place: tuple[int, int]
    own: float
    other: float | None
    kl: float | None


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """One model's reply. `other_tokens` are as many as the other model needs for it."""

    name: str
    text: str
    tokens: Sequence[ComparedToken]
    own_logprob: float
    other_logprob: float
    other_tokens: int

    @property
    def own_perplexity(self) -> float:
        """How much the reply surprises the model that made it."""
        return _perplexity(self.own_logprob, len(self.tokens))

    @property
    def other_perplexity(self) -> float:
        """How much it surprises the other one, by the tokens of that one."""
        return _perplexity(self.other_logprob, self.other_tokens)

    @property
    def mean_kl(self) -> float | None:
        """KL(own || other) in nats a token; None where the vocabularies differ."""
        found = [token.kl for token in self.tokens if token.kl is not None]
        return math.fsum(found) / len(found) if found else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`runs` align the two texts; those that are not the same are `differences`."""

    prompt: str
    sides: tuple[ComparedSide, ComparedSide]
    runs: Sequence[TextRun]

    @property
    def differences(self) -> list[TextRun]:
        """What differs, from the beginning on."""
        return [run for run in self.runs if not run.is_same]

    @property
    def has_divergence(self) -> bool:
        """Whether the vocabularies are the same, so that KL is defined."""
        return self.sides[0].mean_kl is not None


def comparison(found: Compared, *, prompt: str, names: tuple[str, str]) -> Comparison:
    """What the engine found, under the names that people know the models by."""
    first, second = (_side(reply, name) for reply, name in zip((found.first, found.second), names, strict=True))
    return Comparison(prompt, (first, second), found.runs)


def comparison_table(shown: Comparison) -> str:
    """A line for each token of both replies, for other programs (CSV, RFC 4180); nats, empty where not defined."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(HEAD)
    for reply, side in enumerate(shown.sides, 1):
        for number, one in enumerate(side.tokens, 1):
            numbers = (_decimal(value) for value in (one.own, one.other, one.kl))
            table.writerow((reply, table_cell(side.name), number, one.token_id, table_cell(one.text), *numbers))
    return written.getvalue()


def comparison_markdown(shown: Comparison) -> str:
    """A report: the prompt, a table of figures, both replies, and their differences line by line."""
    first, second = shown.sides
    rows = [
        ("", "First", "Second"),
        ("---", "---", "---"),
        ("Model", *(_cell(side.name) for side in shown.sides)),
        ("Tokens", *(str(len(side.tokens)) for side in shown.sides)),
        ("Own log-probability (nats)", *(_decimal(side.own_logprob) for side in shown.sides)),
        ("Own perplexity", *(_decimal(side.own_perplexity) for side in shown.sides)),
        ("The other model's log-probability (nats)", *(_decimal(side.other_logprob) for side in shown.sides)),
        ("The other model's perplexity", *(_decimal(side.other_perplexity) for side in shown.sides)),
        ("KL(own ‖ other), nats a token", *(_decimal(side.mean_kl) or "not defined" for side in shown.sides)),
    ]
    parts = [
        "# Two models on one prompt",
        f"## Prompt\n\n{fenced(printable(shown.prompt), '')}",
        "\n".join(f"| {' | '.join(row)} |" for row in rows),
        f"## The first reply\n\n{fenced(printable(first.text), '')}",
        f"## The second reply\n\n{fenced(printable(second.text), '')}",
        "## Differences\n\n" + fenced(printable("\n".join(_differences(shown))), "diff"),
    ]
    return "\n\n".join(parts) + "\n"


def _side(reply: ComparedReply, name: str) -> ComparedSide:
    is_alike = bool(reply.kl)
    length = len(reply.text)
    spans = places(reply.pieces)
    tokens = [
        ComparedToken(
            *(token_id, token_text(piece), (min(start, length), min(end, length))),
            own=reply.own_logprobs[at],
            other=reply.other_logprobs[at] if is_alike else None,
            kl=reply.kl[at] if at < len(reply.kl) else None,
        )
        for at, (token_id, piece, (start, end)) in enumerate(zip(reply.token_ids, reply.pieces, spans, strict=True))
    ]
    totals = math.fsum(reply.own_logprobs), math.fsum(reply.other_logprobs), len(reply.other_logprobs)
    return ComparedSide(name, reply.text, tokens, *totals)


def _perplexity(logprob: float, tokens: int) -> float:
    return math.exp(min(-logprob / tokens, LARGEST_NATS))


def _differences(shown: Comparison) -> Iterator[str]:
    """What is the same with a space before each line, what only one reply says with - or +."""
    for run in shown.runs:
        ours, theirs = (side.text[slice(*at)] for side, at in zip(shown.sides, (run.first, run.second), strict=True))
        for mark, text in ((" ", ours),) if run.is_same else (("-", ours), ("+", theirs)):
            yield from (f"{mark}{line}" for line in text.splitlines() if line)


def _cell(text: str) -> str:
    return inert(one_line(text)).replace("|", "\\|")


def _decimal(number: float | None) -> str:
    return "" if number is None else f"{number:.5f}"
