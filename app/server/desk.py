"""Desk: what the answers to all paths share: the engine, the models, whose turn it is; and how answers stream."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from app.server.engine_link import Engine
from app.server.errors import ApiError
from app.server.exchange import EventStream, Request
from app.server.fields import Fields
from app.server.models import Models
from app.server.turnstile import Turnstile
from engine.api import ModelLoaded

logger = logging.getLogger(__name__)

DONE = b"data: [DONE]\n\n"
# Fields that change nothing of a reply here, whatever they say.
HARMLESS = ("metadata", "safety_identifier", "prompt_cache_key")
# Fields that are taken with the value that asks for nothing.
UNSUPPORTED: dict[str, Any] = {"store": False, "service_tier": "auto", "modalities": ["text"]}


@dataclass
class Desk:
    """One for each server; for its event loop alone."""

    engine: Engine
    models: Models
    turnstile: Turnstile = field(default_factory=Turnstile)

    @asynccontextmanager
    async def turn(self, client: str, model: str) -> AsyncIterator[ModelLoaded]:
        """Inside, the engine is this client's, with the model that it named. Raises `ApiError`."""
        self.models.check(model)
        async with self.turnstile.turn(client):
            yield await self.models.use(model)


def client_of(request: Request, fields: Fields) -> str:
    """Whose turn a request takes: that of the user whom it names, else that of the program."""
    user = fields.optional_text("user")
    return f"{request.peer} {request.headers.get('user-agent', '')} {user or ''}"


async def begun(pieces: AsyncGenerator[bytes, None]) -> EventStream:
    """A stream whose first piece is there: what goes wrong before it is told with a status. Raises `ApiError`."""
    first = await anext(pieces)
    return EventStream(_with_errors(first, pieces))


def sse(value: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"


async def _with_errors(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The pieces, the last of which says what went wrong, if something did."""
    try:
        yield first
        async for piece in pieces:
            yield piece
    except ApiError as error:
        yield b"data: " + error.body() + b"\n\n"
    except Exception:
        logger.exception("an answer failed while it streamed")
        yield b"data: " + ApiError(500, "Something unexpected went wrong; the log has the details.").body() + b"\n\n"
    finally:
        await pieces.aclose()
