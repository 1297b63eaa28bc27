"""Told tokens: what a server tells of a reply's tokens, as the records that the window shows of any reply.

No server tells ids that mean anything here. The token at a place of the reply has that place as its id; the ids
behind them are the other tokens that could have come. `engine.alternatives` says what a record holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.core.remote.answers import Token
from engine.alternatives import TOP, Alternative, TokenRecord, pack


def numbered(tokens: Sequence[Token]) -> tuple[tuple[bytes, ...], bytes]:
    """What each id spells, those of the reply first; and the records of the reply's tokens, packed."""
    ids: dict[bytes, int] = {}
    records = []
    for place, token in enumerate(tokens):
        top = []
        for spelling, logprob in token.top[:TOP]:
            is_own = spelling == token.spelling
            number = place if is_own else ids.setdefault(spelling, len(tokens) + len(ids))
            top.append(Alternative(number, logprob, 0.0))
        records.append(pack(_record(place, token, tuple(top))))
    return (*(token.spelling for token in tokens), *ids), b"".join(records)


def _record(place: int, token: Token, top: tuple[Alternative, ...]) -> TokenRecord:
    """Rank and entropy as far as the alternatives tell them: both may be higher."""
    rank = sum(one.logprob > token.logprob for one in top)
    known = [math.exp(one.logprob) for one in top]
    if all(one.token_id != place for one in top):
        known.append(math.exp(token.logprob))
    shares = [*known, 1.0 - sum(known)]
    entropy = -sum(share * math.log(share) for share in shares if share > 0.0) if top else 0.0
    return TokenRecord(place, token.logprob, rank, 0.0, entropy, survivors=0, share=0.0, top=top)
