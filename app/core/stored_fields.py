"""Dataclass fields that are read from JSON: each says its default, and which values it takes instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, fields
from typing import Any, TypeVar

Read = TypeVar("Read")


def one_of(*choices: str) -> Any:  # Any, here and below: what `dataclasses.field` is declared to return
    """One of these words, by default the first."""
    return _field(choices[0], lambda value: value in choices)


def whole(default: int | None, *, smallest: int, largest: int) -> Any:
    """A whole number in a range; None only where it is the default."""
    return _field(
        default,
        lambda value: (value is None and default is None) or (type(value) is int and smallest <= value <= largest),
    )


def flag(*, default: bool) -> Any:
    """True or false."""
    return _field(default, lambda value: type(value) is bool)


def text(default: str = "") -> Any:
    """Any text."""
    return _field(default, lambda value: isinstance(value, str))


def optional_text() -> Any:
    """Any text, or None, which is the default."""
    return _field(None, lambda value: value is None or isinstance(value, str))


def texts(*default: str) -> Any:
    """Any texts, as a tuple; JSON has a list for it."""
    return _field(default, _are_texts, convert=tuple)


def named_texts() -> Any:
    """Texts by name, several of each; by default none."""
    return field(
        default_factory=dict,
        metadata={
            "accepts": lambda value: isinstance(value, dict) and all(map(_are_texts, value.values())),
            "convert": lambda value: {name: tuple(items) for name, items in value.items()},
        },
    )


def accepted(kind: type[object], stored: object) -> dict[str, Any]:
    """Of what JSON holds: the fields of `kind`, made by the functions here, whose values it takes."""
    if not isinstance(stored, dict):
        return {}
    return {
        one.name: one.metadata["convert"](stored[one.name])
        for one in fields(kind)  # type: ignore[arg-type]  # what it is called with are dataclasses
        if "accepts" in one.metadata and one.name in stored and one.metadata["accepts"](stored[one.name])
    }


def read(kind: type[Read], stored: object) -> Read:
    """A `kind` of what JSON holds, with defaults for what it does not."""
    return kind(**accepted(kind, stored))


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _field(
    default: object, accepts: Callable[[Any], bool], convert: Callable[[Any], Any] = lambda value: value
) -> Any:
    return field(default=default, metadata={"accepts": accepts, "convert": convert})
