"""Gate: who may come in. A web page must not reach the server, even one whose name leads here (DNS rebinding)."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

from app.server.errors import ApiError
from app.server.exchange import Request

OPEN_PATHS = ("/health",)  # say nothing that needs a token
_OWN_SITE = ("none", "same-origin")  # what a browser says of a page of ours; there are none


@dataclass(frozen=True)
class Gate:
    """`token` None: everybody on this machine may come in. `host_names` are its names, beside its addresses.

    An address cannot be rebound, so any is allowed as Host where the server listens on more than the loopback.
    """

    token: str | None
    is_loopback: bool = True
    host_names: Collection[str] = ()

    def admit(self, request: Request) -> None:
        """Raises `ApiError`: 403 for a web page or a foreign name, 401 without the token."""
        if not self._knows_host(request.headers.get("host", "")):
            raise ApiError(403, "This server is not known by that name; call it 127.0.0.1.", code="host_not_allowed")
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") not in _OWN_SITE:
            raise ApiError(403, "Web pages may not use this server.", code="origin_not_allowed")
        if self.token is None or request.path in OPEN_PATHS:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.token.encode()):
            raise ApiError(
                401,
                "Send the server's token as `Authorization: Bearer TOKEN`; the settings of Fireside show it.",
                code="invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )

    def _knows_host(self, host: str) -> bool:
        name = host.lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
        if name == "localhost" or name in self.host_names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self.is_loopback
