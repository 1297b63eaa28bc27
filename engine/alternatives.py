"""What else a token could have been, packed: the likeliest tokens before and after the samplers, rank and entropy.

189 bytes a token, one record behind the other, so that a reply's are joined, cut and looked up by position. Imports
no torch: the window reads them. `engine.distribution` computes the numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.api import FiresideError

TOP = 16  # alternatives kept; with float32 log-probabilities they fit into 200 bytes a token
NORMALISER, ENTROPY, SURVIVORS, RANK, IDS = range(5)  # places in a token's numbers; two kinds follow the ids
_FORMAT = 1
_NOTHING = 0xFFFFFFFF  # the id in the place of an alternative that a small vocabulary lacks
# format, id, log-probability, rank, normaliser, entropy, survivors, share; then ids, log-probabilities, shares
_RECORD = struct.Struct(f"<BIfIffIf{TOP}I{TOP}f{TOP}e")
RECORD_BYTES = _RECORD.size
_OUTLINE = struct.Struct(f"<5xfI4xf{RECORD_BYTES - 21}x")  # log-probability, rank and entropy of a record


class DamagedRecordError(FiresideError):
    """Stored alternatives are cut off, or written by a newer Fireside."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that could have come: its natural log-probability, and its share when the samplers were done."""

    token_id: int
    logprob: float
    share: float


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token that came, and the likeliest ones (itself among them or not), the first first.

    `rank` counts the tokens that were likelier, `entropy` is in nats, both before the samplers. `survivors` are the
    tokens that the samplers left to draw from; 0 where nothing was drawn, as in a text that was only scored. A
    log-probability plus the `normaliser` is the model's logit, which penalties work on.
    """

    token_id: int
    logprob: float
    rank: int
    normaliser: float
    entropy: float
    survivors: int
    share: float
    top: tuple[Alternative, ...]


class Drawn(NamedTuple):
    """A token that was just drawn, with its record."""

    token_id: int
    logprob: float
    packed: bytes

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Drawn:
        """From what `engine.distribution.observe` gives."""
        return cls(int(numbers[IDS]), numbers[IDS + (len(numbers) - IDS) // 3], pack_numbers(numbers))


def pack_numbers(numbers: Sequence[float]) -> bytes:
    """The record of the numbers that `engine.distribution.observe` gives."""
    each = (len(numbers) - IDS) // 3
    ids, logprobs, shares = (numbers[IDS + at * each : IDS + (at + 1) * each] for at in range(3))
    missing = TOP + 1 - each
    return _RECORD.pack(
        _FORMAT,
        int(ids[0]),
        logprobs[0],
        int(numbers[RANK]),
        numbers[NORMALISER],
        numbers[ENTROPY],
        int(numbers[SURVIVORS]),
        shares[0],
        *map(int, ids[1:]),
        *[_NOTHING] * missing,
        *logprobs[1:],
        *[0.0] * missing,
        *shares[1:],
        *[0.0] * missing,
    )


def pack(record: TokenRecord) -> bytes:
    """One record's bytes."""
    of_all = (record.token_id, *(one.token_id for one in record.top))
    logprobs = (record.logprob, *(one.logprob for one in record.top))
    shares = (record.share, *(one.share for one in record.top))
    first = (record.normaliser, record.entropy, record.survivors, record.rank)  # as their places
    return pack_numbers((*first, *of_all, *logprobs, *shares))


def count(packed: bytes) -> int:
    """How many tokens have a record. Raises `DamagedRecordError`."""
    if len(packed) % RECORD_BYTES:
        raise DamagedRecordError("The alternatives that are kept of this reply are cut off; they cannot be shown.")
    return len(packed) // RECORD_BYTES


def record_at(packed: bytes, position: int) -> TokenRecord:
    """The record of the token at `position`. Raises `DamagedRecordError`."""
    unpacked = _RECORD.unpack_from(packed, position * RECORD_BYTES)
    form, token, logprob, rank, normaliser, entropy, survivors, share, *top = unpacked
    if form != _FORMAT:
        raise _unknown_form()
    alternatives = zip(top[:TOP], top[TOP : 2 * TOP], top[2 * TOP :], strict=True)
    kept = tuple(Alternative(*each) for each in alternatives if each[0] != _NOTHING)
    return TokenRecord(token, logprob, rank, normaliser, entropy, survivors, share, kept)


class Certainty(NamedTuple):
    """How sure the model was of a token; as in `TokenRecord`."""

    logprob: float
    rank: int
    entropy: float


def certainties(packed: bytes) -> list[Certainty]:
    """Of all records, without their alternatives: a tenth of the time of `unpack`. Raises `DamagedRecordError`."""
    count(packed)
    if any(form != _FORMAT for form in packed[::RECORD_BYTES]):
        raise _unknown_form()
    return [Certainty(*each) for each in _OUTLINE.iter_unpack(packed)]


def unpack(packed: bytes) -> tuple[TokenRecord, ...]:
    """All records. Raises `DamagedRecordError`."""
    return tuple(record_at(packed, position) for position in range(count(packed)))


def branched(packed: bytes, position: int, token_id: int) -> bytes:
    """The records up to `position`, where `token_id`, one of its alternatives, takes the token's place."""
    record = record_at(packed, position)
    rank, chosen = next((at, one) for at, one in enumerate(record.top) if one.token_id == token_id)
    taken = replace(record, token_id=token_id, logprob=chosen.logprob, rank=rank, share=chosen.share)
    return packed[: position * RECORD_BYTES] + pack(taken)


def _unknown_form() -> DamagedRecordError:
    return DamagedRecordError("The alternatives of this reply are in a form that is not known here; update Fireside.")
