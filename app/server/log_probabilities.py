"""Log-probabilities of a reply's tokens, from the records that the engine keeps of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.alternatives import TOP, TokenRecord, unpack

MOST_ALTERNATIVES = TOP
LOWEST = -9999.0  # JSON has no minus infinity

Spell = Callable[[Sequence[int]], tuple[bytes, ...]]


def chat_log_probabilities(packed: bytes, alternatives: int, spell: Spell) -> list[dict[str, Any]]:
    """An entry a token, as chat completions have it, each with so many alternatives."""
    records = unpack(packed)
    spelling = _spelling(records, alternatives, spell)

    def entry(token: int, logprob: float) -> dict[str, Any]:
        return {
            "token": spelling[token].decode("utf-8", "replace"),
            "logprob": max(logprob, LOWEST),
            "bytes": list(spelling[token]),
        }

    return [
        {
            **entry(record.token_id, record.logprob),
            "top_logprobs": [entry(one.token_id, one.logprob) for one in record.top[:alternatives]],
        }
        for record in records
    ]


def text_log_probabilities(packed: bytes, alternatives: int, spell: Spell, *, offset: int) -> dict[str, Any]:
    """Four arrays, as plain completions have them; `offset` is where the first token begins in the reply."""
    records = unpack(packed)
    spelling = {
        token: raw.decode("utf-8", "replace") for token, raw in _spelling(records, alternatives, spell).items()
    }
    offsets = []
    for record in records:
        offsets.append(offset)
        offset += len(spelling[record.token_id])
    return {
        "tokens": [spelling[record.token_id] for record in records],
        "token_logprobs": [max(record.logprob, LOWEST) for record in records],
        "top_logprobs": [
            {spelling[one.token_id]: max(one.logprob, LOWEST) for one in record.top[:alternatives]}
            for record in records
        ],
        "text_offset": offsets,
    }


def _spelling(records: Sequence[TokenRecord], alternatives: int, spell: Spell) -> dict[int, bytes]:
    ids = {record.token_id for record in records}
    ids |= {one.token_id for record in records for one in record.top[:alternatives]}
    return dict(zip(ids, spell(list(ids)), strict=True))
