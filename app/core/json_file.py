"""A small JSON file of our own: versioned, written atomically, set aside (never overwritten) when unreadable."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.core.files import write_atomically

logger = logging.getLogger(__name__)


class JsonFile:
    """`content` is what the file held, empty when there was none; `notice` tells a person about a damaged one."""

    def __init__(self, path: Path, *, version: int, what: str) -> None:
        """`what` names the content in the notice, such as “the settings”."""
        self._path, self._version = path, version
        self.notice: str | None = None
        self.content: dict[str, Any] = {}
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            self._set_aside(what, str(error))
            return
        if not isinstance(content, dict) or content.get("version") != version:
            self._set_aside(what, "it is of another version")
            return
        self.content = content

    def write(self, content: Mapping[str, Any]) -> None:
        """Replace the content. Raises OSError; the old file stays then."""
        self.content = {"version": self._version, **content}
        write_atomically(self._path, json.dumps(self.content, ensure_ascii=False, indent=2))

    def _set_aside(self, what: str, reason: str) -> None:
        logger.warning("%s cannot be read: %s", self._path.name, reason)
        kept = self._path.with_name(f"{self._path.name}.unreadable-{int(time.time())}")
        try:
            self._path.replace(kept)
        except OSError as error:
            logger.warning("%s cannot be set aside: %s", self._path.name, error)
        self.notice = f"{what} could not be read and begin anew; the old file was kept as “{kept.name}”."
