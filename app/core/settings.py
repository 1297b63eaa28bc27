"""Settings: how replies are drawn, the look and the window's place; kept as JSON, read with ranges.

To add one: a field of `Settings`, made by `app.core.stored_fields`, and a row of a settings page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from app.core.json_file import JsonFile
from app.core.stored_fields import accepted, named_texts, one_of, optional_text, read, text, texts, whole
from engine.api import RequestError, SamplerSettings

FILE_VERSION = 1
DEVICES = ("auto", "cpu", "cuda", "mps")
CACHE_TYPES = ("auto", "f32", "f16", "q8_0")
LARGEST_CONTEXT = 1 << 24  # tokens
MOST_THREADS = 1024
MOST_IDLE_MIN = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """How replies are made; `max_tokens` None means up to the end of the context."""

    sampler: SamplerSettings = field(default_factory=SamplerSettings)
    max_tokens: int | None = None
    system_prompt: str = ""


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """How a model is loaded, see `engine.api.LoadRequest`. None: what suits the model and the machine."""

    device: str = one_of(*DEVICES)
    threads: int | None = whole(None, smallest=1, largest=MOST_THREADS)
    context_length: int | None = whole(None, smallest=256, largest=LARGEST_CONTEXT)
    cache_type: str = one_of(*CACHE_TYPES)
    draft_path: str | None = optional_text()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person set; `geometry` is the window's place as Qt's own text."""

    reply: ReplySettings = field(default_factory=ReplySettings)
    load: LoadSettings = field(default_factory=LoadSettings)
    model_folders: tuple[str, ...] = texts()  # of a person's own, to be looked into
    model_sources_off: tuple[str, ...] = texts()  # keys of `app.core.discovery` sources that are not looked at
    idle_unload_min: int = whole(30, smallest=0, largest=MOST_IDLE_MIN)  # 0: never
    theme: str = text("system")
    language: str = text("system")
    geometry: str = text()
    shortcuts: Mapping[str, tuple[str, ...]] = named_texts()  # the keys of actions that were given others, by id


class SettingsFile:
    """Reads settings once, writes them when they change. A damaged file is kept aside and told by `notice`."""

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path, version=FILE_VERSION, what="The settings")
        self.notice = self._file.notice
        self.settings = _parse(self._file.content)

    def write(self, settings: Settings) -> None:
        """Keep these settings. Raises OSError when they cannot be written."""
        if settings != self.settings:
            self.settings = settings
            self._file.write(asdict(settings))


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
        load=read(LoadSettings, content.get("load")),
        **accepted(Settings, content),
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
