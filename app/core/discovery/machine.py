"""Machine: what places of other programs depend on: the home folder, the environment and the system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """`platform` is Python's `sys.platform`: linux, darwin or win32."""

    home: Path
    variables: Mapping[str, str]
    platform: str

    @classmethod
    def here(cls) -> Machine:
        """The machine that this runs on."""
        return cls(Path.home(), dict(os.environ), sys.platform)

    def folder_in(self, variable: str) -> Path | None:
        """The folder that an environment variable names; None when it is not set."""
        value = self.variables.get(variable, "").strip()
        if not value or "\0" in value:
            return None
        return self.home / value[2:] if value.startswith(("~/", "~\\")) else Path(value)

    @property
    def cache(self) -> Path:
        """Where programs of the freedesktop kind keep caches: on every system for those that do not care."""
        return self.folder_in("XDG_CACHE_HOME") or self.home / ".cache"

    @property
    def config(self) -> Path:
        """Where programs of the freedesktop kind keep settings."""
        return self.folder_in("XDG_CONFIG_HOME") or self.home / ".config"

    @property
    def roaming(self) -> Path:
        """Where programs keep data of a person: the roaming one on Windows."""
        if self.platform == "win32":
            return self.folder_in("APPDATA") or self.home / "AppData" / "Roaming"
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        return self.folder_in("XDG_DATA_HOME") or self.home / ".local" / "share"

    @property
    def local(self) -> Path:
        """As `roaming`, but the part that stays on the machine, on Windows."""
        if self.platform == "win32":
            return self.folder_in("LOCALAPPDATA") or self.home / "AppData" / "Local"
        return self.roaming
