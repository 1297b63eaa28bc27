"""Turnstile: lets one request at a time through. Clients take turns; the requests of one keep their order."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.server.errors import ApiError

MOST_WAITING = 128
REMEMBERED = 0.8  # how much of the mean time of a turn is that of the turns before
LONGEST_RETRY_S = 60


class Turnstile:
    """`turn` waits until it is a client's turn. For one event loop."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()  # whose turn is next, first
        self.is_taken = False  # whether somebody has the turn
        self._last = ""  # whose turn it is, or was
        self._mean_s = 1.0

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Inside, nobody else has the turn. Raises `ApiError` 429 when too many wait already."""
        if self.is_taken:
            await self._wait(client)
        self.is_taken, self._last = True, client
        started = time.monotonic()
        try:
            yield
        finally:
            self._mean_s = REMEMBERED * self._mean_s + (1 - REMEMBERED) * (time.monotonic() - started)
            self._let_next_through()

    async def _wait(self, client: str) -> None:
        if self.waiting >= self._most_waiting:
            wait_s = min(max(math.ceil(self._mean_s), 1), LONGEST_RETRY_S)  # a place is free after the next turn
            raise ApiError(
                429,
                f"{self.waiting} requests wait already; try again later.",
                code="queue_full",
                headers={"retry-after": str(wait_s)},
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._let_next_through()  # it came too late
            else:
                self._forget(client, turn)
            raise

    def _let_next_through(self) -> None:
        """Give the turn to the client that has waited longest for one; it goes to the end of the row."""
        self.is_taken = bool(self._waiting)
        if not self._waiting:
            return
        if self._last in self._waiting:
            self._waiting.move_to_end(self._last)
        client, turns = self._waiting.popitem(last=False)
        turn = turns.popleft()
        if turns:
            self._waiting[client] = turns
        turn.set_result(None)

    def _forget(self, client: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting.get(client)
        if turns is not None and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[client]
