"""What is asked of the server and what it answers, whatever carries them; imports nothing that serves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """`headers` by their lower-case names; the first one where a name stands twice."""

    method: str
    path: str
    headers: Mapping[str, str]
    peer: str  # its IP address
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """An answer that is ready."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EventStream:
    """An answer that goes on: server-sent events, of which each piece is one or more."""

    pieces: AsyncGenerator[bytes, None]
