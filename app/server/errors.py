"""ApiError: an answer that says no, in the shape that OpenAI's clients read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.api import FiresideError

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


@dataclass(eq=False)
class ApiError(FiresideError):
    """`parameter` names the field that is wrong, `code` is a word for programs; `headers` go with the answer."""

    status: int
    message: str
    parameter: str | None = None
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    def body(self) -> bytes:
        """The JSON of the answer."""
        usual = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {
            "message": self.message,
            "type": _TYPES.get(self.status, usual),
            "param": self.parameter,
            "code": self.code,
        }
        return json.dumps({"error": error}).encode()
