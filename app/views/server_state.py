"""ServerState: what the settings tell of the server for other programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerState:
    """The `address` that programs ask, None while there is no server, or the `problem`."""

    address: str | None = None
    token: str | None = None  # None: not known yet
    problem: str = ""
