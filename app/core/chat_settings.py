"""ChatSettings: what one chat says of its replies: its preset, and the values that were changed in it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.presets import Preset, encoded_preset, parse_preset
from app.core.reply_settings import Values, accepted_values


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Of the preset a copy is kept: a chat answers as it did when the preset is deleted."""

    preset: Preset | None = None
    values: Values = field(default_factory=dict)

    def with_value(self, name: str, value: Any) -> ChatSettings:  # Any: see `Values`
        """The same with a value of its own."""
        return replace(self, values={**self.values, name: value})

    def without(self, name: str) -> ChatSettings:
        """The same with that value from the layers below."""
        return replace(self, values={other: value for other, value in self.values.items() if other != name})


def encoded_chat_settings(settings: ChatSettings) -> dict[str, Any]:
    """As the store keeps them; empty when the chat says nothing of its own."""
    encoded: dict[str, Any] = {}
    if settings.preset is not None:
        encoded["preset"] = encoded_preset(settings.preset)
    if settings.values:
        encoded["values"] = dict(settings.values)
    return encoded


def parse_chat_settings(stored: Mapping[str, Any]) -> ChatSettings:
    """From what the store keeps; what is damaged is left out."""
    return ChatSettings(parse_preset(stored.get("preset")), accepted_values(stored.get("values")))
