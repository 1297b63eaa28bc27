"""What a token read of those before it: the shares of one layer's heads, or of all, as one number a token.

Many heads with nothing to read look at the first token (arXiv:2309.17453), so shades are measured against the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum

from engine.inspection.api import AttentionSeen

BOUNDS = (0.1, 0.25, 0.5, 0.75)  # where the levels 1 to 4 begin, as parts of the largest share


class Rollup(StrEnum):
    """What is made of several heads."""

    MEAN = "mean"
    MAX = "max"


def shares(seen: AttentionSeen, *, layer: int | None, head: int | Rollup) -> list[float]:
    """The share of each token. `layer` is a place in `seen.layers`, None all of them; `head` one head, or all."""
    width = seen.tokens
    layers = range(len(seen.layers)) if layer is None else (layer,)
    if head is Rollup.MEAN:
        values, starts = memoryview(seen.by_layer).cast("f"), [at * width for at in layers]
    else:
        heads = range(seen.heads) if isinstance(head, Rollup) else (head,)
        values = memoryview(seen.weights).cast("f")
        starts = [(at * seen.heads + one) * width for at in layers for one in heads]
    rows = [values[start : start + width] for start in starts]
    if head is Rollup.MAX:
        return [max(column) for column in zip(*rows, strict=True)]
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def levels(found: Sequence[float]) -> list[int]:
    """How strongly each token is shaded, 0 to 4."""
    most = max(found[1:], default=0.0) or max(found, default=0.0) or 1.0
    return [bisect_right(BOUNDS, share / most) for share in found]
