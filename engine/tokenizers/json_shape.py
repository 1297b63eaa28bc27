"""Whether tokenizer.json holds what a tokenizer is made of, before the library reads it.

The library tries each kind of model in turn on a copy of everything: 6 MB of lists in the place of the model took
190 MB. `engine.tokenizers.hugging_face` asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.api import TokenizerError

MOST_OTHER_VALUES = 200_000  # besides vocabulary, merges and added tokens; real files hold some hundreds

_LARGE = ("vocab", "merges")


def check_shape(description: Mapping[str, Any]) -> None:
    """Raises `TokenizerError` naming what is no vocabulary, no merges, or too much of anything else."""
    model = description.get("model")
    if not isinstance(model, dict):
        raise TokenizerError("tokenizer.json is damaged: its model is no object.")
    if not _is_vocabulary(model.get("vocab")):
        raise TokenizerError("tokenizer.json is damaged: its vocabulary does not give each token a number.")
    if not all(map(_is_merge, _listed(model.get("merges")))):
        raise TokenizerError("tokenizer.json is damaged: its merges are not pairs of tokens.")
    rest = [value for key, value in description.items() if key not in ("model", "added_tokens")]
    rest += [value for key, value in model.items() if key not in _LARGE]
    if _count(rest) > MOST_OTHER_VALUES:
        raise TokenizerError(f"tokenizer.json is damaged: it holds more than {MOST_OTHER_VALUES} settings.")


def _is_vocabulary(value: Any) -> bool:
    """Ids by token, or tokens with their scores in the order of the ids."""
    if isinstance(value, dict):
        return all(type(one) is int for one in value.values())
    return isinstance(value, list) and all(
        isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and type(one[1]) in (int, float)
        for one in value
    )


def _is_merge(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], str)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [None]


def _count(values: list[Any]) -> int:
    """How many values there are, inner ones too; no more than one past the limit is looked at."""
    count, waiting = 0, list(values)
    while waiting and count <= MOST_OTHER_VALUES:
        one = waiting.pop()
        count += 1
        if isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one
    return count
