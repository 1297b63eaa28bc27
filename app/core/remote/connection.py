"""Connection: the one way to an endpoint. Follows no redirect, so that neither key nor message reaches another host.

A request can be given up at any moment, also while a server is silent: it runs in an event loop of the calling
thread, which looks every few milliseconds whether it is still wanted. The library is imported where it is used.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from app.core.remote.endpoints import LARGEST_CONTEXT, USUAL_PATH, host_of, is_here
from app.core.remote.errors import RemoteAnswerError, RemoteError, RemoteRefusedError, RemoteUnreachableError
from app.core.remote.refusals import refusal

if TYPE_CHECKING:
    import httpx2

for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # they log addresses and headers

CONNECT_S = 15.0
SILENCE_S = 600.0  # a long prompt is read for minutes before the first word comes
LOOK_S = 0.05  # between two looks at whether it is still wanted
LARGEST_ANSWER = 16 << 20  # bytes of JSON
LARGEST_REFUSAL = 64 << 10  # bytes of an error's page that are read

Result = TypeVar("Result")


class GivenUp(Exception):  # noqa: N818 — no error: the person thought better of it
    """The request was cancelled."""


class Connection:
    """To one endpoint; `key` is sent to it alone. To be closed, by the thread that made it."""

    def __init__(self, base_url: str, key: str | None, cancelled: Callable[[], bool]) -> None:
        """Raises `RemoteUnreachableError` when the environment names a proxy that cannot be used."""
        import httpx2

        self._base_url, self._key, self._cancelled = base_url, key, cancelled
        self.host = host_of(base_url)
        own = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._client = httpx2.AsyncClient(
                timeout=httpx2.Timeout(SILENCE_S, connect=CONNECT_S),
                follow_redirects=False,
                limits=httpx2.Limits(max_keepalive_connections=0),  # a server may close one that it kept at any time
                headers={"User-Agent": "Fireside", "Accept-Encoding": "identity", **own},  # so that nothing can swell
                trust_env=not is_here(base_url),  # what is said on this machine goes through no proxy
            )
        except (ValueError, ImportError) as error:
            raise RemoteUnreachableError(
                f"The proxy of this system cannot be used for {self.host} ({type(error).__name__}); set http_proxy "
                "and https_proxy to an http address."
            ) from error
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """End what is under way. Does not wait for a name that is still being looked up."""
        self._loop.run_until_complete(self._client.aclose())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def models(self) -> list[object]:
        """What the endpoint lists as its models. Raises `RemoteError` and `GivenUp`."""
        with self._answer("GET", "/models", None) as response:
            content = self.json(response)
        listed = content.get("data", content.get("models")) if isinstance(content, dict) else content
        if not isinstance(listed, list):
            raise RemoteAnswerError(f"{self.host} lists no models; check the address, which often ends with /v1.")
        return listed

    def context_length(self) -> int | None:
        """The tokens of the context of a llama.cpp server's only model, which it tells beside its interface.

        Raises `RemoteError` and `GivenUp`.
        """
        with self._answer("GET", "/props", None, base_url=self._base_url.removesuffix(USUAL_PATH)) as response:
            content = self.json(response)
        settings = content.get("default_generation_settings") if isinstance(content, dict) else None
        length = settings.get("n_ctx") if isinstance(settings, dict) else None
        return length if type(length) is int and 0 < length <= LARGEST_CONTEXT else None

    @contextmanager
    def ask(self, body: Mapping[str, object]) -> Iterator[httpx2.Response]:
        """The answer to a request for a chat completion, its content unread. Raises `RemoteError` and `GivenUp`."""
        with self._answer("POST", "/chat/completions", body) as response:
            yield response

    def pieces(self, response: httpx2.Response) -> Iterator[bytes]:
        """The content as it comes. Raises `RemoteUnreachableError` and `GivenUp`."""
        stream = response.aiter_raw()
        while True:
            piece = self._wait_for(_next_piece(stream))
            if piece is None:
                return
            yield piece

    def json(self, response: httpx2.Response) -> object:
        """The whole content as JSON. Raises `RemoteError` and `GivenUp`."""
        body = self._read(response, LARGEST_ANSWER)
        if len(body) > LARGEST_ANSWER:
            raise RemoteAnswerError(f"{self.host} sent an answer that is far too long; check the address.")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            what = "a web page" if _is_page(response) else "an answer that is no JSON"
            raise RemoteAnswerError(
                f"{self.host} sent {what}; check the address, which often ends with /v1."
            ) from error

    @contextmanager
    def _answer(
        self, method: str, path: str, body: Mapping[str, object] | None, *, base_url: str = ""
    ) -> Iterator[httpx2.Response]:
        request = self._client.build_request(method, (base_url or self._base_url) + path, json=body)
        response = self._wait_for(self._client.send(request, stream=True))
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise RemoteAnswerError(
                    f"{self.host} sent a packed answer, which nobody asked for; it was not opened."
                )
            if response.is_redirect:
                raise self._elsewhere(response)
            if response.status_code != 200:
                told = _json_or_none(self._read(response, LARGEST_REFUSAL))
                retry_after = response.headers.get("retry-after", "")
                raise refusal(self.host, response.status_code, told, retry_after=retry_after, key=self._key)
            yield response
        finally:
            self._loop.run_until_complete(response.aclose())

    def _read(self, response: httpx2.Response, most: int) -> bytes:
        """The content, of a longer one no more than the piece that passes `most`."""
        body = bytearray()
        for piece in self.pieces(response):
            body += piece
            if len(body) > most:
                break
        return bytes(body)

    def _elsewhere(self, response: httpx2.Response) -> RemoteError:
        import httpx2

        try:
            target = str(response.url.join(response.headers.get("location", "")))
        except httpx2.InvalidURL:
            target = ""
        return RemoteRefusedError(
            f"{self.host} leads to {host_of(target) or 'another place'}; nothing was sent there. If you trust that "
            "place, enter its own address as an endpoint."
        )

    def _wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:  # Any: what coroutines yield is asyncio's
        import httpx2

        task = self._loop.create_task(work)
        try:
            while not task.done():
                if self._cancelled():
                    raise GivenUp
                self._loop.run_until_complete(asyncio.wait({task}, timeout=LOOK_S))
            return task.result()
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, UnicodeError) as error:
            raise _unreachable(self.host, error) from error
        finally:
            if not task.done():
                task.cancel()
                self._loop.run_until_complete(asyncio.wait({task}))


async def _next_piece(stream: Any) -> bytes | None:  # Any: an async iterator of bytes that Python cannot name
    return await anext(stream, None)


def _json_or_none(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_page(response: httpx2.Response) -> bool:
    return "html" in response.headers.get("content-type", "")


def _unreachable(host: str, error: Exception) -> RemoteUnreachableError:
    import httpx2

    if isinstance(error, httpx2.ReadTimeout):
        return RemoteUnreachableError(f"{host} was silent for {SILENCE_S / 60:.0f} minutes; try again later.")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return RemoteUnreachableError(
            f"{host} has a certificate that this machine does not trust; nothing was sent. Install that of its "
            "authority, if you trust it."
        )
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return RemoteUnreachableError(
            f"{host} cannot be reached ({type(error).__name__}); check its address and the connection."
        )
    return RemoteUnreachableError(
        f"The connection to {host} was cut ({type(error).__name__}); what arrived is kept. Try again."
    )
