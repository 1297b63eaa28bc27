"""JSON of strangers: how many values a text may hold is counted before the first of them is made.

A value of two bytes becomes an object of sixty: 37 MB of empty lists took 7 s and 960 MB.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

MOST_VALUES = 2_000_000  # a header of 100,000 tensors has half as many; at most 0.2 GB of objects

Pairs = list[tuple[str, Any]]  # Any: what JSON holds


def parse_json(
    content: bytes, *, most_values: int = MOST_VALUES, pairs: Callable[[Pairs], Any] | None = None
) -> Any:  # what JSON holds
    """The value of a text; `pairs` makes objects of their pairs. Raises ValueError saying why it cannot be read."""
    if sum(map(content.count, (b",", b"[", b"{"))) > most_values:
        raise ValueError(f"it holds more than {most_values} values")
    try:
        return json.loads(content, object_pairs_hook=pairs)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
