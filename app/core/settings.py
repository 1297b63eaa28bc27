"""Settings: how replies are drawn, the look and the window's place; kept as JSON, read with ranges."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from app.core.json_file import JsonFile
from engine.api import RequestError, SamplerSettings

FILE_VERSION = 1


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """How replies are made; `max_tokens` None means up to the end of the context."""

    sampler: SamplerSettings = field(default_factory=SamplerSettings)
    max_tokens: int | None = None
    system_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person set; `geometry` is the window's place as Qt's own text."""

    reply: ReplySettings = field(default_factory=ReplySettings)
    theme: str = "system"
    language: str = "system"
    geometry: str = ""


class SettingsFile:
    """Reads settings once, writes them when they change. A damaged file is kept aside and told by `notice`."""

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path, version=FILE_VERSION, what="The settings")
        self.notice = self._file.notice
        self.settings = _parse(self._file.content)

    def change(self, **changes: Any) -> None:  # the fields of Settings, checked by `replace`
        """Change fields of the settings and keep them. Raises OSError when they cannot be written."""
        changed = replace(self.settings, **changes)
        if changed != self.settings:
            self.settings = changed
            self._file.write(asdict(changed))


def _parse(content: dict[str, Any]) -> Settings:
    """Settings from a file; a value of the wrong kind or out of range falls back to its default."""
    reply = content.get("reply")
    reply = reply if isinstance(reply, dict) else {}
    max_tokens = reply.get("max_tokens")
    return Settings(
        reply=ReplySettings(
            sampler=_sampler(reply.get("sampler")),
            max_tokens=max_tokens if type(max_tokens) is int and max_tokens > 0 else None,
            system_prompt=_text(reply.get("system_prompt")),
        ),
        theme=_text(content.get("theme")) or "system",
        language=_text(content.get("language")) or "system",
        geometry=_text(content.get("geometry")),
    )


def _sampler(stored: Any) -> SamplerSettings:
    settings = SamplerSettings()
    for name, default in asdict(settings).items():
        value = stored.get(name) if isinstance(stored, dict) else None
        is_number = isinstance(value, float if isinstance(default, float) else int) or type(value) is int
        if value is None or isinstance(value, bool) or not is_number:
            continue
        try:
            settings = replace(settings, **{name: value})
        except RequestError:
            continue
    return settings


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
