"""Fields: what a request's JSON says, field by field. What nobody asked for is refused by name, never ignored."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Any

from app.server.errors import ApiError


class Fields:
    """The fields of an object; `where` is its name for messages. All methods raise `ApiError` 400.

    A field that is null counts as missing, as OpenAI's own service has it.
    """

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self._values = {name: value for name, value in values.items() if value is not None}
        self._where = where

    @classmethod
    def of(cls, body: bytes) -> Fields:
        """Those of a request's body."""
        try:
            values = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ApiError(400, f"The body is no JSON: {error}.", code="invalid_json") from error
        if not isinstance(values, dict):
            raise ApiError(400, "The body must be a JSON object.", code="invalid_json")
        return cls(values)

    def name(self, field: str) -> str:
        """What messages call a field."""
        return f"{self._where}.{field}" if self._where else field

    def take(self, field: str, default: Any = None) -> Any:
        """The value of a field, whatever it is."""
        return self._values.pop(field, default)

    def text(self, field: str, default: str | None = None) -> str:
        """A field that is a text; one that must be there without a default."""
        value = self._values.pop(field, default)
        if value is None:
            raise self.wrong(field, "is missing")
        if not isinstance(value, str):
            raise self.wrong(field, "must be a text")
        return value

    def optional_text(self, field: str) -> str | None:
        """A text, or None."""
        return self.text(field) if field in self._values else None

    def texts(self, field: str, *, most: int) -> tuple[str, ...]:
        """A field that is a text or an array of them, at least one."""
        value = self._values.pop(field, None)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not 0 < len(listed) <= most:
            raise self.wrong(field, f"must be a text or at most {most} of them")
        if not all(isinstance(text, str) for text in listed):
            raise self.wrong(field, "must hold texts: token ids are not taken here", code="unsupported_value")
        return tuple(listed)

    def flag(self, field: str, *, default: bool) -> bool:
        """A field that is true or false."""
        value = self._values.pop(field, default)
        if not isinstance(value, bool):
            raise self.wrong(field, "must be true or false")
        return value

    def whole(self, field: str, default: int | None, *, least: int, most: int) -> int | None:
        """A whole number in a range."""
        value = self._values.pop(field, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(field, f"must be a whole number from {least} to {most}")
        return value

    def number(self, field: str, *, least: float, most: float) -> float | None:
        """A number in a range; None when it is missing."""
        value = self._values.pop(field, None)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not least <= value <= most:
            raise self.wrong(field, f"must be a number from {least:g} to {most:g}")
        return float(value)

    def within(self, field: str) -> Fields | None:
        """The fields of a field that is an object; None when it is missing."""
        value = self._values.pop(field, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(field, "must be an object")
        return Fields(value, self.name(field))

    def listed(self, field: str) -> list[Any]:
        """A field that is an array; empty when it is missing."""
        value = self._values.pop(field, [])
        if not isinstance(value, list):
            raise self.wrong(field, "must be an array")
        return value

    def finish(self, *, unsupported: Mapping[str, Any], harmless: Collection[str] = ()) -> None:
        """Refuse what is left, but `harmless` fields, and `unsupported` ones with the value that asks for nothing."""
        for field, value in self._values.items():
            if field in harmless or (field in unsupported and value == unsupported[field]):
                continue
            raise self.wrong(field, "is not supported here", code="unsupported_parameter")

    def wrong(self, field: str, complaint: str, *, code: str = "invalid_value") -> ApiError:
        """What to raise about a field."""
        name = self.name(field)
        return ApiError(400, f"“{name:.100}” {complaint}.", parameter=name[:100], code=code)


def stream_usage(fields: Fields, *, is_streamed: bool) -> bool:
    """Whether a stream is to end with the numbers of tokens. Raises `ApiError`."""
    options = fields.within("stream_options")
    if options is None:
        return False
    if not is_streamed:
        raise fields.wrong("stream_options", "goes with “stream” only")
    wanted = options.flag("include_usage", default=False)
    options.finish(unsupported={"include_obfuscation": False})
    return wanted
