"""Proof of a reply: it is made again from its record, and the first token that differs is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

from engine.alternatives import RECORD_BYTES
from engine.api import Circumstances, Event, GenerateRequest, ReplyFinished, RequestError, TokenGenerated
from engine.inspection.api import Difference


@dataclass(frozen=True, slots=True)
class Replayed:
    """`same` tokens are the same; `is_over` when all are, or when `found` (a record, empty: the end) differs."""

    same: int
    is_over: bool
    found: bytes = b""


def replay(run: Callable[[GenerateRequest], Iterator[Event]], request: GenerateRequest) -> Iterator[Replayed]:
    """Make the reply `request.begun_ids` again, with the request's own seed; tells of every token.

    `run` gives the events of a request. Raises `RequestError` for a reply without a seed or tokens.
    """
    if request.sampler.seed is None or not request.begun_ids:
        raise RequestError("This reply cannot be made again: its record lacks the seed or the tokens.")
    same = 0
    for event in run(replace(request, begun_ids=(), cache_path=None)):
        if isinstance(event, TokenGenerated):
            if event.token_id != request.begun_ids[same]:
                yield Replayed(same, is_over=True, found=event.alternatives)
                return
            same += 1
            yield Replayed(same, is_over=same == len(request.begun_ids))
            if same == len(request.begun_ids):
                return
        elif isinstance(event, ReplyFinished):
            yield Replayed(same, is_over=True)


def differences(recorded: Circumstances, found: Circumstances) -> tuple[Difference, ...]:
    """What is not as the record says; of what it does not say nothing is told."""
    pairs = ((one.name, getattr(recorded, one.name), getattr(found, one.name)) for one in fields(Circumstances))
    return tuple(Difference(name, ours, theirs) for name, ours, theirs in pairs if ours and ours != theirs)


def record_of(alternatives: bytes, position: int) -> bytes:
    """The stored record of one token; empty where there is none."""
    return alternatives[position * RECORD_BYTES : (position + 1) * RECORD_BYTES]
