"""Server: the paths, and the thread that answers them. `start` and `stop` are for whoever owns it, on any thread."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.core.settings import USUAL_PORT
from app.server import LOOPBACK
from app.server.chat import chat
from app.server.completions import complete
from app.server.desk import Desk
from app.server.embeddings import embed
from app.server.engine_link import Engine
from app.server.errors import ApiError
from app.server.exchange import EventStream, Request, Response
from app.server.gate import Gate
from app.server.http import HttpServer
from app.server.models import Models
from engine.api import FiresideError

logger = logging.getLogger(__name__)

_MODEL = "/v1/models/"


@dataclass(frozen=True)
class Answered:
    """What was answered, without any of its text; a stream has begun."""

    path: str
    status: int
    seconds: float


Answer = Callable[[Desk, Request], Awaitable[Response | EventStream]]


class ServerError(FiresideError):
    """The server cannot begin to listen."""


class Server:
    """Answers on a thread of its own between `start` and `stop`; not to be started again."""

    def __init__(
        self,
        engine: Engine,
        models: Models,
        gate: Gate,
        *,
        answered: Callable[[Answered], None] = lambda _answered: None,
    ) -> None:
        """`answered` is told of each answer, on the server's thread."""
        self._answered = answered
        self._engine, self._models, self._gate = engine, models, gate
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._ending = asyncio.Event()
        self.port = 0

    def start(self, host: str = LOOPBACK, port: int = USUAL_PORT) -> None:
        """Begin to listen; port 0: any, `port` says which. Raises `ServerError`."""
        self._loop = asyncio.new_event_loop()
        self._desk = Desk(self._engine, self._models)
        http = HttpServer(self._gate.admit, self._answer)
        try:
            listening = self._loop.run_until_complete(http.listen(host, port))
        except OSError as error:
            self._loop.close()
            raise ServerError(
                f"The server cannot listen on {host}, port {port} ({error.strerror or error}); choose another port."
            ) from error
        self.port = listening.sockets[0].getsockname()[1]
        self._listening, self._http = listening, http
        self._thread.start()

    def stop(self) -> None:
        """End every answer and stop listening; returns when it is done."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    @property
    def is_answering(self) -> bool:
        """Whether somebody has a turn at the engine."""
        return self._desk.turnstile.is_taken

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await self._ending.wait()
        self._listening.close()
        await self._http.close()

    async def _answer(self, request: Request) -> Response | EventStream:
        started, status = time.monotonic(), 200
        try:
            return await self._route(request)
        except ApiError as error:
            status = error.status
            raise
        except Exception as error:
            status = 500
            logger.exception("%s failed", request.path)
            raise ApiError(500, f"Something unexpected went wrong ({type(error).__name__}).") from error
        finally:
            self._answered(Answered(request.path, status, time.monotonic() - started))

    async def _route(self, request: Request) -> Response | EventStream:
        path = request.path
        if path == "/health":
            _check_method(request, "GET")
            return Response(b'{"status": "ok"}')
        if path == _MODEL.rstrip("/"):
            _check_method(request, "GET")
            return self._models.listed()
        if path.startswith(_MODEL):
            _check_method(request, "GET")
            return self._models.described(urllib.parse.unquote(path.removeprefix(_MODEL)))
        answer = ANSWERS.get(path)
        if answer is None:
            paths = ", ".join((_MODEL.rstrip("/"), *ANSWERS))
            raise ApiError(404, f"There is nothing at {path:.100}; here are {paths}.", code="unknown_url")
        _check_method(request, "POST")
        return await answer(self._desk, request)


ANSWERS: dict[str, Answer] = {
    "/v1/chat/completions": chat,
    "/v1/completions": complete,
    "/v1/embeddings": embed,
}


def _check_method(request: Request, method: str) -> None:
    if request.method != method:
        raise ApiError(405, f"{request.path:.100} takes {method} only.", headers={"allow": method})
