"""Walk: reads folders of strangers for one scan: bounded, cancellable, and never outside of the folder it was given.

What could not be looked at is told as sentences in `notices`; nothing is raised but `Cancelled`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST_ENTRIES = 100_000  # files and folders of one scan; 0.4 s to list
LARGEST_DESCRIPTION = 4 << 20  # bytes of a manifest, a settings file or a preset


class Cancelled(Exception):  # noqa: N818 - not an error
    """The scan is to end now."""


class Walk:
    """One scan's reading of folders."""

    def __init__(self, *, cancelled: Callable[[], bool] = lambda: False, most_entries: int = MOST_ENTRIES) -> None:
        self._cancelled, self._left, self._most = cancelled, most_entries, most_entries
        self.notices: list[str] = []

    def entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """What lies in a folder, by name; nothing where it is missing, unreadable or the scan has seen too much."""
        if self._cancelled():
            raise Cancelled
        found = []
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    if self._left <= 0:
                        self._tell(
                            f"More than {self._most} files lie in the folders that were looked at; the rest was "
                            "left out. Choose folders that hold models alone."
                        )
                        break
                    self._left -= 1
                    found.append(entry)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self._tell(f"“{folder}” cannot be looked at ({error.strerror or error}); check its permissions.")
            return []
        return sorted(found, key=lambda entry: entry.name)

    def folders(self, folder: Path) -> list[Path]:
        """The folders inside a folder; links to folders are not followed, so that no loop is walked."""
        return [Path(entry.path) for entry in self.entries(folder) if is_folder(entry)]

    def text(self, path: Path) -> str | None:
        """A small text file, without what is no UTF-8; None when it is missing, unreadable or not small."""
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST_DESCRIPTION + 1)
        except (OSError, ValueError):
            return None
        return None if len(content) > LARGEST_DESCRIPTION else content.decode("utf-8", "replace")

    def json(self, path: Path) -> dict[str, Any]:
        """A small JSON file that holds an object; empty when it does not."""
        try:
            found = json.loads(self.text(path) or "")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _tell(self, sentence: str) -> None:
        if sentence not in self.notices:
            self.notices.append(sentence)

    def refuse_link(self, path: Path) -> None:
        """Tell that a link was not followed."""
        self._tell(
            f"“{path}” is a link that leads out of its folder; it was not followed. Add the folder it leads to."
        )


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder itself: a link or a junction to one is none."""
    try:
        return entry.is_dir(follow_symlinks=False) and not getattr(os.path, "isjunction", lambda _path: False)(entry)
    except OSError:
        return False


def is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link to one that is there."""
    try:
        return entry.is_file()
    except OSError:
        return False


def leads_out(entry: os.DirEntry[str], root: Path) -> bool:
    """Whether it is a link to something outside of `root`, which is resolved already."""
    try:
        return entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a loop of links
        return True
