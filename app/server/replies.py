"""Replies: what the engine makes of one choice of an answer, and what is counted over all of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from app.server.engine_link import Engine, batches
from app.server.errors import ApiError
from engine.api import Event, GenerateRequest, PrefillProgressed, ReplyFinished, StopReason, TokenGenerated


async def reply_events(
    engine: Engine, request: GenerateRequest, *, wants_tokens: bool
) -> AsyncGenerator[list[TokenGenerated | ReplyFinished], None]:
    """Tokens as they come, if they are wanted, then the end of a reply. Raises `ApiError`.

    A program that sends more than the context holds is told so: it does not see what the window shows then.
    """
    async with aclosing(batches(engine, request, wants_tokens=wants_tokens)) as found:
        async for batch in found:
            _check_whole(batch)
            told = [event for event in batch if isinstance(event, TokenGenerated | ReplyFinished)]
            if told:
                yield told


async def whole_reply(engine: Engine, request: GenerateRequest) -> ReplyFinished:
    """A reply when it is complete. Raises `ApiError`."""
    last: TokenGenerated | ReplyFinished | None = None
    async with aclosing(reply_events(engine, request, wants_tokens=False)) as found:
        async for batch in found:
            last = batch[-1]
    assert isinstance(last, ReplyFinished), "nothing comes behind it"
    return last


def finish_reason(finished: ReplyFinished) -> str:
    """Why a reply ended, in OpenAI's words."""
    is_cut = finished.stop_reason in (StopReason.MAX_TOKENS, StopReason.CONTEXT_FULL)
    return "length" if is_cut else "stop"


@dataclass
class Usage:
    """Tokens of all choices of an answer."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0

    def add(self, finished: ReplyFinished, *, is_same_prompt: bool) -> None:
        """Count a reply; where its prompt is that of the one before, it is counted once."""
        if not is_same_prompt:
            self.prompt += finished.timings.prompt_tokens
            self.cached += finished.timings.reused_tokens
        self.completion += finished.timings.generated_tokens

    def described(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }


def _check_whole(batch: list[Event]) -> None:
    for event in batch:
        if isinstance(event, PrefillProgressed) and event.dropped_messages:
            raise ApiError(
                400,
                "The messages and the room for the reply are more than the model's context holds; send less, or load "
                "the model with a longer context.",
                parameter="messages",
                code="context_length_exceeded",
            )
