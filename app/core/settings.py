"""Settings: how replies are drawn, the look and the window's place; kept as JSON, read with ranges.

To add one: a field of `Settings`, made by `app.core.stored_fields`, and a row of a settings page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.core.downloads.hub import USUAL_ENDPOINT
from app.core.json_file import JsonFile
from app.core.reply_settings import Values, accepted_values, resolve
from app.core.stored_fields import accepted, flag, named_texts, one_of, optional_text, read, text, texts, whole
from app.core.themes import THEME_NAMES
from engine.builtin_templates import TEMPLATE_NAMES

FILE_VERSION = 1
START_WITH = ("new", "last")  # chat
WIDEST = 10_000  # pixels
DEVICES = ("auto", "cpu", "cuda", "mps")
CACHE_TYPES = ("auto", "f32", "f16", "q8_0")
CHAT_TEMPLATES = ("auto", *TEMPLATE_NAMES)
LARGEST_CONTEXT = 1 << 24  # tokens
MOST_THREADS = 1024
MOST_IDLE_MIN = 7 * 24 * 60
SMALLEST_TEXT, LARGEST_TEXT = 80, 200  # percent of the usual size
USUAL_PORT, LOWEST_PORT, HIGHEST_PORT = 11535, 1024, 65535  # of the server; below them a program needs more rights
LANGUAGES = {"en": "English", "zh_CN": "简体中文"}  # as each calls itself


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """How a model is loaded, see `engine.api.LoadRequest`. None: what suits the model and the machine."""

    device: str = one_of(*DEVICES)
    threads: int | None = whole(None, smallest=1, largest=MOST_THREADS)
    context_length: int | None = whole(None, smallest=256, largest=LARGEST_CONTEXT)
    cache_type: str = one_of(*CACHE_TYPES)
    draft_path: str | None = optional_text()
    chat_template: str = one_of(*CHAT_TEMPLATES)


@dataclass(frozen=True, slots=True)
class WindowState:
    """How the window was left; `geometry` is its place as Qt's own text."""

    geometry: str = text()
    has_sidebar: bool = flag(default=True)
    has_panel: bool = flag(default=False)
    sidebar_width: int = whole(252, smallest=1, largest=WIDEST)  # pixels
    panel_width: int = whole(300, smallest=1, largest=WIDEST)
    closed_folders: tuple[str, ...] = texts()  # their ids
    open_chat: str | None = optional_text()  # its id


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person set, and how the window was left."""

    own_values: Values = field(default_factory=dict)  # for replies of every model, see `app.core.reply_settings`
    own_by_model: Mapping[str, Values] = field(default_factory=dict)  # for replies of the model at a path
    new_chat_preset: str = text()  # its id; empty: none
    load: LoadSettings = field(default_factory=LoadSettings)
    model_folders: tuple[str, ...] = texts()  # of a person's own, to be looked into
    model_sources_off: tuple[str, ...] = texts()  # keys of `app.core.discovery` sources that are not looked at
    idle_unload_min: int = whole(30, smallest=0, largest=MOST_IDLE_MIN)  # 0: never
    read_ahead: bool = flag(default=True)  # of what is being written, while the engine has nothing else to do
    allows_hub: bool = flag(default=False)  # whether the hub may be contacted at all
    hub_endpoint: str = text(USUAL_ENDPOINT)
    allows_remote: bool = flag(default=False)  # whether any remote endpoint may be contacted
    server_on: bool = flag(default=False)  # whether other programs may use the model
    server_port: int = whole(USUAL_PORT, smallest=LOWEST_PORT, largest=HIGHEST_PORT)
    server_needs_token: bool = flag(default=True)
    server_other_models: bool = flag(default=False)  # whether a program may have another model loaded
    server_log: bool = flag(default=False)  # a line for each request, without any text
    theme: str = one_of("system", *THEME_NAMES)
    text_percent: int = whole(100, smallest=SMALLEST_TEXT, largest=LARGEST_TEXT)
    language: str = one_of("system", *LANGUAGES)
    window: WindowState = field(default_factory=WindowState)
    start_with: str = one_of(*START_WITH)
    tray: bool = flag(default=False)
    notify: bool = flag(default=True)
    notify_text: bool = flag(default=False)
    told_hints: tuple[str, ...] = texts()  # those that are not told again
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
    by_model = content.get("own_by_model")
    return Settings(
        own_values=accepted_values(content["own_values"]) if "own_values" in content else _version_before(content),
        own_by_model={
            model: accepted_values(values)
            for model, values in (by_model.items() if isinstance(by_model, dict) else ())
            if isinstance(model, str)
        },
        load=read(LoadSettings, content.get("load")),
        window=read(WindowState, content.get("window")),
        **accepted(Settings, content),
    )


def _version_before(content: dict[str, Any]) -> Values:
    """What an earlier Fireside kept under `reply`, one set of values for every chat, where it is not the default."""
    reply = content.get("reply")
    reply = reply if isinstance(reply, dict) else {}
    sampler = reply.get("sampler")
    found = accepted_values({**(sampler if isinstance(sampler, dict) else {}), **reply})
    built_in = resolve({})
    return {name: value for name, value in found.items() if value != built_in.value(name)}
