"""HttpServer: HTTP/1.1 over h11, with a limit for everything that a client may make it wait for or hold.

Knows nothing of what is asked: `admit` looks at a request before its body is read, `handle` answers it. Both raise
`ApiError` to say no. Runs in one event loop; a client that goes away cancels its `handle`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import h11

from app.server.errors import ApiError
from app.server.exchange import EventStream, Request, Response

logger = logging.getLogger(__name__)

MOST_BODY_BYTES = 8 << 20
MOST_HEADER_BYTES = 16 << 10
MOST_CONNECTIONS = 512  # more than may wait for their turn: what is said no to needs one as well
MOST_PIPELINED_BYTES = 64 << 10  # of a next request while one is answered
HEADERS_S = 10.0  # from the first byte waited for to the last line of the headers
BODY_S = 60.0
SEND_S = 30.0  # how long a client may leave what it was sent unread
READ_BYTES = 64 << 10
SEND_BUFFER_BYTES = 256 << 10
LINGER_S = 2.0  # for what a refused client is still sending: closing before that would take the answer from it


Admit = Callable[[Request], None]
Handle = Callable[[Request], Awaitable[Response | EventStream]]


class HttpServer:
    """Answers between `listen` and `close`."""

    def __init__(self, admit: Admit, handle: Handle) -> None:
        self._admit, self._handle = admit, handle
        self._idle: dict[asyncio.Task[None], None] = {}  # connections without a whole request, the oldest first
        self._connections: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Begin to listen. Raises OSError when the port is taken."""
        return await asyncio.start_server(self._take, host, port, limit=READ_BYTES, backlog=MOST_CONNECTIONS)

    async def close(self) -> None:
        """End every connection."""
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._connections) >= MOST_CONNECTIONS:
            if not self._idle:
                writer.transport.abort()
                return
            next(iter(self._idle)).cancel()  # who has not said yet what it wants makes room
        self._connections.add(task)
        try:
            await _Connection(reader, writer, self._admit, self._handle, self._idle).run()
            writer.close()
            async with asyncio.timeout(SEND_S):
                await writer.wait_closed()
        except (OSError, TimeoutError, h11.RemoteProtocolError) as error:
            logger.debug("a connection ended: %s", type(error).__name__)
        except asyncio.CancelledError:
            pass  # to make room, or because the server closes
        finally:
            writer.transport.abort()
            self._idle.pop(task, None)
            self._connections.discard(task)


class _Connection:
    """One client's connection: requests one after the other."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        admit: Admit,
        handle: Handle,
        idle: dict[asyncio.Task[None], None],
    ) -> None:
        self._reader, self._writer = reader, writer
        self._admit, self._handle, self._idle = admit, handle, idle
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEADER_BYTES)
        self._is_head = False  # whether only the headers of an answer are wanted
        self._peer = str((writer.get_extra_info("peername") or ("",))[0])
        writer.transport.set_write_buffer_limits(high=SEND_BUFFER_BYTES)

    async def run(self) -> None:
        """Answer until the client has no more to ask. Raises OSError, TimeoutError, `h11.RemoteProtocolError`."""
        task = asyncio.current_task()
        assert task is not None
        while True:
            self._idle[task] = None
            try:
                async with asyncio.timeout(HEADERS_S):
                    event = await self._next_event()
            except h11.RemoteProtocolError as error:
                status = error.error_status_hint
                await self._refuse(ApiError(status, "This is no request that can be read as HTTP/1.1."))
                await self._linger()
                return
            if not isinstance(event, h11.Request):
                return
            try:
                request = self._head(event)
                self._admit(request)
                async with asyncio.timeout(BODY_S):
                    body = await self._body(request)
                self._idle.pop(task, None)
                await self._answer(Request(request.method, request.path, request.headers, request.peer, body))
            except ApiError as error:
                await self._refuse(error)
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                await self._linger()
                return
            self._http.start_next_cycle()

    async def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(await self._reader.read(READ_BYTES))
        return event

    def _head(self, event: h11.Request) -> Request:
        headers: dict[str, str] = {}
        for name, value in event.headers:
            headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
        self._is_head = event.method == b"HEAD"
        path = event.target.decode("latin-1").partition("?")[0]
        return Request(event.method.decode("latin-1"), path, headers, self._peer)

    async def _body(self, request: Request) -> bytes:
        length = request.headers.get("content-length", "0")
        body = bytearray()
        if int(length) > MOST_BODY_BYTES:  # h11 lets at most 20 digits through
            raise _too_large()
        while isinstance(event := await self._next_event(), h11.Data):
            body += event.data
            if len(body) > MOST_BODY_BYTES:
                raise _too_large()
        if not isinstance(event, h11.EndOfMessage):
            raise ConnectionResetError("the client left in the middle of its request")
        return bytes(body)

    async def _answer(self, request: Request) -> None:
        """Send what `handle` says; it is cancelled when the client goes away meanwhile."""
        work = asyncio.ensure_future(self._handle_and_send(request))
        leaving = asyncio.ensure_future(self._until_client_leaves())
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ConnectionResetError("the client left before it was answered")
        finally:
            for task in (work, leaving):
                task.cancel()
            await asyncio.gather(work, leaving, return_exceptions=True)
        work.result()

    async def _handle_and_send(self, request: Request) -> None:
        answer = await self._handle(request)
        if isinstance(answer, Response):
            await self._send_response(answer)
            return
        headers = [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")]
        head: tuple[h11.Event, ...] = (h11.Response(status_code=200, headers=headers, reason=b"OK"),)
        async with contextlib.aclosing(answer.pieces) as pieces:
            async for piece in pieces:  # begun before anything is sent, so that closing it ends what it waits for
                await self._send(*head, h11.Data(data=piece))
                head = ()
        await self._send(*head, h11.EndOfMessage())

    async def _until_client_leaves(self) -> None:
        held = 0
        while data := await self._reader.read(READ_BYTES):
            self._http.receive_data(data)  # a next request, which waits
            held += len(data)
            if held > MOST_PIPELINED_BYTES:
                return

    async def _send_response(self, answer: Response) -> None:
        headers = {"content-type": answer.content_type, "content-length": str(len(answer.body)), **answer.headers}
        reason = HTTPStatus(answer.status).phrase
        head = h11.Response(status_code=answer.status, headers=list(headers.items()), reason=reason.encode())
        body = () if self._is_head else (h11.Data(data=answer.body),)
        await self._send(head, *body, h11.EndOfMessage())

    async def _refuse(self, error: ApiError) -> None:
        """Say no; where the request is not read to its end, the connection closes."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        is_over = self._http.their_state is h11.DONE
        headers = dict(error.headers) if is_over else {**error.headers, "connection": "close"}
        await self._send_response(Response(error.body(), error.status, headers=headers))

    async def _linger(self) -> None:
        """Let the client read that it was refused, or that there is nothing more."""
        if self._http.their_state is h11.DONE or not self._writer.can_write_eof():
            return
        self._writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while await self._reader.read(READ_BYTES):
                    pass

    async def _send(self, *events: h11.Event) -> None:
        data = b"".join(self._http.send(event) or b"" for event in events)
        if data:
            self._writer.write(data)
            async with asyncio.timeout(SEND_S):
                await self._writer.drain()


def _too_large() -> ApiError:
    return ApiError(413, f"The request is larger than {MOST_BODY_BYTES >> 20} MB.", code="request_too_large")
