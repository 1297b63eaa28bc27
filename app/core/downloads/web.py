"""Web: the one way out. Follows redirects itself, so that a token goes to the hub alone and never to another host.

The library is imported where it is used: it takes 0.3 s, and most windows never ask for the network.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.api import FiresideError

if TYPE_CHECKING:
    import httpx2

logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs addresses, and those of redirects are signed

MOST_REDIRECTS = 8
CONNECT_S = READ_S = 10.0  # closing the window waits as long for a silent server
LARGEST_ANSWER = 16 << 20  # bytes of JSON


class WebError(FiresideError):
    """The server cannot be reached, refuses, or answers with something else; `is_passing`: trying again may help."""

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class Web:
    """Requests to one endpoint; `token` is sent to its host only. To be closed."""

    def __init__(self, endpoint: str, token: str | None = None) -> None:
        """Raises `WebError` when the endpoint is no http or https address."""
        import httpx2

        self._endpoint = _parsed(endpoint)
        self._token = token
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
            follow_redirects=False,
            headers={"User-Agent": "Fireside"},
        )

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def json(self, path: str, parameters: Mapping[str, str] | None = None) -> object:
        """What the endpoint answers at `path`. Raises `WebError`."""
        address = self._endpoint.join(path).copy_merge_params(dict(parameters or {}))
        with self.stream(str(address)) as response:
            body = bytearray()
            for piece in self.pieces(response):
                body += piece
                if len(body) > LARGEST_ANSWER:
                    raise WebError(f"{self._endpoint.host} sent an answer that is far too long.")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise WebError(f"{self._endpoint.host} sent an answer that is no JSON; check the address.") from error

    def address(self, path: str) -> str:
        """The whole address of a path on the endpoint."""
        return str(self._endpoint.join(path))

    @contextmanager
    def stream(self, address: str, headers: Mapping[str, str] | None = None) -> Iterator[httpx2.Response]:
        """The answer to a GET, its body unread. Raises `WebError` for what is not 200, 206 or 416."""
        response = self._follow(_parsed(address), dict(headers or {}))
        try:
            if response.status_code not in (200, 206, 416):
                raise _refusal(response)
            yield response
        finally:
            response.close()

    def pieces(self, response: httpx2.Response) -> Iterator[bytes]:
        """The body as it comes. Raises `WebError`."""
        import httpx2

        try:
            yield from response.iter_bytes(1 << 18)
        except httpx2.HTTPError as error:
            raise _unreachable(response.url, error) from error

    def _follow(self, address: httpx2.URL, headers: dict[str, str]) -> httpx2.Response:
        import httpx2

        for _ in range(MOST_REDIRECTS):
            own = {"Authorization": f"Bearer {self._token}"} if self._token and self._is_own(address) else {}
            request = self._client.build_request("GET", address, headers=headers | own)
            try:
                response = self._client.send(request, stream=True)
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise _unreachable(address, error) from error
            if not response.is_redirect:
                return response
            response.close()
            target = address.join(response.headers.get("location", ""))
            if target.scheme not in ("https", address.scheme):
                raise WebError(f"{address.host} leads from a safe address to an unsafe one; nothing was fetched.")
            address = target
        raise WebError(f"{address.host} leads round in circles; nothing was fetched.")

    def _is_own(self, address: httpx2.URL) -> bool:
        return (address.scheme, address.host, address.port) == (
            self._endpoint.scheme,
            self._endpoint.host,
            self._endpoint.port,
        )


def _parsed(address: str) -> httpx2.URL:
    import httpx2

    try:
        parsed = httpx2.URL(address)
    except (httpx2.InvalidURL, TypeError) as error:
        raise WebError(f"“{address:.80}” is no address; it should look like https://huggingface.co.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise WebError(f"“{address:.80}” is no web address; it should look like https://huggingface.co.")
    return parsed


def _unreachable(address: httpx2.URL, error: Exception) -> WebError:
    import httpx2

    return WebError(
        f"{address.host} cannot be reached or went silent ({type(error).__name__}); check the connection.",
        is_passing=not isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL),
    )


def _refusal(response: httpx2.Response) -> WebError:
    host, code = response.url.host, response.status_code
    sentences = {
        401: f"{host} wants you to sign in: set an access token in the settings.",
        403: f"{host} does not let you have this; accept the model's licence on its page, then set an access token.",
        404: f"{host} does not know this model or file.",
        429: f"{host} asks to wait, because there were too many requests.",
    }
    sentence = sentences.get(code, f"{host} answered with the error {code}.")
    return WebError(sentence, is_passing=code == 429 or code >= 500)
