"""What the server asks of the engine, and how its events come into the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol

from app.server.errors import ApiError
from engine.api import (
    ContextFullError,
    Embedded,
    EmbedRequest,
    Event,
    GenerateRequest,
    LoadRequest,
    ModelLoaded,
    OutOfMemoryError,
    ReplyFinished,
    RequestError,
    RequestFailed,
    TemplateError,
    TokenGenerated,
)

_ASKED_WRONGLY = {
    RequestError.__name__: None,
    TemplateError.__name__: "template",
    ContextFullError.__name__: "context",
}
_CODES = {"template": "chat_template_error", "context": "context_length_exceeded"}
_PASSING = ("ModelReplaced", OutOfMemoryError.__name__)  # asking again may help


class Engine(Protocol):
    """`app.worker.EngineThread`, as the server knows it; all for any thread."""

    def next_request_id(self) -> int:
        """A number that no request has had."""

    def serve(self, request: GenerateRequest | EmbedRequest | LoadRequest, tell: Callable[[Event], None]) -> None:
        """Run a request beside the window's; `tell` gets its events on the engine's thread."""

    def cancel(self, request_id: int) -> None:
        """Ask a request to end."""

    def spell(self, token_ids: Sequence[int]) -> tuple[bytes, ...]:
        """The bytes of tokens."""


async def batches(
    engine: Engine, request: GenerateRequest | EmbedRequest | LoadRequest, *, wants_tokens: bool = False
) -> AsyncGenerator[list[Event], None]:
    """What the engine says of a request, as it comes, without single tokens unless they are wanted.

    The request is cancelled when nobody listens any more. Raises `ApiError`.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Event] = asyncio.Queue()

    def tell(event: Event) -> None:
        if wants_tokens or not isinstance(event, TokenGenerated):
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server was switched off
                loop.call_soon_threadsafe(arrived.put_nowait, event)

    engine.serve(request, tell)
    try:
        is_over = False
        while not is_over:
            batch = [await arrived.get()]
            while not arrived.empty():
                batch.append(arrived.get_nowait())
            last = batch[-1]
            if isinstance(last, RequestFailed):
                raise _refusal(last)
            is_over = isinstance(last, ReplyFinished | ModelLoaded) or (isinstance(last, Embedded) and last.is_last)
            yield batch
    finally:
        engine.cancel(request.request_id)


def _refusal(event: RequestFailed) -> ApiError:
    if event.kind in _ASKED_WRONGLY:
        return ApiError(400, event.message, code=_CODES.get(_ASKED_WRONGLY[event.kind] or ""))
    if event.kind in _PASSING:
        return ApiError(503, event.message, code="model_unavailable", headers={"retry-after": "1"})
    return ApiError(500, event.message, code="engine_error")
