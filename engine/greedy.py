"""The likeliest tokens behind a text, as fast as a reply has them, and none of them the last: what is measured."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import SamplerSettings
from engine.cache import common_prefix
from engine.decoding import MOST_A_CALL
from engine.distribution import likeliest
from engine.draft import Draft
from engine.reader import Reader
from engine.sampling import Sampler

GREEDY = SamplerSettings(temperature=0.0)


def write_likeliest(reader: Reader, text: Sequence[int], count: int, *, draft: Reader | None = None) -> list[int]:
    """`text`, of which the last token is not read yet, and `count` more. Where there is a draft model it guesses."""
    ids, end, sampler = list(text), len(text) + count, Sampler(GREEDY, 0)
    guesser = None if draft is None else Draft(draft, ids, sampler, vocabulary=reader.model.decoder.vocabulary)
    while (missing := end - len(ids)) > 0:
        if guesser is None:
            most = min(missing, MOST_A_CALL)
            drawn = reader.draw_on(sampler, history=ids, position=len(ids), ends=(), most=most)
            if drawn:
                ids += [token.token_id for token in drawn]
                continue
        guess = [] if guesser is None else guesser.guess(missing - 1)
        logits = reader.forward([ids[-1], *guess], every=True)
        assert logits is not None, "nothing interrupts it"
        found = [int(likeliest(row)) for row in logits]
        right = common_prefix(guess, found)
        for token in found[: right + 1]:
            ids.append(token)
            if guesser is not None:
                guesser.add(token)
        if guesser is not None:
            guesser.judge(len(guess), right)
            reader.cut(len(ids) - 1)
    return ids
