"""Values of foreign JSON, read without trust: one of the wrong type counts as absent, and nothing here raises."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LATEST_S = 253_402_300_799.0  # the end of the year 9999, the last that datetime can show
_FIRST_MS = 1e11  # as seconds this is the year 5138, as milliseconds 1973


def text(value: object) -> str:
    """A string, or nothing."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """A JSON array, or an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON array."""
    return [one for one in sequence(value) if isinstance(one, dict)]


def number(value: object) -> float | None:
    """A finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def count(value: object) -> int | None:
    """A whole number of zero or more."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def seconds(value: object) -> float | None:
    """A moment in seconds since 1970: from seconds, milliseconds, or ISO 8601 (without a zone: UTC)."""
    if isinstance(value, str):
        return _moment(value.strip())
    found = number(value)
    if found is None:
        return None
    if abs(found) >= _FIRST_MS:
        found /= 1000
    return found if 0 < found <= LATEST_S else None


def rest(record: Mapping[str, Any], *known: str) -> dict[str, Any]:
    """What a record says beside the keys that are known, without empty values."""
    return {key: value for key, value in record.items() if key not in known and value not in (None, "", [], {})}


def _moment(written: str) -> float | None:
    try:
        return seconds(float(written))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(written)
        return seconds((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
