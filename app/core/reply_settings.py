"""ReplySettings: how a reply is made, and the layers of named values that it is put together from.

A layer holds some values by name: fields of `SamplerSettings`, or of `ReplySettings` itself. What a higher layer says
counts: Fireside's own < the model's makers' < the person's, for all models or for this one < a preset's < the chat's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from engine.api import RequestError, SamplerSettings

Values = Mapping[str, Any]  # Any: a value is what its field holds


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """How replies are made; `max_tokens` None means up to the end of the context."""

    sampler: SamplerSettings = field(default_factory=SamplerSettings)
    max_tokens: int | None = None
    system_prompt: str = ""
    stop: tuple[str, ...] = ()
    json_schema: str | None = None


SAMPLER_NAMES = tuple(one.name for one in fields(SamplerSettings))
NAMES = (*SAMPLER_NAMES, *(one.name for one in fields(ReplySettings) if one.name != "sampler"))


class Layer(StrEnum):
    """Where a value may come from, the lowest first."""

    BUILT_IN = "built-in"
    MODEL = "model"
    OWN = "own"
    OWN_FOR_MODEL = "own for model"
    PRESET = "preset"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings, and the layer that each value comes from."""

    settings: ReplySettings
    origins: Mapping[str, Layer]

    def value(self, name: str) -> Any:
        """One of the values in `NAMES`."""
        return getattr(self.settings.sampler if name in SAMPLER_NAMES else self.settings, name)


def resolve(layers: Mapping[Layer, Values]) -> Resolved:
    """Put the layers together."""
    values: dict[str, Any] = {}
    origins = dict.fromkeys(NAMES, Layer.BUILT_IN)
    for layer in Layer:
        for name, value in layers.get(layer, {}).items():
            values[name], origins[name] = value, layer
    return Resolved(with_values(values), origins)


def with_values(values: Values) -> ReplySettings:
    """Settings with these values, the built-in ones elsewhere."""
    sampler = replace(SamplerSettings(), **{name: values[name] for name in SAMPLER_NAMES if name in values})
    others = {name: values[name] for name in NAMES if name in values and name not in SAMPLER_NAMES}
    return ReplySettings(sampler, **others)


def accepted_values(stored: object) -> dict[str, Any]:
    """Of what JSON holds: the values that have a known name, the right kind, and are in range."""
    if not isinstance(stored, Mapping):
        return {}
    accepted: dict[str, Any] = {}
    for name in NAMES:
        if name in stored:
            try:
                accepted[name] = _checked(name, stored[name])
            except (ValueError, TypeError, OverflowError, RequestError):
                continue
    return accepted


def _checked(name: str, value: Any) -> Any:
    """The value as its field holds it. Raises ValueError, TypeError, OverflowError or `RequestError`."""
    match name:
        case "system_prompt" if isinstance(value, str):
            return value
        case "json_schema" if value is None or isinstance(value, str):
            return value or None
        case "max_tokens" if value is None or (type(value) is int and value > 0):
            return value
        case "stop" if _are_texts(value):
            return tuple(value)
    if name not in SAMPLER_NAMES:
        raise ValueError(name)
    if name == "dry_breakers" and _are_texts(value):
        return tuple(value)
    if name == "logit_bias":
        value = tuple((token, float(bias)) for token, bias in value if type(token) is int)
        replace(SamplerSettings(), logit_bias=value)
        return value
    default = getattr(SamplerSettings(), name)
    if default is None:
        is_right = value is None or type(value) is int
    else:
        is_right = type(value) in ((int, float) if isinstance(default, float) else (int,))
    if not is_right:
        raise ValueError(name)
    kept: Any = float(value) if isinstance(default, float) else value
    replace(SamplerSettings(), **{name: kept})
    return kept


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
